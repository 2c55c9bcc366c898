import Contracts
import FaultBench
import JSON
import Kafka
import TestSupport

/// Simulates systems outside Laurel: writes events in binary mode.
final class Publisher {
  private let installation: Installation
  private let producer: Producer
  private var count = 0

  init(_ installation: Installation) throws {
    self.installation = installation
    producer = try Producer(
      installation.configuration, topics: Topic.catalogue.filter { $0.kind == .input }.map(installation.name))
  }

  /// Queues an event. `flush` waits until all have arrived.
  func publish<M: Message>(_ message: M, program: String = "bonus", partition: Int32? = nil) throws {
    count += 1
    let envelope = Envelope(
      id: "e\(count)", source: "/faults", type: M.type, time: message.instant, program: ProgramID(program),
      partitionKey: message.key)
    try produce(
      M.topic, partition: partition, key: message.key, value: message.jsonBytes(),
      headers: envelope.headers.map { Header(name: $0.0, value: Array($0.1.utf8)) })
  }

  /// Queues any bytes.
  func produce(_ topic: Topic, partition: Int32? = nil, key: String?, value: [UInt8]?, headers: [Header]) throws {
    try producer.produce(
      topic: installation.name(topic), partition: partition, key: key.map { Array($0.utf8) }, value: value, headers: headers)
  }

  func flush() throws { try producer.flush(timeoutMilliseconds: 60_000) }

  /// Moves the virtual clock on every partition.
  func tick(_ instant: Instant) throws {
    for partition in 0..<installation.partitions {
      try publish(ClockMoved(at: instant, partition: Int(partition)), partition: partition)
    }
    try flush()
  }
}
