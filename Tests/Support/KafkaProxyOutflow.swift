import Foundation

/// Bytes waiting for one socket, in order, each with its earliest time.
struct KafkaProxyOutflow {
  private struct Chunk {
    let due: ContinuousClock.Instant
    var bytes: [UInt8]
    /// The number of bytes written.
    var written = 0
  }

  private var chunks: [Chunk] = []
  private var notBefore: ContinuousClock.Instant?
  private(set) var count = 0

  var isEmpty: Bool { chunks.isEmpty }

  mutating func append(_ bytes: ArraySlice<UInt8>, due: ContinuousClock.Instant) {
    count += bytes.count
    chunks.append(Chunk(due: due, bytes: Array(bytes)))
  }

  mutating func removeAll() {
    chunks.removeAll()
    count = 0
  }

  /// The time of the next write; nil if there is nothing to write.
  var due: ContinuousClock.Instant? {
    guard let first = chunks.first else { return nil }
    return notBefore.map { max($0, first.due) } ?? first.due
  }

  /// Writes the bytes that are due, as far as the socket accepts them.
  /// - Returns: false if the connection is gone.
  mutating func write(to socket: Int32, _ now: ContinuousClock.Instant, bytesPerSecond: Int?) -> Bool {
    while let due, due <= now {
      let start = chunks[0].written
      let size = min(chunks[0].bytes.count - start, bytesPerSecond == nil ? .max : 16_384)
      let sent = chunks[0].bytes.withUnsafeBytes { bytes in
        bytes.baseAddress.map { send(socket, $0 + start, size, Int32(MSG_NOSIGNAL)) } ?? 0
      }
      guard sent >= 0 else { return errno == EAGAIN || errno == EINTR }
      count -= sent
      chunks[0].written += sent
      if chunks[0].written == chunks[0].bytes.count { chunks.removeFirst() }
      notBefore = bytesPerSecond.map { now + .seconds(Double(sent) / Double($0)) }
    }
    return true
  }
}

/// Cuts a stream into Kafka's frames without storing them. It reports the first bytes of each frame once, and forwards the rest as it
/// arrives.
struct KafkaProxyFrames {
  /// Enough for the ids in a request's header.
  private static let startMax = 1_024
  private static let sizeMax = 512 << 20

  private var start: [UInt8] = []
  /// Bytes of the current frame that have not arrived yet.
  private var left = 0

  /// - Parameters:
  ///   - begin: gets a frame's first bytes, including the length, and whether the frame is complete.
  ///   - goOn: gets further bytes of the same frame, and whether the frame is complete.
  /// - Returns: false if this is not Kafka's protocol.
  mutating func take(
    _ bytes: ArraySlice<UInt8>, begin: (ArraySlice<UInt8>, Bool) -> Void, goOn: (ArraySlice<UInt8>, Bool) -> Void
  ) -> Bool {
    var bytes = bytes
    while !bytes.isEmpty {
      if left > 0 {
        let part = bytes.prefix(left)
        bytes = bytes.dropFirst(part.count)
        left -= part.count
        goOn(part, left == 0)
        continue
      }
      let part = bytes.prefix((start.count < 4 ? 4 : min(4 + size, Self.startMax)) - start.count)
      start += part
      bytes = bytes.dropFirst(part.count)
      guard start.count >= 4 else { continue }
      guard size >= 4, size <= Self.sizeMax else { return false }
      guard start.count == min(4 + size, Self.startMax) else { continue }
      left = 4 + size - start.count
      begin(start[...], left == 0)
      start.removeAll(keepingCapacity: true)
    }
    return true
  }

  private var size: Int { start.prefix(4).reduce(0) { $0 << 8 | Int($1) } }
}
