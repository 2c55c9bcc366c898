import Foundation
import ServiceKit

/// A line of a file, without its line feed.
package struct Line: Sendable {
  /// Counted from 1.
  package let number: Int
  /// The line, truncated to the number of bytes that the reader keeps.
  package let bytes: [UInt8]
  /// Its full length in bytes.
  package let length: Int

  package var isBlank: Bool { bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
}

/// Reads the lines of a file or of standard input one by one, in bounded memory even if the file or a line is very long.
package final class LineReader {
  /// The name of the file in messages: its path as given.
  package let name: String
  private let descriptor: Int32
  private let keptBytesMax: Int
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var next = 0
  private var end = 0
  private var number = 0
  /// Some editors write it at the beginning of a file. It is removed.
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// - Parameters:
  ///   - path: `-` is standard input.
  ///   - keptBytesMax: maximum number of bytes to keep of a line. The length of a longer line is still counted.
  /// - Throws: `CommandFailure` if the file cannot be opened.
  package init(path: String, keptBytesMax: Int) throws {
    name = path
    self.keptBytesMax = keptBytesMax
    descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw CommandFailure("\(path): \(String(cString: strerror(errno)))") }
  }

  deinit { if descriptor != STDIN_FILENO { close(descriptor) } }

  /// The next line, or `nil` at the end. A last line without a line feed counts as a line.
  package func line() throws -> Line? {
    var bytes: [UInt8] = []
    var length = 0
    var isOpen = false
    while true {
      if next == end {
        guard try fill() else { break }
      }
      isOpen = true
      let feed = lineFeed
      let piece = next..<(feed ?? end)
      bytes += buffer[piece.prefix(keptBytesMax - bytes.count)]
      length += piece.count
      next = feed.map { $0 + 1 } ?? end
      if feed != nil { break }
    }
    guard isOpen else { return nil }
    number += 1
    if number == 1, bytes.starts(with: Self.byteOrderMark) { bytes.removeFirst(Self.byteOrderMark.count) }
    return Line(number: number, bytes: bytes, length: length)
  }

  /// The place of the next line feed in the buffer.
  private var lineFeed: Int? {
    buffer.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress, let found = memchr(start + next, 0x0A, end - next) else { return nil }
      return UnsafeRawPointer(found) - start
    }
  }

  private func fill() throws -> Bool {
    while true {
      // A pipe may be silent for long. An interrupt ends the input here.
      guard Shutdown.waitToRead(descriptor) else { return false }
      let count = read(descriptor, &buffer, buffer.count)
      if count >= 0 {
        next = 0
        end = count
        return count > 0
      }
      guard errno == EINTR else { throw CommandFailure("\(name): \(String(cString: strerror(errno)))") }
    }
  }

  /// Number of lines in a file, for a progress bar. `nil` if it is not a regular file.
  package static func count(path: String) -> Int? {
    guard path != "-", let file = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? file.close() }
    var status = stat()
    guard fstat(file.fileDescriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    var count = 0
    var lastByte: UInt8 = 0x0A
    while let data = try? file.read(upToCount: 1 << 20), let last = data.last {
      for byte in data where byte == 0x0A { count += 1 }
      lastByte = last
    }
    return lastByte == 0x0A ? count : count + 1
  }
}
