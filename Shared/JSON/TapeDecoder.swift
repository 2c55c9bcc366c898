/// Swift's `Decoder` over one value of the tape; also the container of a single value.
///
/// Two words, no references: it must not outlive the decoding it is handed to, which no `init(from:)` has reason to do.
struct TapeDecoder: Decoder, SingleValueDecodingContainer {
  let tape: UnsafePointer<Tape>
  let index: Int

  var codingPath: [any CodingKey] { tape.pointee.steps(to: index) }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(try TapeObject<Key>(tape, index))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try TapeArray(tape, index) }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

  // MARK: Values

  /// Decodes a value of any type; whatever its `init(from:)` throws comes out as a `JSONError` with a path.
  func decode<T: Decodable>(_ type: T.Type) throws(JSONError) -> T {
    // Elements of arrays and dictionaries come here even when they are plain; `T` is known to be the type cast to.
    if T.self == String.self { return unsafeBitCast(try string(), to: T.self) }
    if T.self == Int64.self { return unsafeBitCast(try integer(Int64.self), to: T.self) }
    do {
      return try T(from: self)
    } catch {
      throw JSONError(error, at: tape.pointee.path(to: index))
    }
  }

  func string() throws(JSONError) -> String {
    guard tape.pointee.kind(index) == .string else { throw mismatch("a string") }
    return tape.pointee.text(index)
  }

  func bool() throws(JSONError) -> Bool {
    switch tape.pointee.kind(index) {
    case .true: return true
    case .false: return false
    default: throw mismatch("true or false")
    }
  }

  /// Whole numbers only: `1.0` and `1e3` are refused, since a sender of such money has left integers behind.
  func integer<T: FixedWidthInteger>(_ type: T.Type) throws(JSONError) -> T {
    let number = tape.pointee.number(index)
    switch tape.pointee.kind(index) {
    case .signed:
      let value = Int64(bitPattern: number)
      if let value = T(exactly: value) { return value }
      throw outOfRange("\(value) is beyond \(type)")
    case .unsigned:
      if let value = T(exactly: number) { return value }
      throw outOfRange("\(number) is beyond \(type)")
    default:
      throw mismatch("an integer")
    }
  }

  func double() throws(JSONError) -> Double {
    let number = tape.pointee.number(index)
    switch tape.pointee.kind(index) {
    case .double: return Double(bitPattern: number)
    case .signed: return Double(Int64(bitPattern: number))
    case .unsigned: return Double(number)
    default: throw mismatch("a number")
    }
  }

  func mismatch(_ expected: String) -> JSONError {
    let found = tape.pointee.kind(index).words
    return JSONError(reason: .malformed, path: tape.pointee.path(to: index), detail: "expected \(expected), found \(found)")
  }

  private func outOfRange(_ detail: String) -> JSONError {
    JSONError(reason: .outOfRange, path: tape.pointee.path(to: index), detail: detail)
  }

  // MARK: A single value

  func decodeNil() -> Bool { tape.pointee.isNull(index) }
  func decode(_ type: Bool.Type) throws -> Bool { try bool() }
  func decode(_ type: String.Type) throws -> String { try string() }
  func decode(_ type: Double.Type) throws -> Double { try double() }
  func decode(_ type: Float.Type) throws -> Float { Float(try double()) }
  func decode(_ type: Int.Type) throws -> Int { try integer(type) }
  func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
  func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
}
