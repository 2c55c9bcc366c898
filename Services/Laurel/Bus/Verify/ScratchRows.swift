import Contracts
import Foundation
import RocksStore
import Streaming

/// One partition of a service.
struct ServicePartition: Hashable, CustomStringConvertible {
  let service: ServiceName
  let number: Int32

  var description: String { "\(service.rawValue)/\(number)" }
}

/// Everything that a check has read, as sorted rows in a store on disk, because it may not fit in memory. All partitions share one
/// store, so that sixteen small partitions do not open sixteen stores.
final class ScratchRows {
  enum Kind: Character {
    /// A row of the rebuilt state.
    case state = "r"
    /// The last number and the last balance in a key's notices, each under the key that the state has for it.
    case number = "n"
    case balance = "b"
    /// The place of the notice with an id.
    case id = "i"
  }

  private static let batchLength = 5_000

  private let store: any StateStore
  private var writes: [RowChange] = []
  /// The rows of `writes` that may be read before they are written.
  private var recent: [[UInt8]: [UInt8]] = [:]

  init(_ store: any StateStore) { self.store = store }

  /// The prefix of a kind's rows in a partition, or of the whole bus if `place` is `nil`.
  static func prefix(_ kind: Kind, _ place: ServicePartition?) -> [UInt8] {
    var prefix = [kind.rawValue.asciiValue ?? 0]
    guard let place else { return prefix }
    prefix.append(UInt8(ServiceName.allCases.firstIndex(of: place.service) ?? 0))
    let number = UInt32(bitPattern: place.number)
    for shift in stride(from: 24, through: 0, by: -8) { prefix.append(UInt8(truncatingIfNeeded: number >> UInt32(shift))) }
    return prefix
  }

  /// Sets a row that is not read before `flush`.
  func append(_ key: [UInt8], _ value: [UInt8]) throws {
    writes.append(RowChange(key: key, value: value))
    if writes.count >= Self.batchLength { try flush() }
  }

  func set(_ key: [UInt8], _ value: [UInt8]) throws {
    recent[key] = value
    try append(key, value)
  }

  func value(for key: [UInt8]) throws -> [UInt8]? { try recent[key] ?? store.value(for: key) }

  func flush() throws {
    guard !writes.isEmpty else { return }
    try store.write(writes)
    writes.removeAll(keepingCapacity: true)
    recent.removeAll(keepingCapacity: true)
  }

  /// All flushed rows under a prefix. Their keys come without the prefix.
  func rows(_ prefix: [UInt8]) -> RowCursor { RowCursor(store, prefix: prefix) }
}

/// Walks the rows of a store in the order of their keys, holding few at a time.
struct RowCursor {
  private static let pieceLength = 2_000

  private let store: any StateStore
  private let prefix: [UInt8]
  private var piece: ArraySlice<Row> = []
  private var last: [UInt8]?
  private var isOver = false

  init(_ store: any StateStore, prefix: [UInt8] = []) {
    self.store = store
    self.prefix = prefix
  }

  /// The next row, its key without the prefix.
  mutating func next() throws -> Row? {
    if piece.isEmpty, !isOver {
      piece = try store.rows(prefix: prefix, after: last, limit: Self.pieceLength)[...]
      last = piece.last?.key
      isOver = piece.count < Self.pieceLength
    }
    return piece.popFirst().map { Row(key: Array($0.key.dropFirst(prefix.count)), value: $0.value) }
  }
}

/// A temporary folder, deleted after the check.
final class ScratchFolder {
  let path: String

  init() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "laurel-verify-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
