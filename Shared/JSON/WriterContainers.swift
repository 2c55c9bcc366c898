/// The members of an object being written, in the order in which they come.
struct WriterObject<Key: CodingKey>: KeyedEncodingContainerProtocol {
  private let place: WriterPlace

  init(_ place: WriterPlace) { self.place = place }

  var codingPath: [any CodingKey] { place.writer.pointee.steps }

  func encodeNil(forKey key: Key) throws { try place.member(key).encodeNil() }
  func encode(_ value: Bool, forKey key: Key) throws { try place.member(key).encode(value) }
  func encode(_ value: String, forKey key: Key) throws { try place.member(key).encode(value) }
  func encode(_ value: Int, forKey key: Key) throws { try place.member(key).encode(value) }
  func encode(_ value: Int8, forKey key: Key) throws { try place.member(key).encode(value) }
  func encode(_ value: Int16, forKey key: Key) throws { try place.member(key).encode(value) }
  func encode(_ value: Int32, forKey key: Key) throws { try place.member(key).encode(value) }
  func encode(_ value: Int64, forKey key: Key) throws { try place.member(key).encode(value) }
  func encode(_ value: UInt, forKey key: Key) throws { try place.member(key).encode(value) }
  func encode(_ value: UInt8, forKey key: Key) throws { try place.member(key).encode(value) }
  func encode(_ value: UInt16, forKey key: Key) throws { try place.member(key).encode(value) }
  func encode(_ value: UInt32, forKey key: Key) throws { try place.member(key).encode(value) }
  func encode(_ value: UInt64, forKey key: Key) throws { try place.member(key).encode(value) }

  // These can refuse, and must then leave no key behind.
  func encode(_ value: Float, forKey key: Key) throws { try encode(Double(value), forKey: key) }

  func encode(_ value: Double, forKey key: Key) throws {
    try place.write({ () throws(JSONError) in try place.member(key) }, { try $0.encode(value) })
  }

  func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
    try place.write({ () throws(JSONError) in try place.member(key) }, { try $0.encode(value) })
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy keyType: NestedKey.Type, forKey key: Key
  ) -> KeyedEncodingContainer<NestedKey> {
    KeyedEncodingContainer(
      WriterObject<NestedKey>(place.nested(.object) { () throws(JSONError) in try place.member(key) }))
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    WriterArray(place.nested(.array) { () throws(JSONError) in try place.member(key) })
  }

  func superEncoder() -> any Encoder { place.superEncoder() }
  func superEncoder(forKey key: Key) -> any Encoder { place.superEncoder() }
}

/// The elements of an array being written.
struct WriterArray: UnkeyedEncodingContainer {
  private let place: WriterPlace

  init(_ place: WriterPlace) { self.place = place }

  var codingPath: [any CodingKey] { place.writer.pointee.steps }
  var count: Int { place.members }

  func encodeNil() throws { try place.element().encodeNil() }
  func encode(_ value: Bool) throws { try place.element().encode(value) }
  func encode(_ value: String) throws { try place.element().encode(value) }
  func encode(_ value: Int) throws { try place.element().encode(value) }
  func encode(_ value: Int8) throws { try place.element().encode(value) }
  func encode(_ value: Int16) throws { try place.element().encode(value) }
  func encode(_ value: Int32) throws { try place.element().encode(value) }
  func encode(_ value: Int64) throws { try place.element().encode(value) }
  func encode(_ value: UInt) throws { try place.element().encode(value) }
  func encode(_ value: UInt8) throws { try place.element().encode(value) }
  func encode(_ value: UInt16) throws { try place.element().encode(value) }
  func encode(_ value: UInt32) throws { try place.element().encode(value) }
  func encode(_ value: UInt64) throws { try place.element().encode(value) }
  func encode(_ value: Float) throws { try encode(Double(value)) }

  func encode(_ value: Double) throws {
    try place.write({ () throws(JSONError) in try place.element() }, { try $0.encode(value) })
  }

  func encode<T: Encodable>(_ value: T) throws {
    try place.write({ () throws(JSONError) in try place.element() }, { try $0.encode(value) })
  }

  func nestedContainer<NestedKey: CodingKey>(keyedBy keyType: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
    KeyedEncodingContainer(WriterObject<NestedKey>(place.nested(.object) { () throws(JSONError) in try place.element() }))
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    WriterArray(place.nested(.array) { () throws(JSONError) in try place.element() })
  }

  func superEncoder() -> any Encoder { place.superEncoder() }
}

extension WriterPlace {
  /// An object of a superclass inside that of its subclass has no use here, and a value written any time later has no place.
  func superEncoder() -> any Encoder {
    _ = WriterPlace.refused("superEncoder is not supported", in: writer)
    return WriterEncoder(writer)
  }
}
