/// Writes compact JSON into one growing buffer, which can be reused for many texts.
///
/// Members keep the order in which they are written. Only the necessary escapes are made (`/` stays `/`). Brackets are not checked: each
/// `write(to:)` must close what it opens.
public struct JSONWriter: ~Copyable {
  @usableFromInline var start: UnsafeMutablePointer<UInt8>
  @usableFromInline var capacity: Int
  /// Bytes written so far.
  public private(set) var count = 0
  /// Optional fields that the contract added after this revision are left out. Only fingerprints use this, to compare with events that an
  /// earlier revision received (CONTRACTS, "Evolution").
  public var revision = Int.max

  public init(capacity: Int = 512) {
    self.capacity = capacity
    start = .allocate(capacity: capacity)
  }

  deinit { start.deallocate() }

  /// Removes everything from a place on and keeps the buffer.
  public mutating func removeAll(from place: Int = 0) { count = min(count, place) }

  public func bytes() -> [UInt8] { [UInt8](UnsafeBufferPointer(start: start, count: count)) }

  /// Some of the bytes in place. Valid until more is written.
  public func bytes(in range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: start + range.lowerBound, count: range.count)
  }

  // MARK: Objects and arrays

  public mutating func beginObject() { append(UInt8(ascii: "{")) }
  public mutating func endObject() { append(UInt8(ascii: "}")) }
  public mutating func beginArray() { append(UInt8(ascii: "[")) }
  public mutating func endArray() { append(UInt8(ascii: "]")) }

  @inlinable public mutating func member(_ name: StaticString, _ value: some JSONEncodable) {
    key(name)
    value.write(to: &self)
  }

  /// Leaves the member out if the value is nil.
  @inlinable public mutating func member(_ name: StaticString, _ value: (some JSONEncodable)?) {
    guard let value else { return }
    key(name)
    value.write(to: &self)
  }

  /// A member whose name is known only at run time.
  public mutating func member(named name: String, _ value: some JSONEncodable) {
    separate()
    string(name)
    append(UInt8(ascii: ":"))
    value.write(to: &self)
  }

  @inlinable public mutating func element(_ value: some JSONEncodable) {
    separate()
    value.write(to: &self)
  }

  /// An enum case without values; see `JSONValue.variant`.
  public mutating func variant(_ name: StaticString) {
    append("\"")
    append(name)
    append("\"")
  }

  /// A case with one value.
  @inlinable public mutating func variant(_ name: StaticString, _ value: some JSONEncodable) {
    beginObject()
    member(name, value)
    endObject()
  }

  /// A case with several values, whose members follow.
  public mutating func beginVariant(_ name: StaticString) {
    beginObject()
    key(name)
    beginObject()
  }

  public mutating func endVariant() {
    endObject()
    endObject()
  }

  /// The name of the next member; its value must follow. The name must be ASCII without quotes.
  public mutating func key(_ name: StaticString) {
    key(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
  }

  public mutating func key(_ name: UnsafeRawBufferPointer) {
    reserve(name.count &+ 4)
    separate()
    put(UInt8(ascii: "\""))
    UnsafeMutableRawBufferPointer(start: start + count, count: name.count).copyMemory(from: name)
    count &+= name.count
    put(UInt8(ascii: "\""))
    put(UInt8(ascii: ":"))
  }

  /// Writes a comma unless the value is the first after a bracket.
  @usableFromInline mutating func separate() {
    guard count > 0 else { return }
    let last = start[count &- 1]
    if last != UInt8(ascii: "{"), last != UInt8(ascii: "[") { append(UInt8(ascii: ",")) }
  }

  // MARK: Values

  public mutating func null() { append("null") }

  public mutating func bool(_ value: Bool) { append(value ? "true" : "false") }

  public mutating func integer(_ value: Int64) {
    if value < 0 { append(UInt8(ascii: "-")) }
    unsigned(value.magnitude)
  }

  mutating func unsigned(_ value: UInt64) {
    // The longest number has 20 digits. Digits are written backwards, beyond their place, and then moved to it.
    let room = 20
    reserve(2 &* room)
    let end = start + count + 2 &* room
    var first = end
    var rest = value
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      first -= 1
      first.pointee = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
      rest = quotient
    } while rest > 0
    let length = end - first
    (start + count).update(from: first, count: length)
    count &+= length
  }

  public mutating func string(_ value: String) {
    value.withUTF8InPlace { string($0) }
  }

  /// UTF-8 with only the escapes that RFC 8259 (7) requires: quote, backslash, control characters.
  public mutating func string(_ utf8: UnsafeBufferPointer<UInt8>) {
    let length = utf8.count
    reserve(length &+ 2)
    put(UInt8(ascii: "\""))
    if length > 0, let base = utf8.baseAddress {
      let source = UnsafeRawPointer(base)
      let target = UnsafeMutableRawPointer(start + count)
      var index = 0
      while index &+ 8 <= length {
        let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if JSONWriter.needsEscape(word) { break }
        target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
        index &+= 8
      }
      if index < length, length >= 8, index > length &- 8 {
        // The last word may overlap the one before it.
        let word = source.loadUnaligned(fromByteOffset: length &- 8, as: UInt64.self)
        if !JSONWriter.needsEscape(word) {
          target.storeBytes(of: word, toByteOffset: length &- 8, as: UInt64.self)
          index = length
        }
      }
      while index < length, !JSONWriter.needsEscape(base[index]) {
        target.storeBytes(of: base[index], toByteOffset: index, as: UInt8.self)
        index &+= 1
      }
      count &+= index
      while index < length {
        escaped(base[index])
        index &+= 1
      }
    }
    append(UInt8(ascii: "\""))
  }

  /// A string of bytes that are known to need no escapes, such as the 24 bytes of an instant.
  public mutating func plainString(length: Int, _ fill: (UnsafeMutablePointer<UInt8>) -> Void) {
    reserve(length &+ 2)
    put(UInt8(ascii: "\""))
    fill(start + count)
    count &+= length
    put(UInt8(ascii: "\""))
  }

  /// Bytes that are already JSON.
  public mutating func raw(_ json: [UInt8]) {
    json.withUnsafeBufferPointer { append($0) }
  }

  /// Bytes as they are, for a text beside the JSON in this buffer.
  public mutating func raw(_ bytes: UnsafeRawBufferPointer) { append(bytes.bindMemory(to: UInt8.self)) }

  public mutating func raw(_ text: StaticString) { append(text) }

  public mutating func raw(text: String) {
    text.withUTF8InPlace { append($0) }
  }

  /// `length` bytes that the closure fills in.
  public mutating func plainText(length: Int, _ fill: (UnsafeMutablePointer<UInt8>) -> Void) {
    reserve(length)
    fill(start + count)
    count &+= length
  }

  /// Copies a parsed value.
  public mutating func copy(_ value: JSONValue) { copy(value.tape, value.index) }

  private mutating func copy(_ tape: Tape, _ index: Int) {
    switch tape.kind(index) {
    case .object, .array:
      let isObject = tape.kind(index) == .object
      append(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
      let end = tape.close(index)
      var item = index + 1
      while item < end {
        if item > index + 1 { append(UInt8(ascii: ",")) }
        if isObject {
          string(tape.utf8(item))
          append(UInt8(ascii: ":"))
          item += 1
        }
        copy(tape, item)
        item = tape.after(item)
      }
      append(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
    case .string: string(tape.utf8(index))
    case .signed: integer(Int64(bitPattern: tape.number(index)))
    case .unsigned: unsigned(tape.number(index))
    case .double:
      var text = Double(bitPattern: tape.number(index)).description
      text.withUTF8 { append($0) }
    case .true: bool(true)
    case .false: bool(false)
    default: null()
    }
  }

  // MARK: Escapes

  private mutating func escaped(_ byte: UInt8) {
    guard JSONWriter.needsEscape(byte) else { return append(byte) }
    append(UInt8(ascii: "\\"))
    switch byte {
    case 0x08: append(UInt8(ascii: "b"))
    case 0x09: append(UInt8(ascii: "t"))
    case 0x0A: append(UInt8(ascii: "n"))
    case 0x0C: append(UInt8(ascii: "f"))
    case 0x0D: append(UInt8(ascii: "r"))
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
    default:
      append("u00")
      append(JSONWriter.hexadecimal(byte &>> 4))
      append(JSONWriter.hexadecimal(byte & 0xF))
    }
  }

  private static func hexadecimal(_ digit: UInt8) -> UInt8 {
    digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ (digit &- 10)
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  /// The same for eight bytes at once.
  private static func needsEscape(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quotes = word ^ (ones &* 0x22)
    let backslashes = word ^ (ones &* 0x5C)
    let found =
      ((word &- ones &* 0x20) & ~word) | ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
    return found & (ones &* 0x80) != 0
  }

  // MARK: Bytes

  private mutating func append(_ byte: UInt8) {
    reserve(1)
    put(byte)
  }

  private mutating func append(_ text: StaticString) {
    append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
    guard let base = text.baseAddress else { return }
    reserve(text.count)
    (start + count).update(from: base, count: text.count)
    count &+= text.count
  }

  /// The buffer must have room; see `reserve`.
  @inline(__always)
  private mutating func put(_ byte: UInt8) {
    start[count] = byte
    count &+= 1
  }

  @inline(__always)
  private mutating func reserve(_ extra: Int) {
    if count &+ extra > capacity { grow(extra) }
  }

  @inline(never)
  private mutating func grow(_ extra: Int) {
    let larger = max(2 * capacity, count + extra)
    let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    grown.update(from: start, count: count)
    start.deallocate()
    start = grown
    capacity = larger
  }
}
