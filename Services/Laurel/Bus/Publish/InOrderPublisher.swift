import CommandKit
import Contracts
import Kafka
import Streaming

/// Publishes events so that a file has the same effect on the bus as in the simulation. Each event waits until everything that the
/// earlier ones caused has been processed. Before each event, a tick of the clock moves every service to its time.
final class InOrderPublisher: EventOutlet {
  private let clock: BusClock
  private let producer: ConfirmedProducer
  private let watch: BusWatch
  /// The time of the bus's clock. `nil` if there was no tick yet.
  private var now: Instant?
  private let file: String
  private var isFirst = true
  var isRepeat = false

  /// Waits until everything on the bus has been processed.
  init(_ bus: Bus, watch: BusWatch, file: String = "", progress: LineProgress = LineProgress(from: 1)) throws {
    self.watch = watch
    self.file = file
    clock = BusClock(bus: bus, partitions: try bus.partitions())
    producer = try ConfirmedProducer(bus, partitions: clock.partitions, progress: progress) {
      watch.expect($0, partition: $1, offset: $2)
    }
    now = try clock.now()
    try watch.waitUntilQuiet()
  }

  /// Publishes one event and waits until everything that it causes has been processed.
  func publish(_ event: FileEvent) throws {
    if isFirst, !isRepeat, let now, event.time < now {
      notify(
        "laurel: \(file): its first event is of \(event.time), but this bus's clock is already at \(now) and does not go back")
    }
    isFirst = false
    try publish([event])
  }

  /// Publishes independent events of the same instant, and waits once for all of them.
  func publish(_ events: [FileEvent]) throws {
    if let time = events.lazy.compactMap({ FileEntry.event($0).time }).first { try moveClock(to: time) }
    for event in events where event.topic.kind == .input { try producer.send(event) }
    try settle()
  }

  /// Moves the clock of every service, but never back, and waits until everything that falls due has been processed.
  func moveClock(to instant: Instant) throws {
    if let now, instant <= now { return }
    try clock.tick(instant, on: producer)
    now = instant
    try settle()
  }

  func skip(_ event: FileEvent) { isFirst = false }

  func pass(_ time: Instant) throws { try moveClock(to: time) }

  // Every event is confirmed before the next.
  func flush() {}

  func finish(until: Instant?) throws {
    if let until { try moveClock(to: until) }
  }

  private func settle() throws {
    try producer.flush()
    try watch.waitUntilQuiet()
  }
}
