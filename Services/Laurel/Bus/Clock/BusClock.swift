import CommandKit
import Contracts
import JSON
import Kafka
import ServiceKit
import Streaming
import Worker

/// The virtual clock of a bus: the latest tick on its `clock` topic. After its first tick, a service with `--clock bus` follows it.
struct BusClock {
  let bus: Bus
  let partitions: Int32

  /// A tick cannot be undone, so the operator must confirm it on a bus that may not be a sandbox.
  static let yes = Option("yes", help: "Move the clock even if services of this bus follow the system's time")

  /// The earliest of the partitions' latest ticks. `nil` if a partition has no tick: its tasks still follow the system's time.
  func now() throws -> Instant? {
    let parser = JSONParser()
    var latest: [Int32: Instant] = [:]
    try bus.read([.clock], 0..<partitions) { record, topic in
      guard let read = try? BusMessage(record, topic: topic, parser: parser), let tick = read.message(parser) as? ClockMoved
      else { return }
      latest[record.partition] = max(latest[record.partition] ?? tick.at, tick.at)
    }
    return latest.count == Int(partitions) ? latest.values.min() : nil
  }

  /// Checks that a tick does no harm: the bus has a virtual clock, and every service that has started follows it.
  ///
  /// A service's changelog records which clock it follows. Before the first tick, production looks the same as a new sandbox.
  /// - Parameter confirmed: whether the operator gave `--yes`, which skips the check.
  /// - Throws: `CommandFailure` if a tick could do harm.
  func requireSandbox(confirmed: Bool) throws {
    guard !confirmed else { return }
    guard try now() != nil else {
      throw CommandFailure(
        "\(bus.bootstrap) has no virtual clock: its services follow the system's time. A tick makes services with --clock bus "
          + "follow the virtual clock, and this cannot be undone. If this is a sandbox, give --yes")
    }
    let others = try servicesWithoutClock()
    guard others.isEmpty else {
      throw CommandFailure(
        "\(others.joined(separator: ", ")) \(others.count == 1 ? "follows" : "follow") the system's time: a tick has no "
          + "effect there, or none has arrived yet. In a sandbox, start every service with --clock bus. To move the clock "
          + "anyway, give --yes"
      )
    }
  }

  /// The services with a partition that has started and does not follow the virtual clock.
  private func servicesWithoutClock() throws -> [String] {
    let reader = try Consumer.reader(bus)
    defer { reader.close() }
    let others = Set(try reader.progress(of: bus, partitions).filter { !$0.value.isVirtual }.map(\.key.service))
    return ServiceName.allCases.filter(others.contains).map(\.rawValue)
  }

  /// Queues a tick for every partition, so that it reaches every task of every service.
  func tick(_ instant: Instant, on producer: ConfirmedProducer) throws {
    for partition in 0..<partitions {
      let tick = ClockMoved(at: instant, partition: Int(partition))
      let envelope = Envelope(
        id: "clock/\(instant)/\(partition)", source: "/laurel/command", type: ClockMoved.type, time: instant,
        subject: tick.key, partitionKey: tick.key)
      try producer.send(envelope, data: tick.jsonBytes(), topic: .clock, partition: partition, key: tick.key)
    }
  }

  /// Moves the clock and waits until the broker has confirmed the ticks.
  func move(to instant: Instant) throws {
    let producer = try ConfirmedProducer(bus, partitions: partitions)
    try tick(instant, on: producer)
    try producer.flush()
  }
}
