import Foundation

/// Base64 with the alphabet for URLs and without padding (RFC 4648, section 5; RFC 7515, section 2).
public enum Base64URL {
  public static func text(of bytes: some Sequence<UInt8>) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// Returns `nil` for padding, other characters, an impossible length, and non-zero bits at the end. Each value has only one text, so no
  /// character of a signed text can be changed.
  public static func bytes(of text: some Sequence<UInt8>) -> [UInt8]? {
    let text = Array(text)
    let standard = text.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "+") : $0 == UInt8(ascii: "_") ? UInt8(ascii: "/") : $0 }
    let padding = [UInt8](repeating: UInt8(ascii: "="), count: (4 - text.count % 4) % 4)
    guard let bytes = Data(base64Encoded: Data(standard + padding)), Array(Self.text(of: bytes).utf8) == text else { return nil }
    return Array(bytes)
  }

  public static func bytes(of text: String) -> [UInt8]? { bytes(of: text.utf8) }
}
