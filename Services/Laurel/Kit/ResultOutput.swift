import Foundation

/// Standard output for results: buffered, and quiet about a reader that has seen enough.
package final class ResultOutput {
  /// The reader of a pipe has gone, as `head` does.
  package struct ReaderGone: Error {}

  private static let capacity = 1 << 16
  private var buffer: [UInt8] = []
  package let flushesEachLine: Bool

  /// - Parameter flushesEachLine: for a person who waits at a terminal, or a pipe that is followed.
  package init(flushesEachLine: Bool = isatty(STDOUT_FILENO) == 1) {
    self.flushesEachLine = flushesEachLine
    buffer.reserveCapacity(Self.capacity)
  }

  /// - Throws: `ReaderGone`, or `CommandFailure` when it cannot be written.
  package func line(_ bytes: [UInt8]) throws {
    buffer += bytes
    buffer.append(0x0A)
    if flushesEachLine || buffer.count >= Self.capacity { try flush() }
  }

  package func line(_ text: String) throws { try line(Array(text.utf8)) }

  package func flush() throws {
    defer { buffer.removeAll(keepingCapacity: true) }
    var start = 0
    while start < buffer.count {
      let count = buffer[start...].withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count > 0 {
        start += count
      } else if errno == EPIPE {
        throw ReaderGone()
      } else if errno != EINTR {
        throw CommandFailure("standard output: \(String(cString: strerror(errno)))")
      }
    }
  }
}
