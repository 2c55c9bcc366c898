/// An ordered map of bytes to bytes: the state of one task. Two stores: RocksDB under the worker, memory under the simulation.
public protocol StateStore: AnyObject {
  func value(for key: [UInt8]) throws(StoreError) -> [UInt8]?
  /// Rows whose keys begin with `prefix`, ascending, from the first key greater than `after` on, `limit` at most.
  func rows(prefix: [UInt8], after: [UInt8]?, limit: Int) throws(StoreError) -> [Row]
  /// All or nothing.
  func write(_ changes: [RowChange]) throws(StoreError)
}

/// One row of a store.
public struct Row: Sendable, Equatable {
  public let key: [UInt8]
  public let value: [UInt8]

  public init(key: [UInt8], value: [UInt8]) {
    self.key = key
    self.value = value
  }
}

/// A row's new value; nil deletes it.
public struct RowChange: Sendable, Equatable {
  public let key: [UInt8]
  public let value: [UInt8]?

  public init(key: [UInt8], value: [UInt8]?) {
    self.key = key
    self.value = value
  }
}

/// Why a store could not answer.
public enum StoreError: Error, Equatable, CustomStringConvertible {
  /// The files are not what was written: the store is deleted and rebuilt from the changelog, never served.
  case corrupt(String)
  /// The disk refused (full, broken, no permission).
  case unavailable(String)

  public var description: String {
    switch self {
    case .corrupt(let detail): "the state store is corrupt: \(detail)"
    case .unavailable(let detail): "the state store is unavailable: \(detail)"
    }
  }
}
