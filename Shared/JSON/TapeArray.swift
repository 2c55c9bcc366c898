/// The elements of one array on the tape, in order. Three words, so that Swift keeps it without an allocation.
struct TapeArray: UnkeyedDecodingContainer {
  private let tape: UnsafePointer<Tape>
  /// simdjson's positions have 32 bits.
  private let array: UInt32
  private var next: UInt32
  private(set) var currentIndex = 0

  init(_ tape: UnsafePointer<Tape>, _ index: Int) throws(JSONError) {
    guard tape.pointee.kind(index) == .array else {
      throw TapeDecoder(tape: tape, index: index).mismatch("an array")
    }
    self.tape = tape
    array = UInt32(truncatingIfNeeded: index)
    next = array + 1
  }

  var codingPath: [any CodingKey] { tape.pointee.steps(to: Int(array)) }

  var count: Int? {
    var count = 0
    var index = Int(array) + 1
    let end = tape.pointee.close(Int(array))
    while index < end {
      count += 1
      index = tape.pointee.after(index)
    }
    return count
  }

  var isAtEnd: Bool { Int(next) >= tape.pointee.close(Int(array)) }

  private func element() throws(JSONError) -> TapeDecoder {
    guard !isAtEnd else {
      let path = PathStep.text(PathStep.element(currentIndex), after: tape.pointee.path(to: Int(array)))
      throw JSONError(reason: .malformed, path: path, detail: "missing")
    }
    return TapeDecoder(tape: tape, index: Int(next))
  }

  /// Hands out the next element and moves on, unless it is refused.
  private mutating func take<T>(_ read: (TapeDecoder) throws -> T) throws -> T {
    let element = try element()
    let value = try read(element)
    next = UInt32(truncatingIfNeeded: tape.pointee.after(element.index))
    currentIndex += 1
    return value
  }

  mutating func decodeNil() throws -> Bool {
    guard try element().decodeNil() else { return false }
    return try take { _ in true }
  }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try take { try $0.decode(type) } }
  mutating func decode(_ type: Bool.Type) throws -> Bool { try take { try $0.bool() } }
  mutating func decode(_ type: String.Type) throws -> String { try take { try $0.string() } }
  mutating func decode(_ type: Double.Type) throws -> Double { try take { try $0.double() } }
  mutating func decode(_ type: Float.Type) throws -> Float { try take { Float(try $0.double()) } }
  mutating func decode(_ type: Int.Type) throws -> Int { try take { try $0.integer(type) } }
  mutating func decode(_ type: Int8.Type) throws -> Int8 { try take { try $0.integer(type) } }
  mutating func decode(_ type: Int16.Type) throws -> Int16 { try take { try $0.integer(type) } }
  mutating func decode(_ type: Int32.Type) throws -> Int32 { try take { try $0.integer(type) } }
  mutating func decode(_ type: Int64.Type) throws -> Int64 { try take { try $0.integer(type) } }
  mutating func decode(_ type: UInt.Type) throws -> UInt { try take { try $0.integer(type) } }
  mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try take { try $0.integer(type) } }
  mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try take { try $0.integer(type) } }
  mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try take { try $0.integer(type) } }
  mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try take { try $0.integer(type) } }

  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try take { try $0.container(keyedBy: type) }
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try take { try $0.unkeyedContainer() } }

  mutating func superDecoder() throws -> any Decoder { try take { $0 } }
}
