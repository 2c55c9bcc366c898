import Contracts
import JSON
import Streaming

/// An action of a scripted stage. The tests' events carry the actions, so each test reads like its own stage.
enum Act: Stored, Equatable {
  case put([Part], String)
  case drop([Part])
  /// Emits the row's text, or `-`.
  case get([Part])
  /// Emits the texts of the rows with these parts, separated by spaces.
  case list([Part])
  /// Emits the texts of all rows, row by row.
  case walk
  case say(String)
  case step(to: String, [Act])
  /// Sets a timer, in milliseconds since 1970.
  case timer(at: Int64, [Act])
  /// Stores the alarm with this number, with or without a timer. It reports when it is due.
  case alarm(Int, at: Int64?, [Act])
  /// Stores an alarm unchanged.
  case keepAlarm(Int)
  case dropAlarm(Int)
  case reject
  /// Rejects another event, with the given id, and continues.
  case rejectKept(String)

  enum Part: Stored, Equatable, ExpressibleByStringLiteral {
    case text(String)
    case instant(Int64)

    init(stringLiteral value: String) { self = .text(value) }
  }
}

/// Any number of key parts, in sequence.
struct Parts: RowKeyPart {
  let parts: [Act.Part]

  init(_ parts: [Act.Part]) { self.parts = parts }

  /// An instant cannot be distinguished from a text.
  init?(taking bytes: inout ArraySlice<UInt8>) { return nil }

  func append(to bytes: inout [UInt8]) {
    for part in parts {
      switch part {
      case .text(let text): bytes += Array(text.utf8) + [0]
      case .instant(let milliseconds): Instant(milliseconds: milliseconds).append(to: &bytes)
      }
    }
  }
}

/// The actions for an instant, one row each.
struct Bell: Timed {
  var timer: Timer?
  var acts: [Act] = []

  static let table = Table<Int, Bell>("bell")
  private static let count = Table<NoKey, Int>("bells")

  static func set<S>(at milliseconds: Int64, _ context: Context<S>, _ acts: [Act] = []) {
    let number = (context[count] ?? 0) + 1
    context[count] = number
    context[table, number] = Bell(timer: Timer(at: Instant(milliseconds: milliseconds)), acts: acts)
  }
}

/// An external event, identified by its own id if it has one, else by source and id.
struct Reported: Message {
  static let type = "toy.told.v1"
  static let topic = Topic.requests
  var instant: Instant { at }
  var businessID: String? { id }

  var key: String
  var id: String?
  var at: Instant
  var acts: [Act]
}

/// An external event whose repeats the stage recognises by body.
struct Registered: Message {
  static let type = "toy.registered.v1"
  static let topic = Topic.accounts
  var instant: Instant { at }

  var key: String
  var at: Instant
  var name: String
}

/// An internal message.
struct Handed: Message {
  static let type = "toy.handed"
  static let topic = Topic.claims
  var instant: Instant { at }

  var key: String
  var at: Instant
  var acts: [Act]
}

/// A notice.
struct Said: Message {
  static let type = "toy.said.v1"
  static let topic = Topic.discounts
  var instant: Instant { at }

  var key: String
  var at: Instant
  var text: String
}

/// A notice on another topic.
struct Echoed: Message {
  static let type = "toy.echoed.v1"
  static let topic = Topic.rewards
  var instant: Instant { at }

  var key: String
  var at: Instant
  var text: String
}

/// Executes the actions of its events.
struct Script: Stage {
  static let name = "script"

  static let reads: [Reads<Script>] = [
    .on(Script.reported), .on(Script.handed), .on(Script.registered, repeats: .rememberedByBody),
  ]
  static let timers: [Timers<Script>] = [.on(Bell.table, Script.rang), .on(Script.alarms, Script.alarmed)]
  static let writes: [any Message.Type] = [Said.self, Handed.self]

  static let rows = Table<Parts, String>("row")
  static let others = Table<NoKey, String>("row-of-another-table")
  static let alarms = Table<Int, Bell>("alarm", watched: { $0.timer == nil ? ["alarms"] : ["alarms", "set-alarms"] })

  func program(_ id: ProgramID) -> ProgramID? { id }

  private func reported(_ reported: Reported, _ context: Context<Script>) throws(Rejection) {
    try perform(reported.acts, at: reported.at, context)
  }
  private func handed(_ handed: Handed, _ context: Context<Script>) throws(Rejection) {
    try perform(handed.acts, at: handed.at, context)
  }

  private func registered(_ registered: Registered, _ context: Context<Script>) {
    say("registered \(registered.name)", at: registered.at, context)
  }

  private func rang(_ number: Int, _ bell: Bell, _ instant: Instant, _ context: Context<Script>) throws(Rejection) {
    context[Bell.table, number] = nil
    try perform(bell.acts, at: instant, context)
  }

