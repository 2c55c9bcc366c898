/// A country by its two letters (ISO 3166-1), read in either case and kept in capitals. Unassigned codes are accepted.
public struct Country: Hashable, Sendable {
  public let code: String
}

extension Country: TextValue, ExpressibleByStringLiteral {
  public static let form = "a country of two letters, such as UA"
  public var text: String { code }

  public init?(text: UnsafeBufferPointer<UInt8>) {
    guard text.count == 2, text.allSatisfy({ 0x61...0x7A ~= $0 | 0x20 }) else { return nil }
    code = String(decoding: text.map { $0 & ~0x20 }, as: UTF8.self)
  }
}
