import Contracts
import JSON
import RocksStore
import Streaming

/// How far a store has followed its changelog; the only row of a store that is not in the changelog.
package struct ChangelogPosition: Codable {
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

  package init(next: Int64, writtenAt: Int64, cluster: String?) {
    self.next = next
    self.writtenAt = writtenAt
    self.cluster = cluster
  }

  /// Why a store that stands here must be rebuilt from nothing; nil: it can follow the changelog, which ends at `end`.
  ///
  /// - Parameter ageMax: what a store may have missed at most without missing a deletion.
  package func refusal(cluster: String?, end: Int64, now: Instant, ageMax: TimeSpan) -> String? {
    if let own = self.cluster, let cluster, own != cluster { return "is of another cluster" }
    if next > end { return "is ahead of the changelog" }
    if now - Instant(milliseconds: writtenAt) > ageMax { return "is too old for the changelog" }
    return nil
  }

  package var row: RowChange {
    // Integers and an ASCII name: their encoding cannot fail.
    RowChange(key: Self.key, value: try? JSONEncoding.encode(self))
  }

  package static func read(from store: any StateStore) throws -> ChangelogPosition? {
    try store.value(for: key).map { try JSONParser().decode(ChangelogPosition.self, from: $0) }
  }
}
