import Contracts
import JSON

/// A pure, keyed step: `(event, state of this key, due timers) → (new state, outputs, timers)`.
///
/// A stage has no I/O, no clock and no randomness; two drivers run the same stages: the worker (Kafka, exactly once) and the simulation
/// (in memory). All that a stage may read and change is in the `Turn` it is given, which is bound to one program and one key.
public protocol Stage: Sendable {
  /// The types that this stage reads, one case each.
  associatedtype Input: Sendable
  /// The types that this stage writes, one case each.
  associatedtype Output: StageOutput
  /// What a timer of this stage says when it is due.
  associatedtype Due: JSONCodable & Sendable

  /// Unique within its service; part of the keys of its state, so it never changes.
  static var name: String { get }
  static var accepts: [Accepts<Input>] { get }

  /// Takes one event of the turn's key. A rejection undoes all that the turn has done and dead-letters the event.
  func handle(_ input: Input, _ turn: Turn<Self>) throws(Rejection)
  /// A timer is due. It fires at most once; what it emits is stamped with `instant`, not with the time at which it happened to run.
  func fire(_ due: Due, at instant: Instant, _ turn: Turn<Self>) throws(Rejection)
}

/// What a stage writes: an enum with one case a type.
public protocol StageOutput: Sendable {
  var message: any Message { get }
}

/// No timers: for stages that set none.
public enum NoTimer: JSONCodable, Sendable {
  public init(json: JSONValue) throws(JSONError) { throw json.error("this stage sets no timers") }

  public func write(to json: inout JSONWriter) {}
}

/// One type of message that a stage reads, and how repeats of it are recognised.
public struct Accepts<Input: Sendable>: Sendable {
  /// How a second delivery of the same event is told from a new event (DECISIONS R3).
  public enum Repeats: Sendable {
    /// By business key, or by source and id where the type has none; the driver remembers it. For events from outside.
    case remembered
    /// By body: only an equal body is a repeat; what another body means is the stage's to say (DECISIONS R4).
    case rememberedByBody
    /// Never asked: Laurel's own records arrive exactly once, or the stage takes a repeat without harm.
    case harmless
  }

  public let type: String
  public let topic: Topic
  let repeats: Repeats
  let decode: @Sendable (JSONValue) throws(JSONError) -> Decoded

  struct Decoded {
    let input: Input
    let message: any Message
  }

  /// `.on(Input.payment)`: the message type and its topic come from the case.
  public static func on<M: Message>(_ wrap: @escaping @Sendable (M) -> Input, repeats: Repeats? = nil) -> Accepts {
    Accepts(
      type: M.type, topic: M.topic, repeats: repeats ?? (M.topic.kind == .input ? .remembered : .harmless),
      decode: { json throws(JSONError) in
        let message = try M(json: json)
        return Decoded(input: wrap(message), message: message)
      })
  }
}
