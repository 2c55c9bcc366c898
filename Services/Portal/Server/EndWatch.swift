import Contracts
import Foundation
import Kafka
import ServiceKit
import Synchronization
import Worker

/// Queries the ends of the partitions every second, because only the broker knows whether the figures are up to date. It runs on
/// its own thread, so that a broker that is down does not delay the reader.
final class EndWatch: Sendable {
  private static let everySeconds = Duration.seconds(1)
  private static let answerMilliseconds: Int32 = 3_000

  private let settings: PortalSettings
  private let partitions: [TopicPartition]
  private let state: FeedState
  private let log: Log
  private let metrics: PortalMetrics
  private let isOver = Atomic(false)

  init(_ settings: PortalSettings, partitions: [TopicPartition], state: FeedState, log: Log, metrics: PortalMetrics) {
    self.settings = settings
    self.partitions = partitions
    self.state = state
    self.log = log
    self.metrics = metrics
  }

  func start() {
    let thread = Thread { [self] in run() }
    thread.name = "ends"
    thread.start()
  }

  /// Stops after the query in progress.
  func stop() { isOver.store(true, ordering: .relaxed) }

  private func run() {
    var consumer: Consumer?
    defer { consumer?.close() }
    while !isOver.load(ordering: .relaxed), !Shutdown.requested {
      let asked = Instant.now
      do {
        if consumer == nil {
          consumer = try Consumer(
            settings.configuration(log), group: Topic.portalGroup(prefix: settings.topicPrefix), readCommitted: true)
        }
      } catch {
        log.error("cannot query the ends of the partitions, retrying: \(error)")
      }
      if let ends = try? consumer?.stableEnds(of: partitions, timeoutMilliseconds: Self.answerMilliseconds), !ends.isEmpty {
        state.reported(ends: ends, askedAt: asked)
      }
      metrics.show(state.freshness(now: .now), now: .now)
      _ = Shutdown.wait(upTo: Self.everySeconds)
    }
  }
}
