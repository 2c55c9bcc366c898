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
  case refuse
  /// Rejects another event, with the given id, and continues.
  case refuseKept(String)

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

  static func set<S>(at milliseconds: Int64, _ turn: Turn<S>, _ acts: [Act] = []) {
    let number = (turn[count] ?? 0) + 1
    turn[count] = number
    turn[table, number] = Bell(timer: Timer(at: Instant(milliseconds: milliseconds)), acts: acts)
  }
}

/// An external event, identified by its own id if it has one, else by source and id.
struct Told: Message {
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
    .on(Script.told), .on(Script.handed), .on(Script.registered, repeats: .rememberedByBody),
  ]
  static let timers: [Timers<Script>] = [.on(Bell.table, Script.rang), .on(Script.alarms, Script.alarmed)]
  static let writes: [any Message.Type] = [Said.self, Handed.self]

  static let rows = Table<Parts, String>("row")
  static let others = Table<NoKey, String>("row-of-another-table")
  static let alarms = Table<Int, Bell>("alarm", watched: { $0.timer == nil ? ["alarms"] : ["alarms", "set-alarms"] })

  func program(_ id: ProgramID) -> ProgramID? { id }

  private func told(_ told: Told, _ turn: Turn<Script>) throws(Rejection) { try perform(told.acts, at: told.at, turn) }
  private func handed(_ handed: Handed, _ turn: Turn<Script>) throws(Rejection) { try perform(handed.acts, at: handed.at, turn) }

  private func registered(_ registered: Registered, _ turn: Turn<Script>) {
    say("registered \(registered.name)", at: registered.at, turn)
  }

  private func rang(_ number: Int, _ bell: Bell, _ instant: Instant, _ turn: Turn<Script>) throws(Rejection) {
    turn[Bell.table, number] = nil
    try perform(bell.acts, at: instant, turn)
  }

  private func alarmed(_ number: Int, _ alarm: Bell, _ instant: Instant, _ turn: Turn<Script>) throws(Rejection) {
    let isOver = alarm.timer == nil && turn[Self.alarms, number]?.timer == nil
    say("alarm \(number)\(isOver ? "" : " is still set")", at: instant, turn)
    try perform(alarm.acts, at: instant, turn)
  }

  private func perform(_ acts: [Act], at instant: Instant, _ turn: Turn<Script>) throws(Rejection) {
    for act in acts {
      switch act {
      case .put(let parts, let text):
        turn[Self.rows, Parts(parts)] = text
        turn[Self.others] = "not to be listed"
      case .drop(let parts): turn[Self.rows, Parts(parts)] = nil
      case .get(let parts): say(turn[Self.rows, Parts(parts)] ?? "-", at: instant, turn)
      case .list(let parts): say(turn.all(Self.rows, under: Parts(parts)).joined(separator: " "), at: instant, turn)
      case .walk:
        var texts: [String] = []
        turn.forEach(Self.rows) { texts.append($0) }
        say(texts.joined(separator: " "), at: instant, turn)
      case .say(let text): say(text, at: instant, turn)
      case .step(let key, let acts): turn.emit(Handed(key: key, at: instant, acts: acts))
      case .timer(let due, let acts): Bell.set(at: due, turn, acts)
      case .alarm(let number, let due, let acts):
        turn[Self.alarms, number] = Bell(timer: due.map { Timer(at: Instant(milliseconds: $0)) }, acts: acts)
      case .keepAlarm(let number): turn[Self.alarms, number] = turn[Self.alarms, number]
      case .dropAlarm(let number): turn[Self.alarms, number] = nil
      case .refuse: throw Rejection(.overflow, "as told")
      case .refuseKept(let id):
        turn.refuse(Told(key: turn.key, id: id, at: instant, acts: []), Rejection(.overflow, "kept \(id)"))
      }
    }
  }

  private func say(_ text: String, at instant: Instant, _ turn: Turn<Script>) {
    turn.emit(Said(key: turn.key, at: instant, text: text))
  }
}

/// Reads the script's notices and one of its inputs, and emits them again on its own topic.
struct Echo: Stage {
  static let name = "echo"

  static let reads: [Reads<Echo>] = [.on(Echo.said), .on(Echo.told)]
  static let timers: [Timers<Echo>] = [.on(Bell.table, Echo.rang)]
  static let writes: [any Message.Type] = [Echoed.self]

  func program(_ id: ProgramID) -> ProgramID? { id }

  private func said(_ said: Said, _ turn: Turn<Echo>) {
    turn.emit(Echoed(key: said.key, at: said.at, text: "echo of \(said.text)"))
  }

  private func told(_ told: Told, _ turn: Turn<Echo>) throws(Rejection) {
    if told.acts.contains(.refuse) { throw Rejection(.overflow, "as told") }
    for case .timer(let due, _) in told.acts { Bell.set(at: due, turn) }
  }

  private func rang(_ number: Int, _ bell: Bell, _ instant: Instant, _ turn: Turn<Echo>) {
    turn[Bell.table, number] = nil
    turn.emit(Echoed(key: turn.key, at: instant, text: "echo of a timer"))
  }
}

/// Remembers processed events in its own rows, and reports the events that it accepts.
struct Diary: Stage {
  static let name = "diary"

  static let reads: [Reads<Diary>] = [.on(Diary.told, repeats: .rememberedByStage)]
  static let writes: [any Message.Type] = [Said.self]

  private static let memories = Table<Parts, Memory>("memory")

  func program(_ id: ProgramID) -> ProgramID? { id }

  private func told(_ told: Told, _ turn: Turn<Diary>) throws(Rejection) {
    let id = Parts([.text(told.id ?? "-")])
    guard try !turn.isRepeat(of: turn[Self.memories, id]) else { return }
    turn[Self.memories, id] = turn.memory
    if told.acts.contains(.refuse) { throw Rejection(.overflow, "as told") }
    turn.emit(Said(key: turn.key, at: told.at, text: "took \(told.id ?? "-")"))
  }
}

/// Reads real payments, whose amounts can overflow.
struct Payments: Stage {
  static let name = "payments"

  static let reads: [Reads<Payments>] = [.on(Payments.paid), .on(Payments.updated)]
  static let writes: [any Message.Type] = [Said.self]

  func program(_ id: ProgramID) -> ProgramID? { id }

  private func paid(_ payment: PaymentSettled, _ turn: Turn<Payments>) throws(Rejection) {
    var sum: Int64 = 0
    for line in payment.lines {
      let (next, overflow) = sum.addingReportingOverflow(line.amount)
      guard !overflow else { throw Rejection(.overflow, "the lines of \(payment.payment)") }
      sum = next
    }
    turn.emit(Said(key: turn.key, at: payment.paidAt, text: "paid \(sum)"))
  }

  private func updated(_ update: AccountUpdated, _ turn: Turn<Payments>) {
    turn.emit(Said(key: turn.key, at: update.updatedAt, text: "plan \(update.plan ?? "-")"))
  }
}
