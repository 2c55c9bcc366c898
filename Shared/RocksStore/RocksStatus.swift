import CRocksDB
import Streaming

/// Calls a RocksDB function that reports errors through a pointer, and frees the error text.
///
/// - Throws: the error that `StoreError.init(status:)` makes from the text.
func checked<Answer>(_ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Answer) throws(StoreError) -> Answer {
  var text: UnsafeMutablePointer<CChar>?
  let answer = call(&text)
  guard let text else { return answer }
  defer { rocksdb_free(text) }
  throw StoreError(status: String(cString: text))
}

extension StoreError {
  private static let heldHere = "it is already open in this process"
  private static let heldElsewhere = "another process has it open"

  /// The store is open elsewhere, so the operation has not begun.
  var meansHeld: Bool {
    guard case .unavailable(let detail) = self else { return false }
    return detail.hasPrefix(Self.heldHere) || detail.hasPrefix(Self.heldElsewhere)
  }

  /// `status` has the format of rocksdb/status.h: the kind, ": ", details. The C interface provides no error code.
  init(status: String) {
    if status.hasPrefix("Corruption") {
      self = .corrupt(status)
    } else if status.contains("lock hold by current process") {
      self = .unavailable("\(Self.heldHere) (\(status))")
    } else if status.contains("While lock file"), status.contains("Resource temporarily unavailable") {
      self = .unavailable("\(Self.heldElsewhere) (\(status))")
    } else if status.contains("No such file or directory") {
      // The folder exists by now, so a file that the store needs is missing.
      self = .corrupt(status)
    } else {
      self = .unavailable(status)
    }
  }
}

extension UnsafeRawBufferPointer {
  /// The bytes as RocksDB's C interface takes them. It needs an address even for an empty buffer.
  var characters: UnsafePointer<CChar> { UnsafePointer((baseAddress ?? Self.somewhere).assumingMemoryBound(to: CChar.self)) }

  // Never written to.
  nonisolated(unsafe) private static let somewhere = UnsafeRawPointer(
    UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))
}
