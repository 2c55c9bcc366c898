import JSON

/// The JSON parser. Accepted text survives writing and reading; rejected text gives a message of bounded length.
enum JSONTarget {
  /// A detail quotes only a few names of its text.
  private static let detailBytesMax = 1000

  static func run(_ bytes: [UInt8]) throws {
    let parser = JSONParser()
    guard let text = try text(bytes, parser) else { return }
    guard let value = try? parser.decode(AnyJSON.self, from: bytes) else { throw Broken("a parsed text is no value") }
    try hold(parser.unknownFields.isEmpty, "fields that were decoded count as unknown")

    // The written text is read as the same value and written as the same text.
    let other = JSONParser()
    try hold(try other.read(text) { $0.serialized() } == text, "serialized differs the second time")
    try hold(try other.decode(AnyJSON.self, from: text) == value, "serialized reads as another value")
    try hold(value.jsonBytes() == text, "encoded and serialized differ")
  }

  /// The text as Laurel writes it; nil if it is not JSON.
  private static func text(_ bytes: [UInt8], _ parser: JSONParser) throws -> [UInt8]? {
    let second = JSONParser()
    do {
      try second.read(bytes) { _ in }
    } catch {
      try hold(error.detail.utf8.count <= detailBytesMax, "a detail of \(error.detail.utf8.count) bytes")
      do { try parser.read(bytes) { _ in } } catch let same {
        try hold(same == error, "rejected twice in different words: \(error), \(same)")
        return nil
      }
      throw Broken("rejected once, taken once")
    }
    return try parser.read(bytes) { $0.serialized() }
  }
}

/// Any JSON, with members in their order.
indirect enum AnyJSON: JSONCodable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// The number as written.
  case double(String)
  case string([UInt8])
  case array([AnyJSON])
  case object([Member])

  struct Member: Equatable {
    let name: String
    let value: AnyJSON
  }

  init(json: JSONValue) throws(JSONError) {
    if json.isNull {
      self = .null
    } else if let members = try? json.object().members() {
      var read: [Member] = []
      for (name, value) in members { read.append(Member(name: name, value: try AnyJSON(json: value))) }
      self = .object(read)
    } else if let bool = try? json.bool() {
      self = .bool(bool)
    } else if let number = try? json.integer() {
      self = .integer(number)
    } else if let text = try? json.string() {
      self = .string(Array(text.utf8))
    } else if let elements = try? json.array(of: AnyJSON.self) {
      self = .array(elements)
    } else {
      self = .double(String(decoding: json.serialized(), as: UTF8.self))
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .null: json.null()
    case .bool(let value): value.write(to: &json)
    case .integer(let value): value.write(to: &json)
    case .double(let text): json.raw(Array(text.utf8))
    case .string(let bytes): bytes.withUnsafeBufferPointer { json.string($0) }
    case .array(let elements): elements.write(to: &json)
    case .object(let members):
      json.beginObject()
      for member in members { json.member(named: member.name, member.value) }
      json.endObject()
    }
  }
}
