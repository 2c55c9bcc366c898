import JSON

/// The JSON parser: what it takes, it gives back; what it refuses, it refuses in words of bounded length.
enum JSONTarget {
  /// A detail quotes no more of its text than a few names.
  private static let detailBytesMax = 1000

  static func run(_ bytes: [UInt8]) throws {
    let parser = JSONParser()
    guard let document = try document(bytes, parser) else { return }
    guard let text = document.serialized() else { throw Broken("a parsed text cannot be written") }
    guard let value = try? document.decode(AnyJSON.self) else { throw Broken("a parsed text is no value") }
    try hold(document.unknownFields == 0, "fields that were decoded count as unknown")

    // What was written reads as the same, and writes as the same.
    let other = JSONParser()
    let again = try other.parse(text)
    try hold(again.serialized() == text, "serialized differs the second time")
    try hold(try again.decode(AnyJSON.self) == value, "serialized reads as another value")

    let encoded: [UInt8]
    do { encoded = try JSONEncoding.encode(value) } catch {
      // The parser does not count an empty innermost pair of brackets, the writer does.
      return try hold(error.reason == .tooDeep, "a parsed value cannot be encoded: \(error)")
    }
    try hold(try other.decode(AnyJSON.self, from: encoded) == value, "encoded reads as another value")
    try hold(encoded == text, "encoded and serialized differ")

    // The parser has been used since: its old document must refuse, not read another's tape.
    _ = try? parser.parse(Array("[1]".utf8))
    try hold(document.serialized() == nil, "a document outlives the next parse")
  }

  private static func document(_ bytes: [UInt8], _ parser: JSONParser) throws -> JSONDocument? {
    let second = JSONParser()
    do {
      _ = try second.parse(bytes)
    } catch {
      try hold(error.detail.utf8.count <= detailBytesMax, "a detail of \(error.detail.utf8.count) bytes")
      do { _ = try parser.parse(bytes) } catch let same {
        try hold(same == error, "refused twice in different words: \(error), \(same)")
        return nil
      }
      throw Broken("refused once, taken once")
    }
    return try parser.parse(bytes)
  }
}

/// Any JSON, members in their order.
enum AnyJSON: Codable, Equatable {
  case null
  case bool(Bool)
  case signed(Int64)
  case unsigned(UInt64)
  case double(Double)
  case text([UInt8])
  case array([AnyJSON])
  case object([Member])

  struct Member: Equatable {
    /// As bytes: Swift's strings are equal when they only look the same.
    let name: [UInt8]
    let value: AnyJSON
  }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    if let members = try? decoder.container(keyedBy: Name.self) {
      self = .object(
        try members.allKeys.map { Member(name: Array($0.stringValue.utf8), value: try members.decode(AnyJSON.self, forKey: $0)) })
    } else if var elements = try? decoder.unkeyedContainer() {
      var values: [AnyJSON] = []
      while !elements.isAtEnd { values.append(try elements.decode(AnyJSON.self)) }
      self = .array(values)
    } else {
      let value = try decoder.singleValueContainer()
      if value.decodeNil() {
        self = .null
      } else if let bool = try? value.decode(Bool.self) {
        self = .bool(bool)
      } else if let number = try? value.decode(Int64.self) {
        self = .signed(number)
      } else if let number = try? value.decode(UInt64.self) {
        self = .unsigned(number)
      } else if let number = try? value.decode(Double.self) {
        self = .double(number)
      } else {
        self = .text(Array(try value.decode(String.self).utf8))
      }
    }
  }

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .object(let members):
      var container = encoder.container(keyedBy: Name.self)
      for member in members {
        try container.encode(member.value, forKey: Name(stringValue: String(decoding: member.name, as: UTF8.self)))
      }
    case .array(let values):
      var container = encoder.unkeyedContainer()
      for value in values { try container.encode(value) }
    case .null: try Self.single(encoder) { try $0.encodeNil() }
    case .bool(let bool): try Self.single(encoder) { try $0.encode(bool) }
    case .signed(let number): try Self.single(encoder) { try $0.encode(number) }
    case .unsigned(let number): try Self.single(encoder) { try $0.encode(number) }
    case .double(let number): try Self.single(encoder) { try $0.encode(number) }
    case .text(let bytes): try Self.single(encoder) { try $0.encode(String(decoding: bytes, as: UTF8.self)) }
    }
  }

  private static func single(_ encoder: any Encoder, _ write: (inout any SingleValueEncodingContainer) throws -> Void) throws {
    var container = encoder.singleValueContainer()
    try write(&container)
  }
}
