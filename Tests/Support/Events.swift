import Contracts
import JSON
import Streaming

extension InputRecord {
  /// An event in binary mode, as another system writes it.
  ///
  /// - Parameter number: its offset.
  public init(_ envelope: Envelope, topic: Topic, key: [UInt8]? = nil, data: [UInt8], number: Int64 = 0) {
    self.init(
      topic: topic, offset: number, key: key, value: data, headers: envelope.headers.map { (name: $0.0, value: Array($0.1.utf8)) }
    )
  }
}

extension InputRecord {
  /// A copy of an output record, as a reader of its topic gets it.
  public init(copying output: OutputRecord, offset: Int64 = 0) {
    let written = InputRecord(topic: output.topic, partition: output.partition, offset: offset, memory: output)
    self.init(
      topic: output.topic, partition: output.partition, offset: offset, key: written.key, value: written.value,
      headers: written.headers)
  }
}

/// A copy of a message from a service, which stays valid after its outbox is cleared.
public struct KeptOutput: Sendable {
  public let topic: Topic
  public let partition: Int32
  public let key: String
  public let envelope: Envelope
  /// The bare data.
  public let data: [UInt8]

  public init(_ record: OutputRecord) throws {
    topic = record.topic
    partition = record.partition
    key = record.key
    (envelope, data) = try record.event()
  }
}

extension Outbox {
  /// Copies of its messages.
  public func kept() throws -> [KeptOutput] { try (0..<count).map { try KeptOutput(self[$0]) } }
}
