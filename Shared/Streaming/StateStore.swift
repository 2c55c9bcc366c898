import JSON

/// The state of one task: an ordered map from bytes to bytes. The worker uses RocksDB, and the simulation uses memory.
public protocol StateStore: AnyObject {
  /// Passes the row's value to the body, in the store's own memory. Does not call the body if there is no row.
  func read(_ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) throws(StoreError)
  /// Passes the rows whose keys begin with `prefix` to the body in ascending order, starting after `after`, until the body returns false.
  func scan(
    prefix: [UInt8], after: [UInt8]?, _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool
  ) throws(StoreError)
  /// Writes all changes or none. If there are several changes to one key, the last one counts.
  func write(_ changes: Changes) throws(StoreError)
}

extension StateStore {
  public func value(for key: [UInt8]) throws(StoreError) -> [UInt8]? {
    var found: [UInt8]?
    try key.withUnsafeBufferPointer { key throws(StoreError) in
      try read(UnsafeRawBufferPointer(key)) { found = [UInt8]($0) }
    }
    return found
  }

  public func holds(_ key: [UInt8]) throws(StoreError) -> Bool { try value(for: key) != nil }

  /// At most `limit` rows whose keys begin with `prefix`, in ascending order, starting after `after`.
  public func rows(prefix: [UInt8], after: [UInt8]?, limit: Int) throws(StoreError) -> [Row] {
    var found: [Row] = []
    guard limit > 0 else { return found }
    try scan(prefix: prefix, after: after) { key, value in
      found.append(Row(key: [UInt8](key), value: [UInt8](value)))
      return found.count < limit
    }
    return found
  }

  public func write(_ changes: [RowChange]) throws(StoreError) {
    let encoded = Changes()
    for change in changes { encoded.add(change.key, change.value) }
    try write(encoded)
  }
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

/// A row's new value; `nil` deletes the row.
public struct RowChange: Sendable, Equatable {
  public let key: [UInt8]
  public let value: [UInt8]?

  public init(key: [UInt8], value: [UInt8]?) {
    self.key = key
    self.value = value
  }
}

/// The row changes of a batch, in order, in one reused buffer.
public final class Changes {
  private struct Place {
    let start: Int
    let keyEnd: Int
    let end: Int
    let isDeletion: Bool

    func key(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer { .init(rebasing: bytes[start..<keyEnd]) }
    func value(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
      isDeletion ? nil : .init(rebasing: bytes[keyEnd..<end])
    }
  }

  private var bytes = JSONWriter(capacity: 1 << 12)
  private var places: [Place] = []

  public init() {}

  public var count: Int { places.count }
  public var isEmpty: Bool { places.isEmpty }

  /// A value of `nil` deletes the row.
  public func add(_ key: [UInt8], _ value: [UInt8]?) {
    add(key, isDeletion: value == nil) { json in if let value { json.raw(value) } }
  }

  public func add(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) {
    let start = bytes.count
    bytes.raw(key)
    let keyEnd = bytes.count
    if let value { bytes.raw(value) }
    places.append(Place(start: start, keyEnd: keyEnd, end: bytes.count, isDeletion: value == nil))
  }

  func add(_ key: [UInt8], isDeletion: Bool, _ write: (inout JSONWriter) -> Void) {
    let start = bytes.count
    bytes.raw(key)
    let keyEnd = bytes.count
    write(&bytes)
    places.append(Place(start: start, keyEnd: keyEnd, end: bytes.count, isDeletion: isDeletion))
  }

  public func removeAll() {
    bytes.removeAll()
    places.removeAll(keepingCapacity: true)
  }

  /// Visits the key and new value of each change, valid only within the body. A value of `nil` deletes the row.
  public func visit<Failure>(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) throws(Failure) -> Void
  ) throws(Failure) {
    let all = bytes.bytes(in: 0..<bytes.count)
    for place in places { try body(place.key(in: all), place.value(in: all)) }
  }

  /// Visits all changes in the order of their keys; several changes to one key in the order in which they were made.
  public func visitInOrder(_ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) -> Void) {
    let all = bytes.bytes(in: 0..<bytes.count)
    places.sort { left, right in
      let (leftKey, rightKey) = (left.key(in: all), right.key(in: all))
      if RowKeyOrder.precedes(leftKey, rightKey) { return true }
      return left.start < right.start && !RowKeyOrder.precedes(rightKey, leftKey)
    }
    visit(body)
  }
}

/// Why a store failed.
public enum StoreError: Error, Equatable, CustomStringConvertible {
  /// The files are damaged. Do not use the store: delete it and rebuild it from the changelog.
  case corrupt(String)
  /// The disk failed (full, broken, no permission).
  case unavailable(String)

  public var description: String {
    switch self {
    case .corrupt(let detail): "the state store is corrupt: \(detail)"
    case .unavailable(let detail): "the state store is unavailable: \(detail)"
    }
  }
}
