import CQREncode

/// A QR code (ISO/IEC 18004) for a text, as a grid of modules.
///
/// It uses error correction level M: up to 15 % of a print may be damaged.
public struct QRCode: Sendable, Equatable {
  /// Modules per side, without the quiet zone.
  public let width: Int
  /// Row by row; true is dark.
  public let modules: [Bool]

  /// The number of light modules that a reader needs around the code.
  static let quietZone = 4

  /// `nil` if the text is empty, contains a zero byte or is too long for a code (2,331 bytes).
  public init?(_ text: String) {
    guard !text.utf8.contains(0), let code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1) else { return nil }
    defer { QRcode_free(code) }
    width = Int(code.pointee.width)
    // The lowest bit of a module is its colour.
    modules = UnsafeBufferPointer(start: code.pointee.data, count: width * width).map { $0 & 1 == 1 }
  }

  /// Whether a module is dark. Modules outside the code are light.
  func isDark(_ column: Int, _ row: Int) -> Bool {
    0..<width ~= column && 0..<width ~= row && modules[row * width + column]
  }

  /// An SVG picture with a quiet zone. It is dark on light whatever the page's colours are, because readers need that.
  public var svg: String {
    let side = width + 2 * QRCode.quietZone
    var path = ""
    for row in 0..<width {
      var column = 0
      while column < width {
        let start = column
        while isDark(column, row) { column += 1 }
        if column > start {
          path += "M\(start + QRCode.quietZone) \(row + QRCode.quietZone)h\(column - start)v1h-\(column - start)z"
        }
        column += 1
      }
    }
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(side) \(side)\" shape-rendering=\"crispEdges\">"
      + "<path fill=\"#fff\" d=\"M0 0h\(side)v\(side)H0z\"/><path fill=\"#000\" d=\"\(path)\"/></svg>"
  }

  /// A PNG picture with a quiet zone: one bit per pixel, not compressed (18 KB at 10 pixels per module).
  ///
  /// - Parameter scale: pixels per side of a module; 1...64.
  public func png(scale: Int = 10) -> [UInt8] {
    let scale = min(max(scale, 1), 64)
    let side = (width + 2 * QRCode.quietZone) * scale
    var pixels: [UInt8] = []
    for y in 0..<side {
      // A row begins with its filter byte: none.
      var row = [UInt8](repeating: 0, count: 1 + (side + 7) / 8)
      for x in 0..<side where !isDark(x / scale - QRCode.quietZone, y / scale - QRCode.quietZone) {
        row[1 + x / 8] |= 0x80 >> UInt8(x % 8)
      }
      pixels += row
    }
    return PNG.grayscale(side: side, rows: pixels)
  }
}
