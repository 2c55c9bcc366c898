import Contracts
import Foundation
import Kafka
import ServiceKit
import TermsFiles

/// A bus with all services on it, on this machine: what `laurel dev` and `laurel demo` run.
final class Playground {
  /// Where a virtual clock starts that nobody has moved: before all events that one would try.
  static let clockStart = "2020-01-01T00:00:00Z"

  let bus: Bus
  let fleet: Fleet
  /// Keeps the embedded bus alive; nil on a real one.
  private let cluster: MockCluster?
  private let temporaryState: String?

  /// Prepares bus, topics and clock; starts nothing.
  /// - Parameters:
  ///   - real: a bus that exists; nil: one of its own, in this process.
  ///   - state: a folder that stays; nil: one that is deleted at the end.
  ///   - print: takes the lines of the services' logs.
  init(
    real: Bus?, terms: String, state: String?, partitions: Int32, instances: Int, commitMilliseconds: Int, clockStart: Instant,
    logLevel: LogLevel, coloured: Bool, print: @escaping @Sendable (String) -> Void
  ) throws {
    // The services would each say it; once is enough.
    _ = try TermsFiles.load(directory: terms)
    if let real {
      cluster = nil
      bus = real
      _ = try Topics.create(on: real, partitions: partitions)
    } else {
      let cluster = try MockCluster()
      for topic in Topic.catalogue { try cluster.createTopic(topic.name, partitions: partitions) }
      self.cluster = cluster
      bus = Bus(bootstrap: cluster.bootstrap, properties: MockCluster.clientProperties)
    }
    temporaryState =
      state == nil ? FileManager.default.temporaryDirectory.appendingPathComponent("laurel-\(UUID().uuidString)").path : nil
    fleet = Fleet(
      Fleet.Plan(
        bus: bus, terms: terms, state: state ?? temporaryState ?? ".", instances: instances,
        commitMilliseconds: commitMilliseconds,
        logLevel: logLevel, coloured: coloured), print: print)
    // Before the services see anything: from the first tick on they follow this clock.
    let clock = BusClock(bus: bus, partitions: try bus.partitions())
    if try clock.now() == nil {
      let producer = try Producer.publisher(bus)
      try clock.tick(clockStart, on: producer)
      try producer.flush(timeoutMilliseconds: Bus.timeoutMilliseconds)
    }
  }

  var isEmbedded: Bool { cluster != nil }

  /// Stops the services, and deletes their state unless it is to stay.
  func stop() {
    fleet.stop()
    if let temporaryState { try? FileManager.default.removeItem(atPath: temporaryState) }
  }
}
