import Contracts
import JSON
import RocksStore
import Streaming

/// The changelog that a store's position refers to.
package struct ChangelogIdentity {
  /// `nil` if the cluster did not report its id.
  package let cluster: String?
  /// Topic and partition.
  package let partition: String

  package init(cluster: String?, partition: String) {
    self.cluster = cluster
    self.partition = partition
  }
}

/// How far a store has read its changelog. The only row of a store that is not in the changelog.
package struct ChangelogPosition: Stored {
  /// In normal operation, a clock is set back by at most this much. After a larger step, the age of a store is unknown.
  private static let backMax = TimeSpan.hours(1)
  package static let key: [UInt8] = [UInt8(ascii: "c")]
  /// The changelog keeps tombstones for a day (`delete.retention.ms`). A store that has not read it for half of that may have missed one,
  /// so it is rebuilt from scratch.
  package static let ageMax = TimeSpan.hours(12)

  /// The next changelog offset to apply.
  package let next: Int64
  /// System time, milliseconds since 1970.
  package let writtenAt: Int64
  /// The changelog's cluster; `nil` if it did not report its id.
  package let cluster: String?
  /// The changelog's topic and partition, to detect a folder that was restored in the wrong place. `nil` if the release that wrote
  /// the store did not record it.
  package let changelog: String?

  package init(next: Int64, writtenAt: Int64, of identity: ChangelogIdentity) {
    self.next = next
    self.writtenAt = writtenAt
    cluster = identity.cluster
    changelog = identity.partition
  }

  /// Whether this is a position in the given changelog.
  func isOf(_ identity: ChangelogIdentity) -> Bool { cluster == identity.cluster && changelog == identity.partition }

  /// Why a store at this position must be rebuilt from scratch; `nil` if it can catch up with the changelog, which ends at `end`.
  ///
  /// - Parameter ageMax: how long a store can miss the changelog without missing a deletion.
  package func rejection(of identity: ChangelogIdentity, end: Int64, now: Instant, ageMax: TimeSpan) -> String? {
    if let cluster, let other = identity.cluster, cluster != other { return "belongs to another cluster" }
    if let changelog, changelog != identity.partition { return "belongs to \(changelog)" }
    if next > end { return "is ahead of the changelog" }
    if now - Instant(milliseconds: writtenAt) > ageMax { return "is too old for the changelog" }
    if Instant(milliseconds: writtenAt) - now > Self.backMax { return "has a write time in the future" }
    return nil
  }

  /// Whether a store at this position may have missed a deletion before a record that was written at `timestamp` (milliseconds
  /// since 1970, by the writer's clock). This check does not use this machine's clock, which may have been set back to the time
  /// when the store was written. A broker removes tombstones from a changelog only when records are added to it, so such a record
  /// follows every removal.
  func hasMissed(_ timestamp: Int64, ageMax: TimeSpan) -> Bool {
    Instant(milliseconds: timestamp) - Instant(milliseconds: writtenAt) > ageMax
  }

  package var row: RowChange {
    RowChange(key: Self.key, value: jsonBytes())
  }

  package static func read(from store: any StateStore) throws -> ChangelogPosition? {
    try store.value(for: key).map { try JSONParser().decode(ChangelogPosition.self, from: $0) }
  }
}
