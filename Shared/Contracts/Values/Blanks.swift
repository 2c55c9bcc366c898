import JSON

extension String {
  /// The text without blanks around it, which people copy along with a code (DECISIONS R7): Unicode White_Space, zero-width characters,
  /// byte order marks.
  public var trimmingBlanks: String {
    func isBlank(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.value {
      case 0x200B...0x200D, 0x2060, 0xFEFF: true
      default: scalar.properties.isWhitespace
      }
    }
    let scalars = unicodeScalars
    guard let first = scalars.firstIndex(where: { !isBlank($0) }), let last = scalars.lastIndex(where: { !isBlank($0) }) else {
      return ""
    }
    return String(scalars[first...last])
  }
}

/// A code from a link or a person. Blanks around it are cut (DECISIONS R7).
public struct PastedCode: Hashable, Sendable {
  public let code: Code
  public var value: String { code.value }

  public init(_ code: Code) { self.code = code }
}

extension PastedCode: TextValue {
  public static let form = Code.form
  public var text: String { code.value }

  public init?(text: UnsafeBufferPointer<UInt8>) {
    guard let code = Code(String(decoding: text, as: UTF8.self).trimmingBlanks) else { return nil }
    self.code = code
  }
}
