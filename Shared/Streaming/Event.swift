import Contracts
import JSON

/// A record that a task reads once, orders by its time, and runs. It may run again after an abort.
public class Event {
  public let record: InputRecord
  /// The time that orders events: the envelope's time, otherwise the instant in the data, otherwise `nil`.
  public let time: Instant?
  /// Whether its time moves a virtual clock. An event from outside moves it only by its envelope's time (DECISIONS T8).
  private let movesClock: Bool
  /// The number in the sender's sequence; `nil` for events from outside.
  var number: MessageNumber?
  private let effect: (StageTask) -> Void

  /// A record that is not a message for the stages.
  ///
  /// - Parameter effect: what the task does with it. By default nothing.
  init(
    _ record: InputRecord, _ time: Instant? = nil, movesClock: Bool = true, _ effect: @escaping (StageTask) -> Void = { _ in }
  ) {
    self.record = record
    self.time = time
    self.movesClock = movesClock
    self.effect = effect
  }

  /// Where it moves a virtual clock to; `nil` if it does not.
  public var clock: Instant? { movesClock ? time : nil }

  /// `nil` if it is not a message, or could not be read.
  var messageType: ObjectIdentifier? { nil }

  func run(_ task: StageTask) { effect(task) }
}

final class MessageEvent<M: Message>: Event {
  let message: M
  let key: String
  /// The task's number for the program.
  let program: Int
  /// The id of the original event from outside or public notice. An internal message has the cause of the event that it comes from.
  let cause: String
  let traceparent: String?
  /// A hash of source and id.
  let identity: StableHash.Value128
  private let unknownFields: [String]
  /// The sender of unknown fields.
  private let source: String

  init(
    _ record: InputRecord, _ time: Instant, _ message: M, key: String, program: Int,
    _ attributes: EnvelopeBytes, unknownFields: [String], _ task: StageTask
  ) {
    self.message = message
    self.key = key
    self.program = program
    self.unknownFields = unknownFields
    func text(_ attribute: Attribute) -> String? { attributes[attribute].map { String(decoding: $0, as: UTF8.self) } }
    let source = attributes[.source] ?? UnsafeBufferPointer(start: nil, count: 0)
    self.source = unknownFields.isEmpty ? "" : String(decoding: source, as: UTF8.self)
    let id = attributes[.id] ?? source
    cause = (M.topic.kind == .internal ? text(.causationID) : nil) ?? String(decoding: id, as: UTF8.self)
    traceparent = attributes.traceparent
    identity = Self.identity(source: source.count, task) {
      $0.raw(UnsafeRawBufferPointer(source))
    } id: {
      $0.raw(UnsafeRawBufferPointer(id))
    }
    super.init(record, time, movesClock: M.topic.kind != .input || attributes.time != nil)
  }

  /// An internal message that its writer hands over.
  init(_ record: InputRecord, _ message: M, key: String, program: Int, _ heading: Outbox.Heading, _ task: StageTask) {
    self.message = message
    self.key = key
    self.program = program
    (unknownFields, source) = ([], "")
    (cause, traceparent) = (heading.cause, heading.traceparent)
    identity = Self.identity(source: heading.source.utf8.count, task) {
      $0.raw(text: heading.source)
    } id: {
      $0.plainText(length: 32, heading.id.writeHex(to:))
    }
    super.init(record, message.instant)
  }

  /// An event from outside that is decoded already.
  init(_ record: InputRecord, _ message: M, key: String, program: Int, _ envelope: Envelope, _ task: StageTask) {
    self.message = message
    self.key = key
    self.program = program
    (unknownFields, source) = ([], "")
    (cause, traceparent) = (envelope.id, envelope.traceparent)
    identity = Self.identity(source: envelope.source.utf8.count, task) {
      $0.raw(text: envelope.source)
    } id: {
      $0.raw(text: envelope.id)
    }
    super.init(record, envelope.time ?? message.instant, movesClock: envelope.time != nil)
  }

  /// Hashes the length of the source as well, because a source may be any text, and two different pairs must never give the same text.
  private static func identity(
    source length: Int, _ task: StageTask, source: (inout JSONWriter) -> Void, id: (inout JSONWriter) -> Void
  ) -> StableHash.Value128 {
    task.hash {
      $0.integer(Int64(length))
      $0.raw("\u{1f}")
      source(&$0)
      $0.raw("\u{1f}")
      id(&$0)
    }
  }

  override var messageType: ObjectIdentifier? { ObjectIdentifier(M.self) }

  override func run(_ task: StageTask) {
    // Laurel's own messages are not checked. Their cause was checked, and rejecting a later message would leave the work half done.
    if let latest = task.latest, M.topic.kind == .input, case let time = max(time ?? latest, message.instant), time > latest {
      return task.deadLetter(record, Rejection(.futureTime, "\(time) is after \(latest)"))
    }
    for field in unknownFields { task.countUnknown(field: field, of: M.type, from: source) }
    task.runSteps(of: self, ObjectIdentifier(M.self))
  }
}

extension Topic {
  /// Whether this is a service's own topic for records that arrived on the wrong partition or that an operator replays.
  public var isRepartitioned: Bool { name.hasSuffix(".rekeyed") }

  /// Whether only Laurel writes to it.
  public var isOwn: Bool {
    switch kind {
    case .notices, .internal, .changelog, .deadLetters: !isRepartitioned
    case .input, .clock: false
    }
  }
}
