import Contracts
import JSON

/// A stage without its types, as a task runs it.
public struct AnyStage: Sendable {
  public let name: String
  /// What the stage reads.
  public let reads: [(type: String, topic: Topic)]

  /// Decodes an event of a type that the stage reads; nil: it does not read that type from that topic.
  let decode: @Sendable (_ type: String, _ topic: Topic, JSONDocument) throws(JSONError) -> Step?
  /// Runs a due timer of the stage.
  let fire: @Sendable (TimerRow, _ at: Instant, StageTask) throws -> Void

  public init<S: Stage>(_ stage: S) {
    name = S.name
    reads = S.accepts.map { ($0.type, $0.topic) }
    let byType = Dictionary(S.accepts.map { ($0.type, $0) }, uniquingKeysWith: { first, _ in first })
    decode = { type, topic, document throws(JSONError) in
      // A record that was put on its right partition again comes from the service's own topic.
      guard let accepted = byType[type], accepted.topic == topic || topic.isRekeyed else { return nil }
      let decoded = try accepted.decode(document)
      let repeats: Step.Repeats =
        switch accepted.repeats {
        case .remembered: .remembered
        case .rememberedByBody: .rememberedByBody
        case .harmless: .harmless
        }
      return Step(stage: S.name, message: decoded.message, repeats: repeats) { envelope, program, task throws(Refusal) in
        let message = decoded.message
        let turn = Turn<S>(program: program, key: message.key, cause: envelope.rootCause(of: topic), rows: task.rows)
        try stage.handle(decoded.input, turn)
        try task.finish(turn, origin: envelope.origin(of: message, on: topic))
      }
    }
    fire = { row, instant, task in
      let due = try task.parser.decode(S.Due.self, from: Array(row.due.utf8))
      let turn = Turn<S>(program: row.program, key: row.key, cause: row.cause, rows: task.rows)
      try stage.fire(due, at: instant, turn)
      try task.finish(turn, origin: row.origin)
    }
  }
}

/// One stage's part in one event.
struct Step {
  enum Repeats { case remembered, rememberedByBody, harmless }

  let stage: String
  let message: any Message
  let repeats: Repeats
  let run: (Envelope, ProgramID, StageTask) throws(Refusal) -> Void
}

/// A timer as it is stored.
struct TimerRow: Codable, Sendable {
  let stage: String
  let program: ProgramID
  let key: String
  /// The stage's own `Due`, as JSON.
  let due: String
  let cause: String
  /// What the ids of its outputs are derived from.
  let origin: String
}

extension Topic {
  /// A service's own topic for records that arrived on a wrong partition.
  var isRekeyed: Bool { name.hasSuffix(".rekeyed") }
}

extension Envelope {
  /// The event from outside, or the public notice, that a record goes back to: internal steps hand on theirs.
  func rootCause(of topic: Topic) -> String {
    topic.kind == .internalStep ? causationID ?? id : id
  }

  /// What the ids of an event's outputs are derived from: for events from outside the business key, so that a second delivery under
  /// another envelope gives the same ids; for Laurel's own records their id, which was derived in the same way.
  func origin(of message: any Message, on topic: Topic) -> String {
    guard topic.kind == .input || topic.isRekeyed, let businessID = message.businessID else { return "\(source)\u{1f}\(id)" }
    return "\(type)\u{1f}\(message.key)\u{1f}\(businessID)"
  }
}
