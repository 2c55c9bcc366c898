/// A value that can be read from JSON. It does without Swift's generic decoding containers, which are some ten times slower.
public protocol JSONDecodable {
  /// - Throws: an error with the path of the wrong value.
  init(json: JSONValue) throws(JSONError)
}

/// A value that can be written as JSON. The same value gives the same bytes in every process.
public protocol JSONEncodable {
  func write(to json: inout JSONWriter)
}

public typealias JSONCodable = JSONDecodable & JSONEncodable

/// A type of state rows or internal messages. `make contracts` generates its codec from its declaration.
public protocol Stored: JSONCodable, Sendable {}

extension JSONEncodable {
  /// The value alone, as compact JSON.
  public func jsonBytes() -> [UInt8] {
    var json = JSONWriter()
    write(to: &json)
    return json.bytes()
  }
}

extension String: JSONCodable {
  @inlinable public init(json: JSONValue) throws(JSONError) { self = try json.string() }
  @inlinable public func write(to json: inout JSONWriter) { json.string(self) }
}

extension Int64: JSONCodable {
  @inlinable public init(json: JSONValue) throws(JSONError) { self = try json.integer() }
  @inlinable public func write(to json: inout JSONWriter) { json.integer(self) }
}

extension Int: JSONCodable {
  @inlinable public init(json: JSONValue) throws(JSONError) { self = Int(try json.integer()) }
  @inlinable public func write(to json: inout JSONWriter) { json.integer(Int64(self)) }
}

extension Bool: JSONCodable {
  @inlinable public init(json: JSONValue) throws(JSONError) { self = try json.bool() }
  @inlinable public func write(to json: inout JSONWriter) { json.bool(self) }
}

extension Array: JSONDecodable where Element: JSONDecodable {
  @inlinable public init(json: JSONValue) throws(JSONError) { self = try json.array() }
}

extension Array: JSONEncodable where Element: JSONEncodable {
  @inlinable public func write(to json: inout JSONWriter) {
    json.beginArray()
    for element in self { json.element(element) }
    json.endArray()
  }
}

extension Dictionary: JSONDecodable where Key == String, Value: JSONDecodable {
  public init(json: JSONValue) throws(JSONError) {
    self.init()
    for (name, value) in try json.object().members() { self[name] = try Value(json: value) }
  }
}

extension Dictionary: JSONEncodable where Key == String, Value: JSONEncodable {
  /// Sorted by key, because Swift's own order differs from process to process.
  public func write(to json: inout JSONWriter) {
    json.beginObject()
    for (key, value) in sorted(by: { $0.key < $1.key }) { json.member(named: key, value) }
    json.endObject()
  }
}

/// A closed list of words. Any other word is malformed.
public protocol JSONWord: JSONCodable, RawRepresentable, CaseIterable where RawValue == String {}

extension JSONWord {
  @inlinable public init(json: JSONValue) throws(JSONError) {
    let word = try json.string()
    guard let value = Self(rawValue: word) else { throw json.notOne(of: Self.allCases.map(\.rawValue), word) }
    self = value
  }

  @inlinable public func write(to json: inout JSONWriter) { json.string(rawValue) }
}

extension JSONValue {
  @usableFromInline func notOne(of words: [String], _ word: String) -> JSONError {
    error("\"\(word.prefix(60))\" is not one of \(words.joined(separator: ", "))")
  }
}

/// A list of words that later versions may extend. An unknown word is kept (`other`), so that old readers continue to work.
public protocol JSONOpenWord: JSONCodable, RawRepresentable, CaseIterable, Codable where RawValue == String {
  init(rawValue: String)
}

extension JSONOpenWord {
  @inlinable public init(json: JSONValue) throws(JSONError) { self.init(rawValue: try json.string()) }
  @inlinable public func write(to json: inout JSONWriter) { json.string(rawValue) }
}
