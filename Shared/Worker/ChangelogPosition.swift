import JSON
import RocksStore
import Streaming

/// How far a store has followed its changelog; the only row of a store that is not in the changelog.
struct ChangelogPosition: Codable {
  private static let key: [UInt8] = [UInt8(ascii: "c")]

  /// The next changelog offset to apply.
  let next: Int64
  /// System time, milliseconds since 1970.
  let writtenAt: Int64

  init(next: Int64, writtenAt: Int64) {
    self.next = next
    self.writtenAt = writtenAt
  }

  var row: RowChange {
    // Two integers: their encoding cannot fail.
    RowChange(key: Self.key, value: try? JSONEncoding.encode(self))
  }

  static func read(from store: RocksStore) throws -> ChangelogPosition? {
    try store.value(for: key).map { try JSONParser().decode(ChangelogPosition.self, from: $0) }
  }
}
