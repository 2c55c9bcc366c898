import Glibc
import Synchronization

/// Writes whole lines to one file descriptor, from any thread. On a terminal it can keep one line at the bottom, such as a progress
/// bar, and writes other lines above it.
public final class LineSink: Sendable {
  /// The process's standard error. All logs and progress bars share this sink, so that their lines do not mix.
  public static let standardError = LineSink(descriptor: STDERR_FILENO)
  public static let standardOutput = LineSink(descriptor: STDOUT_FILENO)

  public let descriptor: Int32
  private let footer = Mutex<String>("")

  /// The descriptor belongs to the caller, who must keep it open while the sink is used. The sink does not close it.
  public init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Writes the text and a line feed with one write(2), so that lines of other processes on the same descriptor stay whole too.
  public func line(_ text: String) {
    footer.withLock { footer in
      let bytes = footer.isEmpty ? Array("\(text)\n".utf8) : Array("\r\u{1B}[K\(text)\n\(footer)".utf8)
      LineSink.write(bytes, to: descriptor)
    }
  }

  /// Replaces the line at the bottom. An empty text removes it.
  func setFooter(_ text: String) {
    footer.withLock { footer in
      footer = text
      LineSink.write(Array("\r\u{1B}[K\(text)".utf8), to: descriptor)
    }
  }

  /// Writes everything, or gives up silently, because there is nowhere to report that standard error is gone.
  static func write(_ bytes: [UInt8], to descriptor: Int32) {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count > 0 {
          rest = rest.dropFirst(count)
        } else if errno == EAGAIN {
          var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&wait, 1, 1000)
        } else if errno != EINTR {
          return
        }
      }
    }
  }
}
