import CommandKit
import Contracts
import Kafka
import Synchronization
import Words

/// How much of a file is published. Any thread may use it.
final class LineProgress: Sendable {
  /// Lines that the broker has confirmed.
  let confirmed = Atomic(0)
  /// The line to resume from. All lines before it are confirmed or are not sent.
  let resume: Atomic<Int>

  init(from line: Int) { resume = Atomic(line) }

  var text: String {
    "\(counted(confirmed.load(ordering: .relaxed), "event")) confirmed; to go on, run the same command with --resume "
      + "\(resume.load(ordering: .relaxed))"
  }
}

/// Sends records and tracks which of them the broker has confirmed. Only confirmed records are on the bus. For one thread.
final class ConfirmedProducer {
  /// At most this many records and bytes may be unconfirmed. With more, librdkafka would silently block until there is room.
  private static let openMax = 10_000
  private static let openBytesMax = 32 << 20
  /// librdkafka gives up a record after this time without an answer.
  private static let timeout = ["message.timeout.ms": "30000"]

  private struct Sent {
    let topic: Topic
    let line: Int?
    let bytes: Int
  }

  let bus: Bus
  let partitions: Int32
  private let producer: Producer
  private let onConfirmed: (Topic, Int32, Int64) -> Void
  /// The unconfirmed records, by token.
  private var open: [Int: Sent] = [:]
  private var openBytes = 0
  private var lastToken = 0
  /// All records with lower tokens are confirmed or belong to no line.
  private var firstOpen = 1
  private var lastLine: Int?
  private let progress: LineProgress

  /// - Parameter onConfirmed: called with the topic, partition and offset of each confirmed record.
  init(
    _ bus: Bus, partitions: Int32, progress: LineProgress = LineProgress(from: 1),
    onConfirmed: @escaping (Topic, Int32, Int64) -> Void = { _, _, _ in }
  ) throws {
    self.bus = bus
    self.partitions = partitions
    self.progress = progress
    self.onConfirmed = onConfirmed
    let inputs = Topic.catalogue.filter { [.input, .clock].contains($0.kind) }
    var configuration = bus.configuration
    configuration.properties.merge(Self.timeout) { given, _ in given }
    producer = try Producer(configuration, topics: inputs.map(bus.name))
  }

  /// Queues an event from a file under its key.
  func send(_ event: FileEvent) throws {
    try send(event.envelope, data: try event.data, topic: event.topic, key: event.message.key, line: event.line)
  }

  /// Queues a message in binary mode.
  ///
  /// - Parameter partition: `nil` for that of the key.
  func send(
    _ envelope: Envelope, data: [UInt8], topic: Topic, partition: Int32? = nil, key: String, line: Int? = nil
  ) throws {
    let key = Array(key.utf8)
    while open.count >= Self.openMax || openBytes + data.count > Self.openBytesMax && !open.isEmpty { try confirmSome() }
    lastToken += 1
    open[lastToken] = Sent(topic: topic, line: line, bytes: data.count)
    openBytes += data.count
    lastLine = line ?? lastLine
    try producer.produce(
      topic: bus.name(topic), partition: partition ?? Kafka.partition(forKey: key, count: partitions), key: key, value: data,
      headers: envelope.headers.map { Header(name: $0.0, value: Array($0.1.utf8)) }, token: lastToken)
    collect()
  }

  /// Waits until everything sent is confirmed.
  /// - Throws: `NoBroker` if the broker is gone, `KafkaError` if it rejects a record.
  func flush() throws { while !open.isEmpty { try confirmSome(forAll: true) } }

  private func confirmSome(forAll: Bool = false) throws {
    defer { collect() }
    try producer.poll(timeoutMilliseconds: 50, forAll: forAll)
    try bus.requireBroker()
  }

  private func collect() {
    for delivery in producer.takeDeliveries() {
      guard let sent = open.removeValue(forKey: delivery.token) else { continue }
      openBytes -= sent.bytes
      if sent.line != nil { progress.confirmed.add(1, ordering: .relaxed) }
      onConfirmed(sent.topic, delivery.partition, delivery.offset)
    }
    while firstOpen <= lastToken, open[firstOpen]?.line == nil { firstOpen += 1 }
    if let line = open[firstOpen]?.line ?? lastLine.map({ $0 + 1 }) { progress.resume.store(line, ordering: .relaxed) }
  }
}
