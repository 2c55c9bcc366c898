import CommandKit
import Contracts
import Deployment
import JSON
import Kafka
import Streaming

/// A message as it was read from the bus.
struct BusMessage {
  let record: Kafka.Record
  let topic: Topic
  let envelope: Envelope
  /// The bare data.
  let data: [UInt8]

  /// Reads a record in either mode.
  init(_ record: Kafka.Record, topic: Topic, parser: JSONParser) throws(Rejection) {
    self.record = record
    self.topic = topic
    (envelope, data) = try Envelope.record(
      headers: record.headers.compactMap { header in header.value.map { (header.name, $0) } }, value: record.value ?? [],
      parser: parser)
  }

  /// The data as its Swift type; nil for a type that CONTRACTS does not name, or data that is not of its type.
  func message(_ parser: JSONParser) -> (any Message)? {
    guard let type = MessageRegistry.type(named: envelope.type) else { return nil }
    return try? parser.decode(type, from: data)
  }
}

extension Consumer {
  /// A reader of whole topics that belongs to no group: what it reads changes nothing for others.
  static func reader(_ bus: Bus) throws -> Consumer {
    // librdkafka wants a group's name even where there is none, and looks for its coordinator.
    try Consumer(bus.configuration, group: Access.commandGroup(prefix: bus.prefix), readCommitted: true, endEvents: true)
  }

  /// Reads these partitions to where they end now.
  func readToEnd(_ positions: [(TopicPartition, offset: Int64)], _ take: (Kafka.Record) -> Void) throws {
    try assignByHand(positions)
    var left = Set(positions.map(\.0))
    while !left.isEmpty {
      switch poll(timeoutMilliseconds: Bus.timeoutMilliseconds) {
      case .record(let record): take(record)
      case .end(let partition, _): left.remove(partition)
      case .error(let error):
        if error.isFatal { throw error }
      case .nothing:
        throw CommandFailure("no answer about \(left.map(\.description).sorted().joined(separator: ", "))")
      case .assigned, .revoked, .lost: break
      }
    }
  }
}
