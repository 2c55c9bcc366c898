/// simdjson's tape of one text: all values in document order. Strings are in a separate buffer.
///
/// There is one 64-bit word per bracket, string or atom, and two per number. The top byte is the kind, the rest the payload (simdjson,
/// doc/tape.md). Word 0 and the last word belong to the root; the value begins at word 1. An object's members are key, value, key, value …
/// The struct has only pointers, so that reading needs no reference counting. The parser keeps the memory alive.
@frozen @usableFromInline struct Tape {
  @usableFromInline let words: UnsafePointer<UInt64>
  @usableFromInline let strings: UnsafePointer<UInt8>
  /// One mark per word. At a member's key: 1 once a type has read it. At an object: 0, or, once a type has opened it, the index where the
  /// search for its next member begins.
  @usableFromInline let marks: UnsafeMutablePointer<UInt32>

  static let root = 1

  @usableFromInline init(words: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>, marks: UnsafeMutablePointer<UInt32>) {
    self.words = words
    self.strings = strings
    self.marks = marks
  }

  /// Words in the tape.
  var count: Int { Int(truncatingIfNeeded: words[0] & 0xFF_FFFF_FFFF_FFFF) }

  @usableFromInline func kind(_ index: Int) -> TapeKind { TapeKind(byte: UInt8(truncatingIfNeeded: words[index] &>> 56)) }

  /// The index after the whole value at `index`.
  @usableFromInline func after(_ index: Int) -> Int {
    switch kind(index) {
    case .object, .array: Int(truncatingIfNeeded: words[index] & 0xFFFF_FFFF)
    case .signed, .unsigned, .double: index &+ 2
    default: index &+ 1
    }
  }

  /// The index of the closing bracket of the object or array at `index`.
  @usableFromInline func close(_ index: Int) -> Int { after(index) &- 1 }

  /// The number of members or elements of the object or array at `index`. simdjson stops counting at 16,777,215.
  @usableFromInline func size(_ index: Int) -> Int { Int(truncatingIfNeeded: (words[index] &>> 32) & 0xFF_FFFF) }

  /// The bytes of the string or key at `index`. simdjson has checked that they are UTF-8.
  @usableFromInline func utf8(_ index: Int) -> UnsafeBufferPointer<UInt8> {
    let start = strings + Int(truncatingIfNeeded: words[index] & 0xFF_FFFF_FFFF_FFFF)
    let length = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
    return UnsafeBufferPointer(start: start + 4, count: Int(length))
  }

  func text(_ index: Int) -> String { String(decoding: utf8(index), as: UTF8.self) }

  func number(_ index: Int) -> UInt64 { words[index &+ 1] }
}

/// The kind of a word of the tape, as simdjson's letter.
@frozen @usableFromInline struct TapeKind: Equatable {
  @usableFromInline let byte: UInt8

  @usableFromInline init(byte: UInt8) { self.byte = byte }

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
    case .signed, .unsigned: "a whole number"
    case .double: "a number with a point or an exponent"
    case .true: "true"
    case .false: "false"
    case .null: "null"
    default: "nothing"
    }
  }
}

// MARK: - Members

extension Tape {
  /// Flag in an object's mark: a search has skipped members, so some members before the next one are still unknown.
  private static let hasSkipped: UInt32 = 1 << 31

  /// Marks that a type decodes the object, so that members it does not read count as unknown. The search begins at the first member.
  @usableFromInline func open(_ object: Int) { marks[object] = UInt32(truncatingIfNeeded: object &+ 1) }

  /// The value of a member of an open object. The member then counts as known.
  ///
  /// The search begins after the last member found, because types mostly read members in their written order.
  @usableFromInline func member(_ name: UnsafeBufferPointer<UInt8>, of object: Int) -> Int? {
    let mark = marks[object]
    let start = Int(mark & ~Tape.hasSkipped)
    let end = close(object)
    var key = start
    while key < end {
      if utf8(key).equals(name) {
        marks[key] = 1
        marks[object] = UInt32(truncatingIfNeeded: after(key &+ 1)) | (key == start ? mark & Tape.hasSkipped : Tape.hasSkipped)
        return key &+ 1
      }
      key = after(key &+ 1)
    }
    guard mark & Tape.hasSkipped != 0 else { return nil }
    key = object &+ 1
    while key < start {
      if utf8(key).equals(name) {
        marks[key] = 1
        return key &+ 1
      }
      key = after(key &+ 1)
    }
    return nil
  }

  /// The paths of members that no type read, in objects that a type decoded.
  func unknownFields(of value: Int) -> [String] {
    var unknown: [String] = []
    forEachUnknownField(of: value) { unknown.append(path(to: $0)) }
    return unknown
  }

  func unknownFieldCount(of value: Int) -> Int {
    var count = 0
    forEachUnknownField(of: value) { _ in count &+= 1 }
    return count
  }

  @inline(__always)
  private func forEachUnknownField(of value: Int, _ body: (_ key: Int) -> Void) {
    var index = value
    let end = after(value)
    while index < end {
      let kind = kind(index)
      if kind == .object, marks[index] != 0 {
        var key = index &+ 1
        let end = close(index)
        while key < end {
          if marks[key] == 0 { body(key) }
          key = after(key &+ 1)
        }
      }
      index = kind == .object || kind == .array ? index &+ 1 : after(index)
    }
  }
}

// MARK: - Paths

extension Tape {
  /// The path from the root to the value (or key) at `index`: `lines[0].amount`. It walks the tape, so that only errors pay for paths.
  @usableFromInline func path(to index: Int) -> String {
    var path = ""
    var container = Tape.root
    while container < index {
      guard let (step, inner) = step(from: container, towards: index) else { break }
      path += path.isEmpty && step.hasPrefix(".") ? String(step.dropFirst()) : step
      if inner > index { break }
      container = inner
    }
    return path
  }

  private func step(from container: Int, towards index: Int) -> (String, Int)? {
    let kind = kind(container)
    guard kind == .object || kind == .array else { return nil }
    let end = close(container)
    var item = container &+ 1
    var position = 0
    while item < end {
      let value = kind == .object ? item &+ 1 : item
      if index < after(value) { return (kind == .object ? ".\(text(item))" : "[\(position)]", value) }
      item = after(value)
      position += 1
    }
    return nil
  }
}
