import CPortalAssets
import Foundation

/// The configurable colour of links, buttons and available amounts.
struct Accent: Sendable, Equatable {
  let hex: String

  static let laurel = Accent(hex: "#1b6b50")

  private init(hex: String) { self.hex = hex }

  /// Reads `#` and six hexadecimal digits. Returns `nil` for anything else, and for a colour on which white text would be hard to
  /// read: the contrast with white must be at least 4.5 : 1 (WCAG 2.2, 1.4.3).
  init?(_ text: String) {
    let digits = text.dropFirst().compactMap(\.hexDigitValue)
    guard text.first == "#", text.utf8.count == 7, digits.count == 6 else { return nil }
    let channels = [0, 2, 4].map { Double(digits[$0] * 16 + digits[$0 + 1]) / 255 }
    // Relative luminance as WCAG defines it, with the exponent of sRGB.
    let linear = channels.map { $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) }
    let luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    guard 1.05 / (luminance + 0.05) >= 4.5 else { return nil }
    hex = text.lowercased()
  }
}

/// The files that the program carries.
enum Assets {
  /// The style sheet of all pages, without comments and optional white space.
  static func style(accent: Accent) -> [UInt8] {
    let lines = text(PortalAssetStyle).split(separator: "\n")
    var rules = lines.filter { !$0.hasPrefix("/*") }.map { String($0.drop { $0 == " " }) }.joined(separator: "\n")
    for (long, short) in [(": ", ":"), ("; ", ";"), (", ", ","), (" {", "{"), ("{ ", "{"), (";}", "}")] {
      rules = rules.replacing(long, with: short)
    }
    return Array(":root{--base:\(accent.hex);--accent:var(--base)}\n\(rules)\n".utf8)
  }

  /// The script that copies the link.
  static var copyScript: [UInt8] { Array(text(PortalAssetCopyScript).utf8) }

  static func text(_ asset: PortalAsset) -> String {
    let bytes = portal_asset(asset)
    return String(decoding: UnsafeRawBufferPointer(start: bytes.start, count: bytes.count), as: UTF8.self)
  }
}
