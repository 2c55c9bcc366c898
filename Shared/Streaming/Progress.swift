import Contracts
import JSON

/// Where a task stands; one row of its state, so that it can never disagree with the rest.
public struct Progress: Stored, Equatable {
  /// Of stored rows: it goes up when one of them changes in a way that this version's code would misread, or read as nothing.
  static let form = 3

  var form = Progress.form
  /// The next offset to read, by topic.
  public var positions: [String: Int64] = [:]
  /// Milliseconds since 1970.
  var clock: Int64 = 0
  public var isVirtual = false
  /// Timers set so far.
  var timerOrder: Int64 = 0
  /// By topic and partition: how many messages this task has written to it.
  public var sent: [String: [Int64]] = [:]
  /// By topic and the partition of the task that wrote them: the number of the last message that was read.
  public var received: [String: [Int64]] = [:]
  /// By topic: the timestamp of the last record read, milliseconds since 1970. A topic that was deleted and created again has another
  /// record at that offset, or none. Absent in state of earlier releases.
  public var timestamps: [String: Int64]?
  /// The consumer group that the state belongs to; absent in state of earlier releases.
  public var group: String?
  /// How many partitions every topic had; keys are elsewhere with another number. Absent in state of earlier releases.
  public var partitions: Int?
  /// How many rows there are of each kind that is counted (`Table.kinds`); absent in state of earlier releases, and where none is.
  var watched: [String: Int64]?
}

/// The deployment that a state belongs to. State is of use to no other: with another group every input would be taken once more, with
/// another number of partitions keys are elsewhere.
public struct StateOwner: Sendable, Equatable {
  public let group: String
  public let partitions: Int

  public init(group: String, partitions: Int) {
    self.group = group
    self.partitions = partitions
  }
}

/// A state belongs to another deployment.
public struct ForeignState: Error, CustomStringConvertible {
  public let description: String
}

extension Progress {
  /// - Throws: `StateForm`, if the row is of another form; `JSONError`, if it is none.
  init(stored bytes: [UInt8]) throws {
    let parser = JSONParser()
    let form = try parser.read(bytes) { json throws(JSONError) in try json.object().optional("form", as: Int.self) }
    guard form == Self.form else { throw StateForm(found: form ?? 1) }
    self = try parser.decode(Progress.self, from: bytes)
  }

  mutating func moved(_ record: InputRecord) {
    positions[record.topic.name] = record.offset + 1
    if let timestamp = record.timestamp { timestamps?[record.topic.name] = timestamp }
  }

  /// Notes whose state this is.
  /// - Throws: `ForeignState` if it is another deployment's.
  public mutating func claim(for owner: StateOwner) throws {
    if let group, group != owner.group {
      throw ForeignState(
        description: """
          it belongs to the group '\(group)', and this service is started as group '\(owner.group)'. A second group would process every \
          input again and double what it pays. Start it with --group \(group), or give the second deployment topics of its own \
          (--topic-prefix)
          """)
    }
    if let partitions, partitions != owner.partitions {
      throw ForeignState(
        description: """
          it was written with \(partitions) partitions of every topic, and now there are \(owner.partitions). Keys belong to other \
          partitions now, where their state is missing. Partitions cannot be added to a running deployment: see ops/docs/RUNBOOK.md, \
          "More partitions"
          """)
    }
    group = owner.group
    partitions = owner.partitions
    if timestamps == nil { timestamps = [:] }
  }

  /// The number of the next message to a partition of a topic, which is taken then.
  mutating func sent(_ topic: Topic, to partition: Int32) -> Int64 {
    Self.count(&sent[topic.name, default: []], Int(partition)) { $0 += 1 }
  }

  mutating func unsent(_ topic: Topic, to partition: Int32) {
    _ = Self.count(&sent[topic.name, default: []], Int(partition)) { $0 -= 1 }
    // As before, also where it was the first.
    while sent[topic.name]?.last == 0 { sent[topic.name]?.removeLast() }
    if sent[topic.name]?.isEmpty == true { sent[topic.name] = nil }
  }

  enum Arrival {
    case next, repeated, early
  }

  /// Notes a message as received, unless it was before or others have to come first.
  ///
  /// - Parameter startsAnywhere: older records of the topic are deleted, so the first message of a source may have any number.
  mutating func take(_ message: MessageNumber, startsAnywhere: @autoclosure () -> Bool) -> Arrival {
    let last = lastReceived(message)
    guard message.hop.number > last else { return .repeated }
    guard message.hop.number == last + 1 || last == 0 && startsAnywhere() else { return .early }
    _ = Self.count(&received[message.topic, default: []], Int(message.hop.partition)) { $0 = message.hop.number }
    return .next
  }

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

/// A state was written by a version that stores it in another form.
public struct StateForm: Error, CustomStringConvertible {
  /// 1: before there was a mark.
  public let found: Int

  public var description: String {
    "the state is of form \(found), and this version reads form \(Progress.form) alone"
  }
}

extension Progress {
  /// The key of its row.
  public static var key: [UInt8] { RowKey.progress }

  /// Reads a changelog record, for those who look at a service from outside.
  /// - Returns: nil for any other row.
  public static func record(key: [UInt8], value: [UInt8], parser: JSONParser) throws(JSONError) -> Progress? {
    guard key == RowKey.progress else { return nil }
    return try parser.decode(Progress.self, from: value)
  }
}
