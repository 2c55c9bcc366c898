/// The parts of PNG (ISO/IEC 15948) that a square of black and white needs.
enum PNG {
  /// - Parameter rows: each row starts with its filter byte; one bit per pixel, 1 is white.
  static func grayscale(side: Int, rows: [UInt8]) -> [UInt8] {
    let size = bytes(UInt32(side))
    // One bit per pixel, grayscale, deflate, the five filters, not interlaced.
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", size + size + [1, 0, 0, 0, 0])
      + chunk("IDAT", stored(rows)) + chunk("IEND", [])
  }

  private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + data
    return bytes(UInt32(data.count)) + body + bytes(crc(body))
  }

  /// A zlib stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4).
  private static func stored(_ data: [UInt8]) -> [UInt8] {
    var out: [UInt8] = [0x78, 0x01]
    var start = 0
    repeat {
      let end = min(start + 0xFFFF, data.count)
      let length = UInt16(end - start)
      out.append(end == data.count ? 1 : 0)
      for word in [length, ~length] { out += [UInt8(word & 0xFF), UInt8(word >> 8)] }
      out += data[start..<end]
      start = end
    } while start < data.count
    return out + bytes(adler(data))
  }

  private static func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 0xFF) } }

  private static func crc(_ data: [UInt8]) -> UInt32 {
    var value = ~UInt32(0)
    for byte in data {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }
    return ~value
  }

  private static func adler(_ data: [UInt8]) -> UInt32 {
    var (a, b) = (UInt32(1), UInt32(0))
    for byte in data {
      a = (a + UInt32(byte)) % 65_521
      b = (b + a) % 65_521
    }
    return b << 16 | a
  }
}
