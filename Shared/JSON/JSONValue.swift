/// One value of a parsed text, read in place. Valid until its parser parses again, so it must not be kept.
@frozen public struct JSONValue {
  @usableFromInline let tape: Tape
  @usableFromInline let index: Int

  @usableFromInline init(_ tape: Tape, _ index: Int) {
    self.tape = tape
    self.index = index
  }

  public var isNull: Bool { tape.kind(index) == .null }

  /// The paths of unknown members within this value; see `JSONParser.unknownFields`.
  public var unknownFields: [String] { tape.unknownFields(of: index) }
  /// The number of unknown members. Cheaper than their paths.
  public var unknownFieldCount: Int { tape.unknownFieldCount(of: index) }

  /// The UTF-8 bytes of a string with escapes resolved. Valid as long as the value.
  public func utf8() throws(JSONError) -> UnsafeBufferPointer<UInt8> {
    guard tape.kind(index) == .string else { throw mismatch("a string") }
    return tape.utf8(index)
  }

  public func string() throws(JSONError) -> String { String(decoding: try utf8(), as: UTF8.self) }

  public func bool() throws(JSONError) -> Bool {
    switch tape.kind(index) {
    case .true: return true
    case .false: return false
    default: throw mismatch("true or false")
    }
  }

  /// Accepts only whole numbers. `1.0` and `1e3` are rejected, because a sender who writes money like this uses floating point.
  public func integer() throws(JSONError) -> Int64 {
    switch tape.kind(index) {
    case .signed: return Int64(bitPattern: tape.number(index))
    case .unsigned: throw error("\(tape.number(index)) is greater than \(Int64.max)", reason: .outOfRange)
    default: throw mismatch("a whole number")
    }
  }

  public func object() throws(JSONError) -> JSONObject {
    guard tape.kind(index) == .object else { throw mismatch("an object") }
    tape.open(index)
    return JSONObject(tape, index)
  }

  /// Decodes each element of an array.
  @inlinable public func array<Element: JSONDecodable>(of type: Element.Type = Element.self) throws(JSONError) -> [Element] {
    let end = try arrayEnd()
    var elements: [Element] = []
    elements.reserveCapacity(tape.size(index))
    var item = index &+ 1
    while item < end {
      elements.append(try Element(json: JSONValue(tape, item)))
      item = tape.after(item)
    }
    return elements
  }

  @usableFromInline func arrayEnd() throws(JSONError) -> Int {
    guard tape.kind(index) == .array else { throw mismatch("an array") }
    return tape.close(index)
  }

  /// A stored enum case: `{"paid": {…}}`, or `"over"` for a case without values. For the latter, `value` is the string itself.
  public func variant() throws(JSONError) -> (name: String, value: JSONValue) {
    if tape.kind(index) == .string { return (tape.text(index), self) }
    _ = try object()
    guard tape.size(index) == 1 else { throw error("expected one member, found \(tape.size(index))") }
    let key = index &+ 1
    tape.marks[key] = 1
    return (tape.text(key), JSONValue(tape, key &+ 1))
  }

  @inlinable public func decode<Value: JSONDecodable>(_ type: Value.Type = Value.self) throws(JSONError) -> Value {
    try Value(json: self)
  }

  /// Compact JSON of the value, with members in their order and only the necessary escapes. Numbers with a point or an exponent are written
  /// as the shortest text of the same Double (`1e3` becomes `1000.0`). All members of an object that is kept as a whole count as known.
  public func serialized() -> [UInt8] {
    if tape.kind(index) == .object { tape.marks[index] = 0 }
    var writer = JSONWriter()
    writer.copy(self)
    return writer.bytes()
  }

  // MARK: Errors

  /// An error about this value, with its path.
  public func error(_ detail: String, reason: JSONError.Reason = .malformed) -> JSONError {
    JSONError(reason: reason, path: tape.path(to: index), detail: detail)
  }

  @usableFromInline func mismatch(_ expected: String) -> JSONError {
    error("expected \(expected), found \(tape.kind(index).words)")
  }
}

/// The members of one object.
///
/// A search begins after the last member found, so reading members in their written order costs one comparison each. A member that is never
/// read counts as unknown.
@frozen public struct JSONObject {
  @usableFromInline let tape: Tape
  @usableFromInline let index: Int

  @usableFromInline init(_ tape: Tape, _ index: Int) {
    self.tape = tape
    self.index = index
  }

  /// The member with this name. `nil` if it is absent or `null`.
  @inlinable public func member(_ name: StaticString) -> JSONValue? {
    find(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
  }

  @usableFromInline func find(_ name: UnsafeBufferPointer<UInt8>) -> JSONValue? {
    guard let value = tape.member(name, of: index), tape.kind(value) != .null else { return nil }
    return JSONValue(tape, value)
  }

  /// A required member.
  @inlinable public func required<Value: JSONDecodable>(
    _ name: StaticString, as type: Value.Type = Value.self
  ) throws(JSONError) -> Value {
    guard let value = member(name) else { throw missing(name) }
    return try Value(json: value)
  }

  /// An optional member, which may be absent or `null`.
  @inlinable public func optional<Value: JSONDecodable>(
    _ name: StaticString, as type: Value.Type = Value.self
  ) throws(JSONError) -> Value? {
    guard let value = member(name) else { return nil }
    return try Value(json: value)
  }

  @usableFromInline func missing(_ name: StaticString) -> JSONError {
    JSONError(reason: .malformed, path: path(of: name), detail: "missing")
  }

  /// Rejects the object if a bound of a member does not hold. For bounds that a type alone cannot express.
  @inlinable public func check(_ holds: Bool, _ name: StaticString, _ detail: @autoclosure () -> String) throws(JSONError) {
    if !holds { throw JSONError(reason: .malformed, path: path(of: name), detail: detail()) }
  }

  @usableFromInline func path(of name: StaticString) -> String {
    let parent = tape.path(to: index)
    return parent.isEmpty ? "\(name)" : "\(parent).\(name)"
  }

  /// All members in their order. All of them then count as known.
  public func members() -> [(name: String, value: JSONValue)] {
    var members: [(String, JSONValue)] = []
    let end = tape.close(index)
    var key = index &+ 1
    while key < end {
      tape.marks[key] = 1
      members.append((tape.text(key), JSONValue(tape, key &+ 1)))
      key = tape.after(key &+ 1)
    }
    return members
  }
}
