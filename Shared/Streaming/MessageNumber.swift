import Contracts

/// The number of a message that Laurel wrote, counted per sending task and target partition of a topic.
///
/// Kafka can end a transaction without its marker on a partition that has no leader at that moment. It then hides committed records or
/// shows aborted ones. The number reveals both: a gap stops the partition, and a repeat is dropped.
public struct MessageNumber: Sendable, Hashable {
  /// Without the deployment's prefix.
  public let topic: String
  public let hop: Hop

  public init(topic: String, hop: Hop) {
    self.topic = topic
    self.hop = hop
  }

  /// - Returns: `nil` for a record on a topic that others can write to, because the attribute cannot be trusted there.
  public init?(_ hop: Hop, of record: InputRecord) {
    guard 0..<Self.partitionsMax ~= hop.partition, hop.number > 0 else { return nil }
    if record.topic.isOwn {
      topic = record.topic.name
    } else if record.topic.isRepartitioned, let repaired = record.header(RepairMark.header) {
      topic = String(decoding: repaired, as: UTF8.self)
    } else {
      return nil
    }
    self.hop = hop
  }

  private static let partitionsMax: Int32 = 10_000
}

/// Marks a record that `laurel repair` writes to a service's repartition topic. The record is a copy of a hidden message. Without a
/// body, it is the number of a message that is lost for good. The header's value is the topic of the message.
public enum RepairMark {
  public static let header = "laurel_repair"
}

/// Missing messages: they were sent to a task but cannot be read.
public struct Gap: Sendable, Hashable, CustomStringConvertible {
  /// The topic's name without the deployment's prefix.
  public let topic: String
  /// The partition of the task that wrote the messages.
  public let source: Int32
  public let missing: ClosedRange<Int64>

  public init(topic: String, source: Int32, missing: ClosedRange<Int64>) {
    self.topic = topic
    self.source = source
    self.missing = missing
  }

  public var description: String {
    let numbers =
      missing.count == 1
      ? "message \(missing.lowerBound)" : "messages \(missing.lowerBound) to \(missing.upperBound)"
    return "\(numbers) on \(topic) from partition \(source)"
  }
}
