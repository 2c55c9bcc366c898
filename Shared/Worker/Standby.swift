import Contracts
import Foundation
import Kafka
import RocksStore
import ServiceKit
import Streaming

/// Keeps stores of the partitions that other instances own up to date with their changelogs (`--standby`). A takeover then restores
/// only what is new, as with Kafka Streams' `num.standby.replicas`.
///
/// One thread follows the changelogs, and the process's session reports what it owns. `@unchecked Sendable`, because a lock guards the
/// shared state.
final class Standby: @unchecked Sendable {
  /// After a pause of this length, deletions may have been missed, so the stores are opened and checked again.
  private static let pauseMax = Duration.seconds(600)
  private static let timeoutMilliseconds: Int32 = 3_000
  /// Half the prefetch of a restore, because nobody waits for a standby.
  private static let readingProperties = ["queued.max.messages.kbytes": "32768"]

  private let service: Service
  private let settings: Settings
  private let configuration: Kafka.Configuration
  private let resources: RocksResources
  private let log: Log
  private let metrics: WorkerMetrics

  private let lock = NSLock()
  /// The partitions that the session owns; `nil` until it has reported.
  private var owned: Set<Int32>?
  /// The number of the changelog's partitions.
  private var partitions: Int32 = 0
  private var stores: [Int32: ChangelogStore] = [:]
  /// Partitions whose store holds more than the changelog. They are not followed, so that the store stays as it is.
  private var ahead: Set<Int32> = []

  init(
    service: Service, settings: Settings, resources: RocksResources, log: Log, metrics: WorkerMetrics
  ) {
    self.service = service
    self.settings = settings
    var configuration = settings.configuration(log)
    configuration.properties.merge(Self.readingProperties) { own, _ in own }
    self.configuration = configuration
    self.resources = resources
    self.log = log
    self.metrics = metrics
  }

  /// Reports that the session now owns these partitions and no others. Their stores are closed when this returns.
  ///
  /// - Parameter partitions: the number of the changelog's partitions.
  func own(_ numbers: Set<Int32>, of partitions: Int32) {
    lock.withLock {
      self.partitions = partitions
      owned = numbers
      for number in numbers { close(number) }
    }
  }

  /// Returns when a stop is requested.
  /// - Throws: `KafkaError` if a property is invalid.
  func run() throws {
    var delay = GrowingDelay()
    while !Shutdown.requested {
      do { try follow { delay.reset() } } catch let error as KafkaError where error.isConfigurationMistake {
        throw error
      } catch {
        log.warning("standby: starting over: \(error)")
        _ = Shutdown.wait(upTo: delay.next())
      }
      lock.withLock { for number in stores.keys { close(number) } }
    }
  }

  private func follow(onProgress: () -> Void) throws {
    // The reader assigns its partitions itself and never joins the group.
    let reader = try Consumer(configuration, group: settings.group, readCommitted: true, endEvents: true)
    defer { reader.close() }
    var followed: Set<Int32> = []
    var lastLook = ContinuousClock.now
    var nextReport = ContinuousClock.now
    while !Shutdown.requested {
      guard ContinuousClock.now - lastLook < Self.pauseMax else { return }
      lastLook = .now
      let (wanted, open) = lock.withLock { (foreign, Set(stores.keys)) }
      if wanted != followed || wanted != open {
        for number in wanted.subtracting(open).sorted() { try self.open(number, reader) }
        try reader.assignByHand(lock.withLock { stores.map { (changelog($0.key), offset: $0.value.next) } })
        followed = wanted
      }
      switch reader.poll(timeoutMilliseconds: 100) {
      case .record(let record): try use(record.partition) { try $0.take(record) }
      case .end(let place, let offset):
        try use(place.partition) { try $0.reachEnd(offset) }
        onProgress()
      case .error(let error):
        if error.isFatal || error.stopsReading || error.meansNoBroker { throw error }
        log.info("standby: \(error)")
      case .nothing, .assigned, .revoked, .lost: break
      }
      if nextReport <= .now {
        for number in followed {
          try use(number) { store in
            try store.stayYoung()
            if let end = reader.knownEnd(of: changelog(number)) {
              metrics.standbyLag(number).set(Double(max(0, end - store.next)))
            }
          }
        }
        nextReport = .now + .seconds(1)
      }
    }
  }

  /// The partitions that this process does not own; empty until the session has reported.
  private var foreign: Set<Int32> { owned.map { Set(0..<partitions).subtracting($0).subtracting(ahead) } ?? [] }

  private func changelog(_ number: Int32) -> TopicPartition {
    TopicPartition(topic: settings.topicPrefix + Topic.changelog(service.name).name, partition: number)
  }

  private func open(_ number: Int32, _ reader: Consumer) throws {
    do { try follow(number, reader) } catch let disagreement as Disagreement {
      log.error("\(disagreement)", ["partition": number])
      lock.withLock { _ = ahead.insert(number) }
    }
  }

  private func follow(_ number: Int32, _ reader: Consumer) throws {
    let bounds = try reader.watermarks(changelog(number), timeoutMilliseconds: Self.timeoutMilliseconds)
    let identity = ChangelogIdentity(
      cluster: reader.clusterID(timeoutMilliseconds: Self.timeoutMilliseconds), partition: "\(changelog(number))")
    try lock.withLock {
      // The session may own it by now.
      guard foreign.contains(number) else { return }
      try deletingCorrupt(number) {
        stores[number] = try ChangelogStore(
          settings.directory(of: service.name, number), identity, bounds: bounds, partition: number, resources: resources,
          log: log, checkAhead: { try check($0, bounds, number) },
          onWrite: { [metrics] in metrics.standbyRows.add($0) })
      }
      metrics.standbyPartitions.set(stores.count)
    }
  }

  /// - Throws: `Disagreement` if the changelog has lost what the store holds.
  private func check(_ progress: Streaming.Progress, _ bounds: (low: Int64, high: Int64), _ number: Int32) throws {
    let last = try ChangelogTail.progress(
      in: changelog(number), low: bounds.low, stable: bounds.high, configuration, group: settings.group,
      timeoutMilliseconds: Self.timeoutMilliseconds)
    try ChangelogTail.check(changelog(number), last, against: progress, in: settings.directory(of: service.name, number))
  }

  /// Calls `body` with a store, unless the session owns the partition by now.
  private func use(_ number: Int32, _ body: (ChangelogStore) throws -> Void) throws {
    try lock.withLock {
      guard let store = stores[number] else { return }
      try deletingCorrupt(number) { try body(store) }
    }
  }

  private func deletingCorrupt(_ number: Int32, _ body: () throws -> Void) throws {
    do { try body() } catch StoreError.corrupt(let detail) {
      close(number)
      try RocksStore.destroy(directory: settings.directory(of: service.name, number))
      throw StoreError.corrupt("partition \(number): \(detail)")
    }
  }

  private func close(_ number: Int32) {
    stores.removeValue(forKey: number)?.store.close()
    metrics.standbyPartitions.set(stores.count)
    metrics.forgetStandby(partition: number)
  }
}
