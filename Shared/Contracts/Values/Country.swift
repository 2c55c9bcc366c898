/// A country by its two letters (ISO 3166-1), read in either case and kept in capitals. Unassigned codes are accepted.
public struct Country: Hashable, Sendable, CustomStringConvertible {
  public let code: String

  /// `nil` if the text is not two letters.
  public init?(_ code: String) {
    var code = code
    guard let country = code.withUTF8({ Country(text: $0) }) else { return nil }
    self = country
  }

  public var description: String { code }
}

extension Country: TextValue {
  static let form = "a country of two letters, such as UA"
  var text: String { code }

  init?(text: UnsafeBufferPointer<UInt8>) {
    guard text.count == 2, text.allSatisfy({ 0x61...0x7A ~= $0 | 0x20 }) else { return nil }
    code = String(decoding: text.map { $0 & ~0x20 }, as: UTF8.self)
  }
}

extension Country: ExpressibleByStringLiteral {
  /// Only for literals in source text.
  public init(stringLiteral literal: StaticString) {
    guard let country = Country("\(literal)") else { preconditionFailure("not a country: \(literal)") }
    self = country
  }
}
