import Contracts
import JSON
import Streaming

/// What a scripted stage is to do: the tests' events carry it, so that each test reads as its own stage.
enum Act: Stored, Equatable {
  case put([Part], String)
  case drop([Part])
  /// Says the row's text, or `-`.
  case get([Part])
  /// Says the texts of the rows under these parts, with spaces between.
  case list([Part])
  /// The same, row by row.
  case walk([Part])
  /// Says whether a `Told` of this id has been taken.
  case askWhetherTaken(String)
  case say(String)
  case step(to: String, [Act])
  /// At milliseconds since 1970.
  case timer(at: Int64, [Act])
  case refuse
  /// Refuses another event, of the given id, and goes on.
  case refuseKept(String)

  enum Part: Stored, Equatable, ExpressibleByStringLiteral {
    case text(String)
    case instant(Int64)

    init(stringLiteral value: String) { self = .text(value) }

    var row: RowPart {
      switch self {
      case .text(let text): .text(text)
      case .instant(let milliseconds): .instant(Instant(milliseconds: milliseconds))
      }
    }
  }
}

/// From outside; known by its own id if it has one, else by source and id.
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

/// From outside; a stage that reads it knows repeats by body.
struct Registered: Message {
  static let type = "toy.registered.v1"
  static let topic = Topic.accounts
  var instant: Instant { at }

  var key: String
  var at: Instant
  var name: String
}

/// From one stage to another.
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

/// Does what its events say.
struct Script: Stage {
  static let name = "script"

  enum Input: Sendable {
    case told(Told)
    case handed(Handed)
    case registered(Registered)
  }

  enum Output: StageOutput {
    case said(Said)
    case handed(Handed)

    var message: any Message {
      switch self {
      case .said(let message): message
      case .handed(let message): message
      }
    }
  }

  typealias Due = [Act]

  static let accepts: [Accepts<Input>] = [
    .on(Input.told), .on(Input.handed), .on(Input.registered, repeats: .rememberedByBody),
  ]

  static let rows = Table<String>("row")
  static let others = Table<String>("row-of-another-table")

  func handle(_ input: Input, _ turn: Turn<Script>) throws(Rejection) {
    switch input {
    case .told(let told): try perform(told.acts, at: told.at, turn)
    case .handed(let handed): try perform(handed.acts, at: handed.at, turn)
    case .registered(let registered): say("registered \(registered.name)", at: registered.at, turn)
    }
  }

  func fire(_ due: [Act], at instant: Instant, _ turn: Turn<Script>) throws(Rejection) {
    try perform(due, at: instant, turn)
  }

  private func perform(_ acts: [Act], at instant: Instant, _ turn: Turn<Script>) throws(Rejection) {
    for act in acts {
      switch act {
      case .put(let parts, let text):
        set(parts, text, turn)
        turn[Self.others] = "not to be listed"
      case .drop(let parts): set(parts, nil, turn)
      case .get(let parts): say(row(parts, turn) ?? "-", at: instant, turn)
      case .list(let parts): say(list(parts, turn).joined(separator: " "), at: instant, turn)
      case .walk(let parts):
        var texts: [String] = []
        if parts.isEmpty {
          turn.forEach(Self.rows) { texts.append($0) }
        } else {
          turn.forEach(Self.rows, parts[0].row) { texts.append($0) }
        }
        say(texts.joined(separator: " "), at: instant, turn)
      case .askWhetherTaken(let id): say(turn.hasTaken(Told.self, id) ? "taken" : "new", at: instant, turn)
      case .say(let text): say(text, at: instant, turn)
      case .step(let key, let acts): turn.emit(.handed(Handed(key: key, at: instant, acts: acts)))
      case .timer(let due, let acts): turn.setTimer(at: Instant(milliseconds: due), acts)
      case .refuse: throw Rejection(.overflow, "as told")
      case .refuseKept(let id):
        turn.refuse(Told(key: turn.key, id: id, at: instant, acts: []), Rejection(.overflow, "kept \(id)"))
      }
    }
  }

  private func say(_ text: String, at instant: Instant, _ turn: Turn<Script>) {
    turn.emit(.said(Said(key: turn.key, at: instant, text: text)))
  }

  // A subscript with a variable number of parts takes no array.
  private func row(_ parts: [Act.Part], _ turn: Turn<Script>) -> String? {
    switch parts.count {
    case 0: turn[Self.rows]
    case 1: turn[Self.rows, parts[0].row]
    default: turn[Self.rows, parts[0].row, parts[1].row]
    }
  }

  private func set(_ parts: [Act.Part], _ text: String?, _ turn: Turn<Script>) {
    switch parts.count {
    case 0: turn[Self.rows] = text
    case 1: turn[Self.rows, parts[0].row] = text
    default: turn[Self.rows, parts[0].row, parts[1].row] = text
    }
  }

  private func list(_ parts: [Act.Part], _ turn: Turn<Script>) -> [String] {
    parts.isEmpty ? turn.all(Self.rows) : turn.all(Self.rows, parts[0].row)
  }
}

/// Reads the script's notices and one of its inputs, and says them again on a topic of its own.
struct Echo: Stage {
  static let name = "echo"

  enum Input: Sendable {
    case said(Said)
    case told(Told)
  }

  struct Output: StageOutput {
    let echoed: Echoed
    var message: any Message { echoed }
  }

  static let accepts: [Accepts<Input>] = [.on(Input.said), .on(Input.told)]

  func handle(_ input: Input, _ turn: Turn<Echo>) throws(Rejection) {
    switch input {
    case .said(let said):
      turn.emit(Output(echoed: Echoed(key: said.key, at: said.at, text: "echo of \(said.text)")))
    case .told(let told):
      if told.acts.contains(.refuse) { throw Rejection(.overflow, "as told") }
      for case .timer(let due, _) in told.acts { turn.setTimer(at: Instant(milliseconds: due), "echo") }
    }
  }

  func fire(_ due: String, at instant: Instant, _ turn: Turn<Echo>) {
    turn.emit(Output(echoed: Echoed(key: turn.key, at: instant, text: "\(due) of a timer")))
  }
}

/// Reads real payments, whose amounts can overflow.
struct Payments: Stage {
  static let name = "payments"

  enum Input: Sendable {
    case paid(PaymentSettled)
    case updated(AccountUpdated)
  }

  struct Output: StageOutput {
    let said: Said
    var message: any Message { said }
  }

  static let accepts: [Accepts<Input>] = [.on(Input.paid), .on(Input.updated)]

  func handle(_ input: Input, _ turn: Turn<Payments>) throws(Rejection) {
    switch input {
    case .paid(let payment):
      var sum: Int64 = 0
      for line in payment.lines {
        let (next, overflow) = sum.addingReportingOverflow(line.amount)
        guard !overflow else { throw Rejection(.overflow, "the lines of \(payment.payment)") }
        sum = next
      }
      turn.emit(Output(said: Said(key: turn.key, at: payment.paidAt, text: "paid \(sum)")))
    case .updated(let update):
      turn.emit(Output(said: Said(key: turn.key, at: update.updatedAt, text: "plan \(update.plan ?? "-")")))
    }
  }

  func fire(_ due: NoTimer, at instant: Instant, _ turn: Turn<Payments>) {}
}
