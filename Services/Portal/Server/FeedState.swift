import Contracts
import Kafka
import Synchronization
import Worker

/// How far the read model is behind the bus. For any thread.
final class FeedState: Sendable {
  private struct State {
    /// The next offset of each partition, as committed to the read model.
    var next: [TopicPartition: Int64] = [:]
    /// The end of each partition.
    var ends: [TopicPartition: Int64] = [:]
    /// For each partition, the latest instant at which the read model was complete.
    var completeAt: [TopicPartition: Instant] = [:]
    var partitions: [TopicPartition] = []
    var start: (at: Instant, behind: Int64)?
    var isCaughtUp = false
    var build = 0
    var damagedBuild: Int?
    var sandbox: Instant?
  }

  /// Older figures are marked as stale. The ends are queried every second.
  private static let staleAfter = TimeSpan.seconds(10)

  private let state = Mutex(State())

  /// Begins a new session of the reader at these positions.
  func begin(at positions: [TopicPartition: Int64]) {
    state.withLock { state in
      state.next = positions
      state.partitions = Array(positions.keys)
      state.ends = [:]
    }
  }

  /// Whether the partition has not been read up to this offset yet.
  func isBehind(_ partition: TopicPartition, _ offset: Int64) -> Bool {
    state.withLock { ($0.next[partition] ?? 0) < offset }
  }

  func committed(_ next: [TopicPartition: Int64]) {
    state.withLock { $0.next.merge(next) { $1 } }
  }

  /// - Parameter askedAt: the time before the query, so that later records do not count as read.
  func reported(ends: [TopicPartition: Int64], askedAt: Instant) {
    state.withLock { state in
      // While the file is rebuilt there are no positions yet, and a query of the session before may still report.
      guard !state.partitions.isEmpty else { return }
      state.ends.merge(ends) { $1 }
      var behind: Int64 = 0
      for (partition, end) in ends {
        let left = end - (state.next[partition] ?? 0)
        if left <= 0 { state.completeAt[partition] = askedAt } else { behind += left }
      }
      guard ends.count == state.partitions.count else { return }
      if state.start == nil { state.start = (askedAt, behind) }
      if behind == 0, state.damagedBuild != state.build { state.isCaughtUp = true }
    }
  }

  func reported(sandbox: Instant) { state.withLock { $0.sandbox = max($0.sandbox ?? sandbox, sandbox) } }

  /// Whether the read model has been complete at least once. From then on pages are served, even while the bus is down.
  var isCaughtUp: Bool {
    get { state.withLock { $0.isCaughtUp } }
    set { state.withLock { $0.isCaughtUp = newValue } }
  }

  /// The number of the read model's current file. A rebuild increases it, because connections to the deleted file are useless.
  var build: Int { state.withLock { $0.build } }

  /// Whether a reader of the current file has found it damaged.
  var isDamaged: Bool { state.withLock { $0.damagedBuild == $0.build } }

  /// Reports that the file with this number is damaged. No pages are served until it is replaced.
  func foundDamage(inBuild build: Int) {
    state.withLock { state in
      guard state.build == build else { return }
      state.damagedBuild = build
      state.isCaughtUp = false
    }
  }

  /// Reports that the file was removed and is being rebuilt.
  func rebuilds() {
    state.withLock { state in
      state.isCaughtUp = false
      state.start = nil
      (state.next, state.ends, state.completeAt, state.partitions) = ([:], [:], [:], [])
      state.build += 1
    }
  }

  func freshness(now: Instant) -> Freshness {
    state.withLock { state in
      var freshness = Freshness(sandbox: state.sandbox)
      freshness.behind = state.ends.reduce(0) { $0 + max(0, $1.value - (state.next[$1.key] ?? 0)) }
      if !state.partitions.isEmpty, state.partitions.allSatisfy({ state.completeAt[$0] != nil }) {
        freshness.asOf = state.partitions.compactMap { state.completeAt[$0] }.min()
      }
      freshness.isStale = freshness.asOf.map { now - $0 > Self.staleAfter } ?? true
      if !state.isCaughtUp {
        guard let start = state.start, start.behind > 0 else {
          freshness.rebuilding = Freshness.Rebuilding(percent: 0, secondsLeft: 0)
          return freshness
        }
        let done = max(0, start.behind - freshness.behind)
        let seconds = Double(max(1, (now - start.at).milliseconds)) / 1000
        let left = done == 0 ? 0 : Double(freshness.behind) * seconds / Double(done)
        freshness.rebuilding = Freshness.Rebuilding(
          percent: Int(min(99, done * 100 / start.behind)), secondsLeft: Int(left.rounded(.up)))
      }
      return freshness
    }
  }
}
