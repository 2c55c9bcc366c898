import Contracts
import JSON
import RocksStore
import Streaming

/// Whose offsets a store's position counts.
package struct ChangelogIdentity {
  /// nil: the cluster did not tell.
  package let cluster: String?
  /// Topic and partition.
  package let partition: String

  package init(cluster: String?, partition: String) {
    self.cluster = cluster
    self.partition = partition
  }
}

/// How far a store has followed its changelog; the only row of a store that is not in the changelog.
package struct ChangelogPosition: Stored {
  /// So far a clock is put back in the course of things; one that was put back further cannot tell a store's age.
  private static let backMax = TimeSpan.hours(1)
  package static let key: [UInt8] = [UInt8(ascii: "c")]
  /// The changelog's tombstones live for a day (`delete.retention.ms`): a store that has not seen it for half of that may have missed
  /// one, so it is rebuilt from nothing.
  package static let ageMax = TimeSpan.hours(12)

  /// The next changelog offset to apply.
  package let next: Int64
  /// System time, milliseconds since 1970.
  package let writtenAt: Int64
  /// The cluster whose changelog that is; nil: it did not tell.
  package let cluster: String?
  /// Its topic and partition: a folder may have been restored in the place of another. nil: written by a version that did not tell.
  package let changelog: String?

  package init(next: Int64, writtenAt: Int64, of identity: ChangelogIdentity) {
    self.next = next
    self.writtenAt = writtenAt
    cluster = identity.cluster
    changelog = identity.partition
  }

  /// Whether it counts this changelog's offsets.
  func isOf(_ identity: ChangelogIdentity) -> Bool { cluster == identity.cluster && changelog == identity.partition }

  /// Why a store that stands here must be rebuilt from nothing; nil: it can follow the changelog, which ends at `end`.
  ///
  /// - Parameter ageMax: what a store may have missed at most without missing a deletion.
  package func rejection(of identity: ChangelogIdentity, end: Int64, now: Instant, ageMax: TimeSpan) -> String? {
    if let cluster, let other = identity.cluster, cluster != other { return "is of another cluster" }
    if let changelog, changelog != identity.partition { return "is that of \(changelog)" }
    if next > end { return "is ahead of the changelog" }
    if now - Instant(milliseconds: writtenAt) > ageMax { return "is too old for the changelog" }
    if Instant(milliseconds: writtenAt) - now > Self.backMax { return "was written later than it is now" }
    return nil
  }

  /// Whether a store that stands here may have missed a deletion before a record that was written at `timestamp`, milliseconds since 1970
  /// by the clock of whoever wrote it: this machine's own clock may stand where it stood when the store was written. A broker deletes
  /// nothing from a changelog to which nothing is added, so there is such a record if there was such a deletion.
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
