import Contracts
import JSON

/// The progress of a task. It is a row of the task's state, so it always matches the other rows.
public struct Progress: Stored, Equatable {
  /// The format of stored rows. Increase it when one release would misread or miss the rows of the other, the earlier or the later one.
  static let form = 5

  var form = Progress.form
  /// The next offset to read, by topic.
  public var positions: [String: Int64] = [:]
  /// Milliseconds since 1970.
  var clock: Int64 = 0
  public var isVirtual = false
  /// Timers set so far.
  var timerOrder: Int64 = 0
  /// How many messages this task has written, by topic and partition.
  public var sent: [String: [Int64]] = [:]
  /// The number of the last message read, by topic and partition of the writing task.
  public var received: [String: [Int64]] = [:]
  /// The timestamp of the last record read, by topic, in milliseconds since 1970. It shows whether a topic was deleted and created
  /// again, because the new topic has another record at that offset, or none. `nil` in the state of earlier releases.
  public var timestamps: [String: Int64]?
  /// The consumer group that the state belongs to. `nil` in the state of earlier releases.
  public var group: String?
  /// The number of partitions of every topic. With another number, keys would be on other partitions. `nil` in the state of earlier
  /// releases.
  public var partitions: Int?
  /// The transactional id of the producer that wrote the row, so that a new owner of the task can end its open transaction. `nil`
  /// in the state of earlier releases.
  public var producer: String?
  /// The number of rows of each counted kind (`Table.kinds`). `nil` in the state of earlier releases, and if no kind is counted.
  var watched: [String: Int64]?
}

/// The deployment that a state belongs to. No other deployment can use the state: another group would process every input again,
/// and with another number of partitions, keys would be on other partitions.
public struct StateOwner: Sendable, Equatable {
  public let group: String
  public let partitions: Int
  /// The transactional id of the instance that now writes the state.
  public let producer: String

  public init(group: String, partitions: Int, producer: String) {
    self.group = group
    self.partitions = partitions
    self.producer = producer
  }
}

/// The state belongs to another deployment.
public struct ForeignState: Error, CustomStringConvertible {
  public let description: String
}

extension Progress {
  /// - Throws: `StateForm` if the row has another format; `JSONError` if it is not a progress row.
  init(stored bytes: [UInt8], _ parser: JSONParser = JSONParser()) throws {
    let form = try parser.read(bytes) { json throws(JSONError) in try json.object().optional("form", as: Int.self) }
    guard form == Self.form else { throw StateForm(found: form ?? 1) }
    self = try parser.decode(Progress.self, from: bytes)
  }

  mutating func moved(_ record: InputRecord) {
    positions[record.topic.name] = record.offset + 1
    if let timestamp = record.timestamp { timestamps?[record.topic.name] = timestamp }
  }

  /// Records the owner of this state.
  /// - Throws: `ForeignState` if it belongs to another deployment.
  public mutating func claim(for owner: StateOwner) throws {
    if let group, group != owner.group {
      throw ForeignState(
        description: """
          it belongs to the group '\(group)', but this service runs as group '\(owner.group)'. A second group would process every \
          input again and pay twice. Start it with --group \(group), or give the second deployment its own topics \
          (--topic-prefix)
          """)
    }
    if let partitions, partitions != owner.partitions {
      throw ForeignState(
        description: """
          it was written with \(partitions) partitions per topic, but now there are \(owner.partitions). Keys now belong to other \
          partitions, which do not have their state. Partitions cannot be added to a running deployment: see ops/docs/RUNBOOK.md, \
          "More partitions"
          """)
    }
    group = owner.group
    partitions = owner.partitions
    producer = owner.producer
    if timestamps == nil { timestamps = [:] }
  }

  /// Takes and returns the number of the next message to a partition of a topic.
  mutating func sent(_ topic: Topic, to partition: Int32) -> Int64 {
    Self.count(&sent[topic.name, default: []], Int(partition)) { $0 += 1 }
  }

  mutating func unsent(_ topic: Topic, to partition: Int32) {
    _ = Self.count(&sent[topic.name, default: []], Int(partition)) { $0 -= 1 }
    // Restore exactly the former state, even if the message was the first.
    while sent[topic.name]?.last == 0 { sent[topic.name]?.removeLast() }
    if sent[topic.name]?.isEmpty == true { sent[topic.name] = nil }
  }

  enum Arrival {
    case next, repeated, early
  }

  /// Records a message as received, unless it is a repeat or earlier messages are missing.
  ///
  /// - Parameter startsAnywhere: whether the first message of a source may have any number, because older records of the topic are
  ///   deleted.
  mutating func take(_ message: MessageNumber, startsAnywhere: @autoclosure () -> Bool) -> Arrival {
    let last = lastReceived(message)
    if message.hop.number <= last { return .repeated }
    guard message.hop.number == last + 1 || last == 0 && startsAnywhere() else { return .early }
    _ = Self.count(&received[message.topic, default: []], Int(message.hop.partition)) { $0 = message.hop.number }
    return .next
  }

  /// Whether the message directly follows the last one of its source.
  func isNext(_ message: MessageNumber) -> Bool { message.hop.number == lastReceived(message) + 1 }

  func gap(before message: MessageNumber, startsAnywhere: @autoclosure () -> Bool) -> Gap? {
    let last = lastReceived(message)
    guard message.hop.number > last + 1, last > 0 || !startsAnywhere() else { return nil }
    return Gap(topic: message.topic, source: message.hop.partition, missing: (last + 1)...(message.hop.number - 1))
  }

  private func lastReceived(_ message: MessageNumber) -> Int64 {
    guard let numbers = received[message.topic], Int(message.hop.partition) < numbers.count else { return 0 }
    return numbers[Int(message.hop.partition)]
  }

  private static func count(_ numbers: inout [Int64], _ index: Int, _ change: (inout Int64) -> Void) -> Int64 {
    while numbers.count <= index { numbers.append(0) }
    change(&numbers[index])
    return numbers[index]
  }
}

/// The state was written by a version that uses another format.
public struct StateForm: Error, CustomStringConvertible {
  /// 1 for state without a format number.
  public let found: Int

  public var description: String {
    "the state has format \(found), but this version only reads format \(Progress.form)"
  }
}

extension Progress {
  /// Reads a changelog record, for tools that inspect a service from outside.
  /// - Returns: `nil` if it is another row.
  /// - Throws: `StateForm` if the state has another format; `JSONError` if the row cannot be read.
  public static func record(key: [UInt8], value: [UInt8], parser: JSONParser) throws -> Progress? {
    guard key == RowKey.progress else { return nil }
    return try Progress(stored: value, parser)
  }
}