  private func alarmed(_ number: Int, _ alarm: Bell, _ instant: Instant, _ context: Context<Script>) throws(Rejection) {
    let isOver = alarm.timer == nil && context[Self.alarms, number]?.timer == nil
    say("alarm \(number)\(isOver ? "" : " is still set")", at: instant, context)
    try perform(alarm.acts, at: instant, context)
  }

  private func perform(_ acts: [Act], at instant: Instant, _ context: Context<Script>) throws(Rejection) {
    for act in acts {
      switch act {
      case .put(let parts, let text):
        context[Self.rows, Parts(parts)] = text
        context[Self.others] = "not to be listed"
      case .drop(let parts): context[Self.rows, Parts(parts)] = nil
      case .get(let parts): say(context[Self.rows, Parts(parts)] ?? "-", at: instant, context)
      case .list(let parts): say(context.all(Self.rows, under: Parts(parts)).joined(separator: " "), at: instant, context)
      case .walk:
        var texts: [String] = []
        context.forEach(Self.rows) { texts.append($0) }
        say(texts.joined(separator: " "), at: instant, context)
      case .say(let text): say(text, at: instant, context)
      case .step(let key, let acts): context.emit(Handed(key: key, at: instant, acts: acts))
      case .timer(let due, let acts): Bell.set(at: due, context, acts)
      case .alarm(let number, let due, let acts):
        context[Self.alarms, number] = Bell(timer: due.map { Timer(at: Instant(milliseconds: $0)) }, acts: acts)
      case .keepAlarm(let number): context[Self.alarms, number] = context[Self.alarms, number]
      case .dropAlarm(let number): context[Self.alarms, number] = nil
      case .reject: throw Rejection(.overflow, "as told")
      case .rejectKept(let id):
        context.reject(Reported(key: context.key, id: id, at: instant, acts: []), Rejection(.overflow, "kept \(id)"))
      }
    }
  }

  private func say(_ text: String, at instant: Instant, _ context: Context<Script>) {
    context.emit(Said(key: context.key, at: instant, text: text))
  }
}

/// Reads the script's notices and one of its inputs, and emits them again on its own topic.
struct Echo: Stage {
  static let name = "echo"

  static let reads: [Reads<Echo>] = [.on(Echo.said), .on(Echo.reported)]
  static let timers: [Timers<Echo>] = [.on(Bell.table, Echo.rang)]
  static let writes: [any Message.Type] = [Echoed.self]

  func program(_ id: ProgramID) -> ProgramID? { id }

  private func said(_ said: Said, _ context: Context<Echo>) {
    context.emit(Echoed(key: said.key, at: said.at, text: "echo of \(said.text)"))
  }

  private func reported(_ reported: Reported, _ context: Context<Echo>) throws(Rejection) {
    if reported.acts.contains(.reject) { throw Rejection(.overflow, "as told") }
    for case .timer(let due, _) in reported.acts { Bell.set(at: due, context) }
  }

  private func rang(_ number: Int, _ bell: Bell, _ instant: Instant, _ context: Context<Echo>) {
    context[Bell.table, number] = nil
    context.emit(Echoed(key: context.key, at: instant, text: "echo of a timer"))
  }
}

/// Remembers processed events in its own rows, and reports the events that it accepts.
struct Diary: Stage {
  static let name = "diary"

  static let reads: [Reads<Diary>] = [.on(Diary.reported, repeats: .rememberedByStage)]
  static let writes: [any Message.Type] = [Said.self]

  private static let memories = Table<Parts, Memory>("memory")

  func program(_ id: ProgramID) -> ProgramID? { id }

  private func reported(_ reported: Reported, _ context: Context<Diary>) throws(Rejection) {
    let id = Parts([.text(reported.id ?? "-")])
    guard try !context.isRepeat(of: context[Self.memories, id]) else { return }
    context[Self.memories, id] = context.memory
    if reported.acts.contains(.reject) { throw Rejection(.overflow, "as told") }
    context.emit(Said(key: context.key, at: reported.at, text: "took \(reported.id ?? "-")"))
  }
}

/// Reads real payments, whose amounts can overflow.
struct Payments: Stage {
  static let name = "payments"

  static let reads: [Reads<Payments>] = [.on(Payments.paid), .on(Payments.updated)]
  static let writes: [any Message.Type] = [Said.self]

  func program(_ id: ProgramID) -> ProgramID? { id }

  private func paid(_ payment: PaymentSettled, _ context: Context<Payments>) throws(Rejection) {
    var sum: Int64 = 0
    for line in payment.lines {
      let (next, overflow) = sum.addingReportingOverflow(line.amount)
      guard !overflow else { throw Rejection(.overflow, "the lines of \(payment.payment)") }
      sum = next
    }
    context.emit(Said(key: context.key, at: payment.paidAt, text: "paid \(sum)"))
  }

  private func updated(_ update: AccountUpdated, _ context: Context<Payments>) {
    context.emit(Said(key: context.key, at: update.updatedAt, text: "plan \(update.plan ?? "-")"))
  }
}
