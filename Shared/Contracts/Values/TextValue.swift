import JSON

/// A value that is written as text in JSON, and for which not every text is valid.
public protocol TextValue: JSONCodable, Codable, LosslessStringConvertible {
  /// What the text must be, for error messages.
  static var form: String { get }
  var text: String { get }
  /// `nil` if the UTF-8 text is not a valid value.
  init?(text: UnsafeBufferPointer<UInt8>)
}

extension TextValue {
  /// `nil` if the text is not a valid value.
  public init?(_ text: String) {
    var text = text
    guard let value = text.withUTF8({ Self(text: $0) }) else { return nil }
    self = value
  }

  /// For types of literals in source text: an invalid one traps. For other text use the failable initializer.
  public init(stringLiteral literal: StaticString) {
    guard let value = Self("\(literal)") else { preconditionFailure("\"\(literal)\" is not \(Self.form)") }
    self = value
  }

  public var description: String { text }

  public init(json: JSONValue) throws(JSONError) {
    let utf8 = try json.utf8()
    guard let value = Self(text: utf8) else {
      throw json.error("\"\(String(decoding: utf8.prefix(60), as: UTF8.self))\" is not \(Self.form)")
    }
    self = value
  }

  public func write(to json: inout JSONWriter) { json.string(text) }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = Self(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text.prefix(60))\" is not \(Self.form)")
    }
    self = value
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension JSONOpenWord {
  public init(from decoder: any Decoder) throws {
    self.init(rawValue: try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
}

extension KeyedDecodingContainer {
  /// Checks a bound of ops/contracts/messages that the type alone does not check, for Swift's own decoders.
  func check(_ holds: Bool, _ name: String, _ detail: @autoclosure () -> String) throws {
    guard !holds else { return }
    throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: "\(name): \(detail())"))
  }
}
