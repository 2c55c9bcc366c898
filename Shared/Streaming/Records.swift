import Contracts

/// A record as a driver hands it to a task.
public struct InputRecord: Sendable {
  public var topic: Topic
  public var partition: Int32
  public var offset: Int64
  public var key: [UInt8]?
  /// nil: a tombstone.
  public var value: [UInt8]?
  public var headers: [(name: String, value: [UInt8])]

  public init(
    topic: Topic, partition: Int32, offset: Int64, key: [UInt8]?, value: [UInt8]?, headers: [(name: String, value: [UInt8])]
  ) {
    self.topic = topic
    self.partition = partition
    self.offset = offset
    self.key = key
    self.value = value
    self.headers = headers
  }
}

/// An event that has been decoded and waits for its turn.
public struct AdmittedEvent {
  public let record: InputRecord
  /// What orders events and moves a virtual clock: the envelope's time, else the instant in the data.
  public let time: Instant
  let envelope: Envelope
  let program: ProgramID
  let steps: [Step]
}

/// A message that a task has written, ready for its topic.
public struct OutputRecord: Sendable {
  public let topic: Topic
  public let key: String
  public let envelope: Envelope
  /// The bare `data`.
  public let data: [UInt8]

  package init(topic: Topic, key: String, envelope: Envelope, data: [UInt8]) {
    self.topic = topic
    self.key = key
    self.envelope = envelope
    self.data = data
  }
}

/// Input that could not be processed: kept with its reason and its place, so that nothing is lost.
public struct DeadLetter: Sendable {
  public let rejection: Rejection
  /// As it came; for an event that a stage had kept, rebuilt from the state.
  public let record: InputRecord
}

/// What a batch has produced; to be written to Kafka in one transaction, then to the store in one write.
public struct Batch: Sendable {
  public var outputs: [OutputRecord] = []
  public var deadLetters: [DeadLetter] = []
  /// Records on a wrong partition, to be written to the service's re-keyed topic under this key.
  public var repartitioned: [(key: String, record: InputRecord)] = []
  public var changes: [RowChange] = []

  public var isEmpty: Bool { outputs.isEmpty && deadLetters.isEmpty && repartitioned.isEmpty && changes.isEmpty }
}

/// What a task has done since it was made; never goes down.
public struct TaskCounts: Sendable, Equatable {
  public var processed = 0
  public var repeated = 0
  /// Events of types that CONTRACTS does not name, and tombstones.
  public var ignored = 0
  /// Fields that CONTRACTS does not name.
  public var unknownFields = 0
  public var timersFired = 0
  public var repartitioned = 0
  public var deadLetters: [DeadLetterReason: Int] = [:]

  public init() {}
}
