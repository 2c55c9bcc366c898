/// simdjson's tape of one text: all values in document order, strings aside.
///
/// One 64-bit word per bracket, string or atom and two per number; the kind in the top byte, the payload in the rest
/// (simdjson, doc/tape.md). Word 0 and the last are the root's, the value itself begins at word 1. An object's members
/// are key, value, key, value … A plain value of pointers, so that a decoder costs no reference counting; `TapeOwner`
/// keeps the memory alive.
struct Tape {
  let words: UnsafePointer<UInt64>
  let strings: UnsafePointer<UInt8>
  /// One per word. At a member's key: 1 when a type asked for it. At an object: 0, or, once a type opened it, where the
  /// search for its next member begins (members mostly come in the order in which they are declared).
  let marks: UnsafeMutablePointer<UInt32>
  let count: Int

  static let root = 1

  func kind(_ index: Int) -> TapeKind { TapeKind(byte: UInt8(truncatingIfNeeded: words[index] &>> 56)) }

  func isObject(_ index: Int) -> Bool { kind(index) == .object }

  func isNull(_ index: Int) -> Bool { kind(index) == .null }

  /// The index after the whole value at `index`.
  func after(_ index: Int) -> Int {
    switch kind(index) {
    case .object, .array: Int(truncatingIfNeeded: words[index] & 0xFFFF_FFFF)
    case .signed, .unsigned, .double: index &+ 2
    default: index &+ 1
    }
  }

  /// The index of the closing bracket of the object or array at `index`.
  func close(_ index: Int) -> Int { after(index) &- 1 }

  /// Members or elements of the object or array at `index`; simdjson stops counting at 16,777,215.
  func size(_ index: Int) -> Int { Int(truncatingIfNeeded: (words[index] &>> 32) & 0xFF_FFFF) }

  /// The bytes of the string or key at `index`, UTF-8 that simdjson has checked.
  func utf8(_ index: Int) -> UnsafeBufferPointer<UInt8> {
    let start = strings + Int(truncatingIfNeeded: words[index] & 0xFF_FFFF_FFFF_FFFF)
    let length = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
    return UnsafeBufferPointer(start: start + 4, count: Int(length))
  }

  func text(_ index: Int) -> String { String(decoding: utf8(index), as: UTF8.self) }

  func number(_ index: Int) -> UInt64 { words[index &+ 1] }
}

/// What a word of the tape is: simdjson's letters.
struct TapeKind: Equatable {
  let byte: UInt8

  static let object = TapeKind(byte: UInt8(ascii: "{"))
  static let array = TapeKind(byte: UInt8(ascii: "["))
  static let string = TapeKind(byte: UInt8(ascii: "\""))
  /// An integer within Int64.
  static let signed = TapeKind(byte: UInt8(ascii: "l"))
  /// An integer beyond Int64, within UInt64.
  static let unsigned = TapeKind(byte: UInt8(ascii: "u"))
  /// A number with a point or an exponent.
  static let double = TapeKind(byte: UInt8(ascii: "d"))
  static let `true` = TapeKind(byte: UInt8(ascii: "t"))
  static let `false` = TapeKind(byte: UInt8(ascii: "f"))
  static let null = TapeKind(byte: UInt8(ascii: "n"))

  static func ~= (pattern: TapeKind, value: TapeKind) -> Bool { pattern.byte == value.byte }

  var words: String {
    switch self {
    case .object: "an object"
    case .array: "an array"
    case .string: "a string"
    case .signed, .unsigned: "an integer"
    case .double: "a number that is not an integer"
    case .true: "true"
    case .false: "false"
    case .null: "null"
    default: "nothing"
    }
  }
}

// MARK: - Members

extension Tape {
  /// The key of the member of that name, looked for from `start` on and then from the object's first member.
  func key(_ name: UnsafeBufferPointer<UInt8>, in object: Int, from start: Int) -> Int? {
    let end = close(object)
    var key = start
    while key < end {
      if same(utf8(key), name) { return key }
      key = after(key &+ 1)
    }
    key = object &+ 1
    while key < start {
      if same(utf8(key), name) { return key }
      key = after(key &+ 1)
    }
    return nil
  }

  /// Notes that a type decodes the object, so that its other members count as unknown.
  func open(_ object: Int) {
    if marks[object] == 0 { marks[object] = UInt32(truncatingIfNeeded: object &+ 1) }
  }

  /// The value of the member of that name of an open object, which is then asked for.
  func member(_ name: UnsafeBufferPointer<UInt8>, of object: Int) -> Int? {
    guard let key = key(name, in: object, from: Int(marks[object])) else { return nil }
    let value = key &+ 1
    marks[key] = 1
    marks[object] = UInt32(truncatingIfNeeded: after(value))
    return value
  }

  /// The value reached from the root by member names. Asks for each on the way, opens none.
  func value(at path: [String]) -> Int? {
    var index = Tape.root
    for var name in path {
      guard isObject(index), let key = name.withUTF8({ key($0, in: index, from: index &+ 1) }) else { return nil }
      marks[key] = 1
      index = key &+ 1
    }
    return index
  }

  /// Members, of objects that a type decoded, that no type asked for.
  var unknownFields: Int {
    var unknown = 0
    var index = Tape.root
    while index < count &- 1 {
      let kind = kind(index)
      if kind == .object, marks[index] != 0 {
        var key = index &+ 1
        let end = close(index)
        while key < end {
          if marks[key] == 0 { unknown &+= 1 }
          key = after(key &+ 1)
        }
      }
      index = kind == .object || kind == .array ? index &+ 1 : after(index)
    }
    return unknown
  }
}

/// Byte for byte.
func same(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
  let count = a.count
  guard count == b.count else { return false }
  guard count > 0, let a = UnsafeRawPointer(a.baseAddress), let b = UnsafeRawPointer(b.baseAddress) else { return true }
  var index = 0
  while index &+ 8 <= count {
    let left = a.loadUnaligned(fromByteOffset: index, as: UInt64.self)
    if left != b.loadUnaligned(fromByteOffset: index, as: UInt64.self) { return false }
    index &+= 8
  }
  while index < count {
    let left = a.load(fromByteOffset: index, as: UInt8.self)
    if left != b.load(fromByteOffset: index, as: UInt8.self) { return false }
    index &+= 1
  }
  return true
}

// MARK: - Paths

extension Tape {
  /// The steps from the root to the value (or key) at `index`. Walks the tape, so that only errors pay for paths.
  func steps(to index: Int) -> [PathStep] {
    var steps: [PathStep] = []
    var container = Tape.root
    while container < index {
      guard let (step, inner) = step(from: container, towards: index) else { break }
      steps.append(step)
      if inner > index { break }
      container = inner
    }
    return steps
  }

  private func step(from container: Int, towards index: Int) -> (PathStep, Int)? {
    let kind = kind(container)
    guard kind == .object || kind == .array else { return nil }
    let end = close(container)
    var item = container &+ 1
    var position = 0
    while item < end {
      let value = kind == .object ? item &+ 1 : item
      if index < after(value) { return (kind == .object ? .member(text(item)) : .element(position), value) }
      item = after(value)
      position += 1
    }
    return nil
  }

  func path(to index: Int) -> String { PathStep.text(steps(to: index)) }
}
