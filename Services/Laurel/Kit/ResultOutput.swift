import Foundation

/// Buffered standard output, for results.
package final class ResultOutput {
  /// The reader of the pipe has closed it, as `head` does.
  package struct ReaderGone: Error {}

  private static let capacity = 1 << 16
  private var buffer: [UInt8] = []
  package let flushesEachLine: Bool

  /// - Parameter flushesEachLine: `true` if somebody waits for each line, at a terminal or at the end of a pipe.
  package init(flushesEachLine: Bool = isatty(STDOUT_FILENO) == 1) {
    self.flushesEachLine = flushesEachLine
    buffer.reserveCapacity(Self.capacity)
  }

  /// - Throws: `ReaderGone`, or `CommandFailure` if writing fails.
  package func line(_ bytes: [UInt8]) throws {
    buffer += bytes
    buffer.append(0x0A)
    if flushesEachLine || buffer.count >= Self.capacity { try flush() }
  }

  package func line(_ text: String) throws { try line(Array(text.utf8)) }

  /// Writes all lines at once.
  package func print(_ lines: some Sequence<String>) throws {
    for text in lines { try line(text) }
    try flush()
  }

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

/// The JSON output of a command: one line, with members sorted by name.
package enum JSONLine {
  package static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
