import Contracts
import JSON

/// A stage without its types, as a task runs it.
public struct AnyStage: Sendable {
  public let name: String
  /// What the stage reads.
  public let reads: [(type: String, topic: Topic)]

  /// Decodes an event of a type that the stage reads; nil: it does not read that type from that topic.
  let decode: @Sendable (_ type: String, _ topic: Topic, JSONValue) throws(JSONError) -> Step?
  /// Runs a due timer of the stage.
  let fire: @Sendable (TimerRow, _ at: Instant, StageTask) throws -> Void

  public init<S: Stage>(_ stage: S) {
    name = S.name
    reads = S.accepts.map { ($0.type, $0.topic) }
    let byType = Dictionary(S.accepts.map { ($0.type, $0) }, uniquingKeysWith: { first, _ in first })
    decode = { type, topic, json throws(JSONError) in
      // A record that was put on its right partition again comes from the service's own topic.
      guard let accepted = byType[type], accepted.topic == topic || topic.isRepartitioned else { return nil }
      let decoded = try accepted.decode(json)
      let repeats: Step.Repeats =
        switch accepted.repeats {
        case .remembered: .remembered
        case .rememberedByBody: .rememberedByBody
        case .harmless: .harmless
        }
      return Step(stage: S.name, message: decoded.message, topic: accepted.topic, repeats: repeats) {
        envelope, program, origin, task throws(Rejection) in
        let cause = envelope.rootCause(of: accepted.topic)
        let turn = Turn<S>(
          program: program, key: decoded.message.key, cause: cause, traceparent: envelope.traceparent, rows: task.rows)
        try stage.handle(decoded.input, turn)
        try task.finish(turn, origin: origin)
      }
    }
    fire = { row, instant, task in
      let due = try task.parser.decode(S.Due.self, from: Array(row.due.utf8))
      let turn = Turn<S>(program: row.program, key: row.key, cause: row.cause, traceparent: nil, rows: task.rows)
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
  /// The topic of its type, also if it came by way of the re-keyed one.
  let topic: Topic
  let repeats: Repeats
  /// `origin`: what the ids of its outputs are derived from.
  let run: (Envelope, ProgramID, _ origin: String, StageTask) throws(Rejection) -> Void

  /// What tells this event from others of its type and key (DECISIONS R3). The ids of what it causes are derived from it, so that a
  /// second delivery of an event from outside under another envelope gives the same ids; Laurel's own records have ids that were
  /// derived in this way.
  ///
  /// - Parameter body: a fingerprint of the known fields.
  func identity(_ envelope: Envelope, body: UInt64?) -> String {
    if repeats == .rememberedByBody, let body { return Self.identity(ofBody: body) }
    if topic.kind == .input || repeats == .remembered, let businessID = message.businessID { return businessID }
    return Self.identity(of: envelope)
  }

  static func identity(ofBody body: UInt64) -> String { String(body, radix: 16) }

  /// With the length, because a source may be any text: two pairs never give one identity, and none is a business id.
  static func identity(of envelope: Envelope) -> String {
    "\(envelope.source.utf8.count)\u{1f}\(envelope.source)\u{1f}\(envelope.id)"
  }
}

/// A timer as it is stored.
struct TimerRow: Stored {
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
  /// A service's own topic for records that arrived on a wrong partition, or that an operator sends to it again.
  public var isRepartitioned: Bool { name.hasSuffix(".rekeyed") }

  /// Laurel alone writes it.
  var isOwn: Bool {
    switch kind {
    case .notices, .internal, .changelog, .deadLetters: !isRepartitioned
    case .input, .clock: false
    }
  }
}

extension Envelope {
  /// The event from outside, or the public notice, that a record goes back to: internal steps hand on theirs.
  func rootCause(of topic: Topic) -> String {
    topic.kind == .internal ? causationID ?? id : id
  }
}
