import CRocksDB
import Streaming

/// Calls a function of RocksDB that reports through an error pointer, and frees that.
///
/// - Throws: what `StoreError.init(status:)` makes of the text.
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

  /// Somebody has the store open: what was asked for has not been begun.
  var meansHeld: Bool {
    guard case .unavailable(let detail) = self else { return false }
    return detail.hasPrefix(Self.heldHere) || detail.hasPrefix(Self.heldElsewhere)
  }

  /// `status` is what rocksdb/status.h prints: the kind, ": ", details. The C interface gives no code beside it.
  init(status: String) {
    if status.hasPrefix("Corruption") {
      self = .corrupt(status)
    } else if status.contains("lock hold by current process") {
      self = .unavailable("\(Self.heldHere) (\(status))")
    } else if status.contains("While lock file"), status.contains("Resource temporarily unavailable") {
      self = .unavailable("\(Self.heldElsewhere) (\(status))")
    } else if status.contains("No such file or directory") {
      // The folder exists by then: a file which the store counts on has gone.
      self = .corrupt(status)
    } else {
      self = .unavailable(status)
    }
  }
}

extension UnsafeRawBufferPointer {
  /// As RocksDB's C interface takes bytes. It wants an address for none of them too.
  var characters: UnsafePointer<CChar> { UnsafePointer((baseAddress ?? Self.somewhere).assumingMemoryBound(to: CChar.self)) }

  // Nothing is ever written there.
  nonisolated(unsafe) private static let somewhere = UnsafeRawPointer(
    UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))
}
