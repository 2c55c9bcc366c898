/// The members of one object on the tape.
///
/// No dictionary: members are looked for from behind the last one found, so that declaration order costs one comparison each.
struct TapeObject<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let tape: UnsafePointer<Tape>
  private let object: Int

  init(_ tape: UnsafePointer<Tape>, _ index: Int) throws(JSONError) {
    guard tape.pointee.isObject(index) else {
      throw TapeDecoder(tape: tape, index: index).mismatch("an object")
    }
    self.tape = tape
    object = index
    tape.pointee.open(index)
  }

  var codingPath: [any CodingKey] { tape.pointee.steps(to: object) }

  var allKeys: [Key] {
    var keys: [Key] = []
    var key = object + 1
    let end = tape.pointee.close(object)
    while key < end {
      if let key = Key(stringValue: tape.pointee.text(key)) { keys.append(key) }
      key = tape.pointee.after(key + 1)
    }
    return keys
  }

  /// The member's value; nil when there is none.
  private func find(_ key: some CodingKey) -> TapeDecoder? {
    var name = key.stringValue
    let index = name.withUTF8 { tape.pointee.member($0, of: object) }
    return index.map { TapeDecoder(tape: tape, index: $0) }
  }

  /// The member's value; nil when there is none or it is `null`.
  private func present(_ key: Key) -> TapeDecoder? {
    guard let value = find(key), !tape.pointee.isNull(value.index) else { return nil }
    return value
  }

  private func require(_ key: some CodingKey) throws(JSONError) -> TapeDecoder {
    if let value = find(key) { return value }
    let path = PathStep.text(PathStep.member(key.stringValue), after: tape.pointee.path(to: object))
    throw JSONError(reason: .malformed, path: path, detail: "missing")
  }

  func contains(_ key: Key) -> Bool { find(key) != nil }
  func decodeNil(forKey key: Key) throws -> Bool { try require(key).decodeNil() }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try require(key).decode(type) }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try require(key).bool() }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try require(key).string() }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try require(key).double() }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float { Float(try require(key).double()) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try require(key).integer(type) }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try require(key).integer(type) }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try require(key).integer(type) }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try require(key).integer(type) }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try require(key).integer(type) }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try require(key).integer(type) }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try require(key).integer(type) }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try require(key).integer(type) }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try require(key).integer(type) }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try require(key).integer(type) }

  // The standard implementations of these look a member up three times.
  func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? { try present(key)?.decode(type) }
  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try present(key)?.bool() }
  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try present(key)?.string() }
  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try present(key)?.double() }
  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try present(key)?.integer(type) }
  func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? { try present(key)?.integer(type) }
  func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try present(key)?.integer(type) }
  func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? { try present(key)?.integer(type) }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try require(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try require(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { try require(PathStep.member("super")) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try require(key) }
}
