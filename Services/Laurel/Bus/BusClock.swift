import Contracts
import JSON
import Kafka

/// The virtual clock of a bus: the latest tick on its `clock` topic. Services that have seen a tick follow it for good.
struct BusClock {
  let bus: Bus
  let partitions: Int32

  private var all: [TopicPartition] {
    (0..<partitions).map { TopicPartition(topic: bus.name(.clock), partition: $0) }
  }

  /// The latest tick; nil: there is none, and services follow the system's time.
  func now() throws -> Instant? {
    let reader = try Consumer.reader(bus)
    defer { reader.close() }
    let parser = JSONParser()
    var latest: Instant?
    try reader.readToEnd(all.map { ($0, Offset.beginning) }) { record in
      guard let read = try? BusMessage(record, topic: .clock, parser: parser), let tick = read.message(parser) as? ClockMoved
      else {
        return
      }
      latest = max(latest ?? tick.at, tick.at)
    }
    return latest
  }

  /// Queues a tick for every partition, so that every task of every service hears of it. The tokens of its records come from `token`.
  func tick(_ instant: Instant, on producer: Producer, token: Int = 0) throws {
    for partition in all {
      let tick = ClockMoved(at: instant, partition: Int(partition.partition))
      let envelope = Envelope(
        id: "clock/\(instant)/\(partition.partition)", source: "/laurel/command", type: ClockMoved.type, time: instant,
        subject: tick.key, partitionKey: tick.key)
      try producer.send(
        envelope, data: tick.jsonBytes(), topic: partition.topic, partition: partition.partition, key: tick.key,
        token: token)
    }
  }
}

extension Producer {
  /// Queues a message in binary mode.
  func send(_ envelope: Envelope, data: [UInt8], topic: String, partition: Int32, key: String, token: Int = 0) throws(KafkaError)
  {
    try produce(
      topic: topic, partition: partition, key: Array(key.utf8), value: data,
      headers: envelope.headers.map { Header(name: $0.0, value: Array($0.1.utf8)) }, token: token)
  }

  /// A producer for everything that comes from outside.
  static func publisher(_ bus: Bus) throws -> Producer {
    let inputs = Topic.catalogue.filter { [.input, .clock].contains($0.kind) }
    return try Producer(bus.configuration, topics: inputs.map(bus.name))
  }
}
