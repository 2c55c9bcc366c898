import Foundation
import Testing

@testable import QR

/// QR codes. Tests/Portal reads their pictures back with ZBar.
@Suite struct QRCodeTests {
  static let link = "https://doc.example/?ref=acme"

  @Test func modulesAreThoseOfTheStandard() throws {
    let code = try #require(QRCode(Self.link))
    // Version 3 holds 42 bytes at level M. Each version adds four modules per side.
    #expect(code.width == 29)
    // The three finder patterns are a ring, a gap and a square. The fourth corner has none.
    let finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]
    for (left, top) in [(0, 0), (22, 0), (0, 22)] {
      for row in 0..<7 {
        let found = (0..<7).map { code.isDark(left + $0, top + row) ? "1" : "0" }.joined()
        #expect(found == finder[row])
      }
    }
    #expect(!code.isDark(-1, 0) && !code.isDark(29, 0) && !code.isDark(0, 29))
  }

  @Test func whatCannotBeACode() {
    #expect(QRCode("") == nil)
    #expect(QRCode("a\u{0}b") == nil)
    #expect(QRCode(String(repeating: "a", count: 2331)) != nil)
    #expect(QRCode(String(repeating: "a", count: 2332)) == nil)
  }

  @Test func svgHasEveryDarkModule() throws {
    let code = try #require(QRCode(Self.link))
    #expect(XMLDocumentCheck.parse(code.svg) != nil)
    let runs = code.svg.matches(of: /M(\d+) (\d+)h(\d+)v1h-(\d+)z/)
    var dark = 0
    for run in runs {
      let (x, y, length) = (try #require(Int(run.1)), try #require(Int(run.2)), try #require(Int(run.3)))
      for column in x..<x + length { #expect(code.isDark(column - 4, y - 4)) }
      dark += length
    }
    #expect(dark == code.modules.count { $0 })
  }

  /// Parses the file according to ISO/IEC 15948 and compares its pixels with the modules.
  @Test(arguments: [1, 7, 10, 64])
  func pngHasEveryModule(scale: Int) throws {
    let code = try #require(QRCode(Self.link))
    let side = (code.width + 8) * scale
    let file = code.png(scale: scale)
    #expect(Array(file.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    var place = 8
    var types: [String] = []
    var image: [UInt8] = []
    while place < file.count {
      let length = file[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      types.append(String(decoding: file[place + 4..<place + 8], as: UTF8.self))
      let data = Array(file[place + 8..<place + 8 + length])
      if types.last == "IHDR" { #expect(data.prefix(8).reduce(0) { $0 << 8 | Int($1) } == side << 32 | side) }
      if types.last == "IDAT" { image = data }
      place += 12 + length
    }
    #expect(types == ["IHDR", "IDAT", "IEND"])
    // Stored blocks: a flag, then the length and its complement.
    var rows: [UInt8] = []
    var block = 2
    var isLast = false
    while !isLast {
      isLast = image[block] == 1
      let length = Int(image[block + 1]) | Int(image[block + 2]) << 8
      #expect(Int(image[block + 3]) | Int(image[block + 4]) << 8 == length ^ 0xFFFF)
      rows += image[block + 5..<block + 5 + length]
      block += 5 + length
    }
    #expect(block + 4 == image.count)
    let stride = 1 + (side + 7) / 8
    try #require(rows.count == stride * side)
    for row in 0..<code.width {
      for column in 0..<code.width {
        let (x, y) = ((column + 4) * scale, (row + 4) * scale)
        let isWhite = rows[y * stride + 1 + x / 8] >> UInt8(7 - x % 8) & 1 == 1
        #expect(isWhite != code.isDark(column, row))
      }
    }
  }
}
