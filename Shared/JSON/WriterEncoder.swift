/// Swift's `Encoder` for one value to be written at the writer's end; also the container of a single value.
///
/// Three words, no references: it must not outlive the encoding it is handed to, which no `encode(to:)` has reason to do.
struct WriterEncoder: Encoder, SingleValueEncodingContainer {
  let writer: UnsafeMutablePointer<JSONWriter>
  /// Brackets open around the value, and the offset at which it begins.
  private let depth: Int
  private let start: Int

  init(_ writer: UnsafeMutablePointer<JSONWriter>) {
    self.writer = writer
    depth = writer.pointee.depth
    start = writer.pointee.count
  }

  var codingPath: [any CodingKey] { writer.pointee.steps }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(WriterObject<Key>(open(writer.pointee.shape(keyedBy: type))))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer { WriterArray(open(.array)) }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  /// Opens the value's brackets, or finds them open: a class and its superclass share an object.
  private func open(_ shape: JSONWriter.Shape) -> WriterPlace {
    if writer.pointee.depth > depth, writer.pointee.frame(depth + 1).shape == shape {
      return WriterPlace(writer, depth: depth + 1)
    }
    return WriterPlace.opening(shape, in: writer, ifAt: start)
  }

  // MARK: Values

  /// Writes a value of any type, and nothing when it refuses.
  func encode<T: Encodable>(_ value: T) throws {
    // Elements of arrays and dictionaries come here even when they are plain; `T` is known to be the type cast to.
    if T.self == String.self { return try encode(unsafeBitCast(value, to: String.self)) }
    if T.self == Int64.self { return try encode(unsafeBitCast(value, to: Int64.self)) }
    try begin()
    let mark = writer.pointee.mark()
    do {
      try value.encode(to: WriterEncoder(writer))
    } catch {
      let located = JSONError(error, at: writer.pointee.path)
      writer.pointee.rewind(to: mark)
      throw located
    }
    writer.pointee.close(to: depth)
    // A type without members, or one that did not ask for a container.
    if writer.pointee.count == start {
      writer.pointee.append(UInt8(ascii: "{"))
      writer.pointee.append(UInt8(ascii: "}"))
    }
  }

  /// One value only.
  private func begin() throws(JSONError) {
    if let failure = writer.pointee.failure { throw failure }
    guard writer.pointee.count == start else {
      throw JSONError(reason: .malformed, path: writer.pointee.path, detail: "encoded as two values")
    }
  }

  func encodeNil() throws {
    try begin()
    writer.pointee.null()
  }

  func encode(_ value: Bool) throws {
    try begin()
    writer.pointee.bool(value)
  }

  func encode(_ value: String) throws {
    try begin()
    writer.pointee.string(value)
  }

  func encode(_ value: Double) throws {
    try begin()
    guard value.isFinite else {
      throw JSONError(reason: .outOfRange, path: writer.pointee.path, detail: "JSON has no number for \(value)")
    }
    writer.pointee.double(value)
  }

  func encode(_ value: Int64) throws {
    try begin()
    writer.pointee.signed(value)
  }

  func encode(_ value: UInt64) throws {
    try begin()
    writer.pointee.unsigned(value)
  }

  func encode(_ value: Float) throws { try encode(Double(value)) }
  func encode(_ value: Int) throws { try encode(Int64(value)) }
  func encode(_ value: Int8) throws { try encode(Int64(value)) }
  func encode(_ value: Int16) throws { try encode(Int64(value)) }
  func encode(_ value: Int32) throws { try encode(Int64(value)) }
  func encode(_ value: UInt) throws { try encode(UInt64(value)) }
  func encode(_ value: UInt8) throws { try encode(UInt64(value)) }
  func encode(_ value: UInt16) throws { try encode(UInt64(value)) }
  func encode(_ value: UInt32) throws { try encode(UInt64(value)) }
}

/// An open pair of brackets that a container writes into.
struct WriterPlace {
  let writer: UnsafeMutablePointer<JSONWriter>
  /// 0 when the brackets could not be opened; the writer then has a failure.
  private let depth: Int
  private let start: Int

  init(_ writer: UnsafeMutablePointer<JSONWriter>, depth: Int) {
    self.writer = writer
    self.depth = depth
    start = depth > 0 ? writer.pointee.frame(depth).start : 0
  }

  /// Opens brackets, unless something stands already where they belong.
  static func opening(
    _ shape: JSONWriter.Shape, in writer: UnsafeMutablePointer<JSONWriter>, ifAt start: Int
  ) -> WriterPlace {
    guard writer.pointee.count == start else { return refused("encoded as two values", in: writer) }
    do {
      try writer.pointee.open(shape)
      return WriterPlace(writer, depth: writer.pointee.depth)
    } catch {
      if writer.pointee.failure == nil { writer.pointee.failure = error }
      return WriterPlace(writer, depth: 0)
    }
  }

  static func refused(_ detail: String, in writer: UnsafeMutablePointer<JSONWriter>) -> WriterPlace {
    if writer.pointee.failure == nil {
      writer.pointee.failure = JSONError(reason: .malformed, path: writer.pointee.path, detail: detail)
    }
    return WriterPlace(writer, depth: 0)
  }

  var members: Int { depth > 0 && isOpen ? writer.pointee.frame(depth).members : 0 }

  private var isOpen: Bool { writer.pointee.depth >= depth && writer.pointee.frame(depth).start == start }

  /// Makes these the innermost brackets, closing those that a finished container left open inside.
  private func enter() throws(JSONError) {
    if let failure = writer.pointee.failure { throw failure }
    guard depth > 0, isOpen else {
      throw JSONError(reason: .malformed, path: writer.pointee.path, detail: "a closed container was written to")
    }
    writer.pointee.close(to: depth)
  }

  /// The place of the next element.
  func element() throws(JSONError) -> WriterEncoder {
    try enter()
    writer.pointee.element()
    return WriterEncoder(writer)
  }

  /// The place of the value of the next member.
  func member(_ key: some CodingKey) throws(JSONError) -> WriterEncoder {
    try enter()
    var name = key.stringValue
    name.withUTF8 { writer.pointee.member($0) }
    return WriterEncoder(writer)
  }

  /// Writes an element or a member, and nothing when its value refuses.
  func write(_ place: () throws(JSONError) -> WriterEncoder, _ value: (WriterEncoder) throws -> Void) throws {
    if writer.pointee.depth > depth, depth > 0, isOpen { writer.pointee.close(to: depth) }
    let mark = writer.pointee.mark()
    do {
      try value(try place())
    } catch {
      writer.pointee.rewind(to: mark)
      throw error
    }
  }

  /// A container opened by hand inside this one.
  func nested(_ shape: JSONWriter.Shape, _ place: () throws(JSONError) -> WriterEncoder) -> WriterPlace {
    do {
      _ = try place()
      return WriterPlace.opening(shape, in: writer, ifAt: writer.pointee.count)
    } catch {
      if writer.pointee.failure == nil { writer.pointee.failure = error }
      return WriterPlace(writer, depth: 0)
    }
  }
}
