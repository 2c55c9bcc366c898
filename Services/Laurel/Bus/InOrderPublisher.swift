import CommandKit
import Contracts
import Kafka
import Streaming

/// Publishes events so that a file means the same on the bus as in the simulation: an event goes out only when everything that the
/// earlier ones caused has been processed, and after a tick of the clock that has moved every service to its time.
final class InOrderPublisher {
  private let bus: Bus
  private let partitions: Int32
  private let clock: BusClock
  private let producer: Producer
  private let watch: BusWatch
  private let topics = Topic.catalogue.filter { [.input, .clock].contains($0.kind) }
  /// Where the bus's clock stands; nil: there was no tick yet.
  private(set) var now: Instant?

  init(_ bus: Bus, watch: BusWatch) throws {
    self.bus = bus
    self.watch = watch
    partitions = try bus.partitions()
    clock = BusClock(bus: bus, partitions: partitions)
    producer = try Producer.publisher(bus)
    now = try clock.now()
  }

  /// Publishes one event and waits until all that it causes has been processed.
  func publish(_ event: FileEvent) throws { try publish([event]) }

  /// Publishes events of one instant that have nothing to do with each other, and waits once for all of them.
  func publish(_ events: [FileEvent]) throws {
    guard let time = events.first?.time else { return }
    try moveClock(to: time)
    for event in events where event.topic.kind == .input {
      let partition = Kafka.partition(forKey: Array(event.message.key.utf8), count: partitions)
      try producer.send(
        event.envelope, data: event.data, topic: bus.name(event.topic), partition: partition, key: event.message.key,
        token: token(event.topic))
    }
    try settle()
  }

  /// Sends a line as it is, for what a service is to refuse.
  func publish(_ record: RawRecord) throws {
    try record.send(on: producer, bus: bus, partitions: partitions, token: token(record.topic))
    try settle()
  }

  /// Moves the clock of every service, never back, and waits until all that falls due has been processed.
  func moveClock(to instant: Instant) throws {
    if let now, instant <= now { return }
    try clock.tick(instant, on: producer, token: token(.clock))
    now = instant
    try settle()
  }

  /// Tokens count from 1: 0 asks for no delivery report.
  private func token(_ topic: Topic) -> Int { 1 + (topics.firstIndex(of: topic) ?? -1) }

  private func settle() throws {
    try producer.flush(timeoutMilliseconds: Bus.timeoutMilliseconds)
    for delivery in producer.takeDeliveries() {
      watch.expect(topics[delivery.token - 1], partition: delivery.partition, offset: delivery.offset)
    }
    try watch.waitUntilQuiet()
  }
}
