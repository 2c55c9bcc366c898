import Contracts
import Streaming

/// A store that counts its writes by kind of row. Unlike times, the counts are the same on every machine.
public final class MeteredStore: StateStore {
  public struct Written: Sendable, Equatable {
    public var rows = 0
    public var bytes = 0

    public init() {}

    mutating func add(_ other: Written) {
      rows += other.rows
      bytes += other.bytes
    }

    public static func - (left: Written, right: Written) -> Written {
      var difference = left
      difference.rows -= right.rows
      difference.bytes -= right.bytes
      return difference
    }
  }

  public let service: ServiceName
  public private(set) var written = Written()
  /// The largest row ever written, and its key.
  public private(set) var largest: (bytes: Int, key: String) = (0, "")
  private let store: any StateStore

  public init(_ store: any StateStore, of service: ServiceName) {
    self.store = store
    self.service = service
  }

  public func read(_ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) throws(StoreError) {
    try store.read(key, body)
  }

  public func scan(
    prefix: [UInt8], after: [UInt8]?, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
  ) throws(StoreError) {
    try store.scan(prefix: prefix, after: after, body)
  }

  public func write(_ changes: Changes) throws(StoreError) {
    changes.visit { key, value in
      let bytes = key.count + (value?.count ?? 0)
      written.rows += 1
      written.bytes += bytes
      if bytes > largest.bytes {
        largest = (bytes, String(decoding: key.map { 0x20...0x7E ~= $0 ? $0 : UInt8(ascii: "/") }, as: UTF8.self))
      }
    }
    try store.write(changes)
  }

  /// The number of all stored rows, and their bytes before compression.
  public func held() throws -> Written {
    var held = Written()
    try store.scan(prefix: [], after: nil) { key, value in
      held.rows += 1
      held.bytes += key.count + value.count
      return true
    }
    return held
  }
}
