import CommandKit
import Contracts
import Kafka
import Streaming

/// Publishes events so that a file means the same on the bus as in the simulation: an event goes out only when everything that the
/// earlier ones caused has been processed, and after a tick of the clock that has moved every service to its time.
final class InOrderPublisher {
  private let clock: BusClock
  private let producer: ConfirmedProducer
  private let watch: BusWatch
  /// Where the bus's clock stands; nil: there was no tick yet.
  private(set) var now: Instant?

  /// Waits until everything that is on the bus has been processed.
  init(_ bus: Bus, watch: BusWatch, progress: LineProgress = LineProgress(from: 1)) throws {
    self.watch = watch
    clock = BusClock(bus: bus, partitions: try bus.partitions())
    producer = try ConfirmedProducer(bus, partitions: clock.partitions, progress: progress) {
      watch.expect($0, partition: $1, offset: $2)
    }
    now = try clock.now()
    try watch.waitUntilQuiet()
  }

  /// Publishes one event and waits until all that it causes has been processed.
  func publish(_ event: FileEvent) throws { try publish([event]) }

  /// Publishes events of one instant that have nothing to do with each other, and waits once for all of them.
  func publish(_ events: [FileEvent]) throws {
    guard let time = events.first?.time else { return }
    try moveClock(to: time)
    for event in events where event.topic.kind == .input { try producer.send(event) }
    try settle()
  }

  /// Sends a line as it is, for what a service is to reject.
  func publish(_ record: RawRecord) throws {
    try producer.send(record)
    try settle()
  }

  /// Moves the clock of every service, never back, and waits until all that falls due has been processed.
  func moveClock(to instant: Instant) throws {
    if let now, instant <= now { return }
    try clock.tick(instant, on: producer)
    now = instant
    try settle()
  }

  private func settle() throws {
    try producer.flush()
    try watch.waitUntilQuiet()
  }
}
