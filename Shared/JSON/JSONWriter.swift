/// JSON text being written: one growing run of bytes and the brackets that are open in it.
///
/// Whoever makes one calls `deallocate` at the end. Containers refer to it by pointer (see `WriterEncoder`).
struct JSONWriter {
  private(set) var bytes: UnsafeMutablePointer<UInt8>
  private(set) var count = 0
  private var capacity: Int

  private let frames: UnsafeMutablePointer<Frame>
  /// Brackets open now.
  private(set) var depth = 0
  /// Where the members of open dictionaries are, which are put in order when they close.
  private var entries: [Entry] = []
  /// What a container could not throw when it happened; thrown at the end.
  var failure: JSONError?
  /// The key type of the object opened last.
  private var keyType: ObjectIdentifier?
  private let dictionaryKeyType: ObjectIdentifier?

  init() { self.init(dictionaryKeyType: JSONWriter.dictionaryKeyType) }

  private init(dictionaryKeyType: ObjectIdentifier?) {
    self.dictionaryKeyType = dictionaryKeyType
    capacity = 512
    bytes = .allocate(capacity: capacity)
    frames = .allocate(capacity: JSONParser.depthLimit)
  }

  func deallocate() {
    bytes.deallocate()
    frames.deallocate()
  }

  func output() -> [UInt8] { [UInt8](UnsafeBufferPointer(start: bytes, count: count)) }

  // MARK: Brackets

  enum Shape: UInt8 {
    case object, array
    /// An object whose members have no order of their own: Swift's dictionaries differ from run to run.
    case dictionary
  }

  struct Frame {
    let shape: Shape
    /// Offset of the opening bracket. Tells one frame of a depth from a later one.
    let start: Int
    var members = 0
    /// Offset of the last member's key or element.
    var member: Int
    let firstEntry: Int
  }

  private struct Entry {
    let start: Int
    let keyEnd: Int
  }

  mutating func open(_ shape: Shape) throws(JSONError) {
    guard depth < JSONParser.depthLimit else {
      throw JSONError(reason: .tooDeep, path: path, detail: "more than \(JSONParser.depthLimit) levels of brackets")
    }
    (frames + depth).initialize(to: Frame(shape: shape, start: count, member: count, firstEntry: entries.count))
    depth &+= 1
    append(shape == .array ? UInt8(ascii: "[") : UInt8(ascii: "{"))
  }

  /// Closes all brackets beyond the first `outer`.
  mutating func close(to outer: Int) {
    while depth > outer {
      depth &-= 1
      let frame = frames[depth]
      if frame.shape == .dictionary { sort(frame) }
      append(frame.shape == .array ? UInt8(ascii: "]") : UInt8(ascii: "}"))
    }
  }

  func frame(_ depth: Int) -> Frame { frames[depth &- 1] }

  /// Goes on to the next element of the innermost array.
  mutating func element() {
    let frame = frames + (depth &- 1)
    if frame.pointee.members > 0 { append(UInt8(ascii: ",")) }
    frame.pointee.members &+= 1
    frame.pointee.member = count
  }

  /// Goes on to the next member of the innermost object and writes its key.
  mutating func member(_ key: UnsafeBufferPointer<UInt8>) {
    element()
    let start = count
    string(key)
    if frames[depth &- 1].shape == .dictionary { entries.append(Entry(start: start, keyEnd: count &- 1)) }
    append(UInt8(ascii: ":"))
  }

  /// A place to go back to when a value refuses half-way.
  struct Mark {
    fileprivate let count: Int
    fileprivate let depth: Int
    fileprivate let frame: Frame?
    fileprivate let entries: Int
  }

  func mark() -> Mark {
    Mark(count: count, depth: depth, frame: depth > 0 ? frames[depth &- 1] : nil, entries: entries.count)
  }

  mutating func rewind(to mark: Mark) {
    count = mark.count
    depth = mark.depth
    if let frame = mark.frame { frames[depth &- 1] = frame }
    entries.removeLast(entries.count - mark.entries)
  }

  // MARK: Values

  mutating func null() { append("null") }

  mutating func bool(_ value: Bool) { append(value ? "true" : "false") }

  mutating func string(_ value: String) {
    var value = value
    value.withUTF8 { string($0) }
  }

  /// JSON has no infinities and no NaN; they are the caller's to refuse.
  mutating func double(_ value: Double) {
    var text = value.description
    text.withUTF8 { append($0) }
  }

  mutating func signed(_ value: Int64) {
    if value < 0 { append(UInt8(ascii: "-")) }
    unsigned(value.magnitude)
  }

  mutating func unsigned(_ value: UInt64) {
    // The longest has 20 digits. They are written from the last, behind their place, and then moved to it.
    let room = 20
    reserve(2 &* room)
    let end = bytes + count + 2 &* room
    var start = end
    var rest = value
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      start -= 1
      start.pointee = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
      rest = quotient
    } while rest > 0
    let length = end - start
    (bytes + count).update(from: start, count: length)
    count &+= length
  }

  /// UTF-8, escaped only where RFC 8259 (7) requires it: quote, backslash, control characters.
  mutating func string(_ utf8: UnsafeBufferPointer<UInt8>) {
    let length = utf8.count
    reserve(length &+ 2)
    append(UInt8(ascii: "\""))
    if length > 0, let start = utf8.baseAddress {
      let source = UnsafeRawPointer(start)
      let target = UnsafeMutableRawPointer(bytes + count)
      var index = 0
      while index &+ 8 <= length {
        let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if JSONWriter.needsEscape(word) { break }
        target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
        index &+= 8
      }
      while index < length, !JSONWriter.needsEscape(start[index]) {
        target.storeBytes(of: start[index], toByteOffset: index, as: UInt8.self)
        index &+= 1
      }
      count &+= index
      while index < length {
        escaped(start[index])
        index &+= 1
      }
    }
    append(UInt8(ascii: "\""))
  }

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

  /// The same for any of eight bytes at once.
  private static func needsEscape(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quotes = word ^ (ones &* 0x22)
    let backslashes = word ^ (ones &* 0x5C)
    let found =
      ((word &- ones &* 0x20) & ~word) | ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
    return found & (ones &* 0x80) != 0
  }

  // MARK: Bytes

  mutating func append(_ byte: UInt8) {
    reserve(1)
    bytes[count] = byte
    count &+= 1
  }

  private mutating func append(_ text: StaticString) {
    append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
    guard let start = text.baseAddress else { return }
    reserve(text.count)
    (bytes + count).update(from: start, count: text.count)
    count &+= text.count
  }

  @inline(__always)
  private mutating func reserve(_ extra: Int) {
    if count &+ extra > capacity { grow(extra) }
  }

  @inline(never)
  private mutating func grow(_ extra: Int) {
    let larger = max(2 * capacity, count + extra)
    let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    grown.update(from: bytes, count: count)
    bytes.deallocate()
    bytes = grown
    capacity = larger
  }
}

// MARK: - Dictionaries and paths

extension JSONWriter {
  /// The key type with which Swift's own Dictionary encodes itself. It has no public name, so a dictionary is asked.
  private static let dictionaryKeyType: ObjectIdentifier? = {
    var writer = JSONWriter(dictionaryKeyType: nil)
    defer { writer.deallocate() }
    do {
      try withUnsafeMutablePointer(to: &writer) { try [String: Bool]().encode(to: WriterEncoder($0)) }
    } catch {
      return nil
    }
    return writer.keyType
  }()

  /// The shape of an object with keys of that type.
  mutating func shape<Key: CodingKey>(keyedBy type: Key.Type) -> Shape {
    keyType = ObjectIdentifier(type)
    return keyType == dictionaryKeyType ? .dictionary : .object
  }

  /// Puts the members of a dictionary in the order of their keys' bytes as written.
  private mutating func sort(_ frame: Frame) {
    let members = entries[frame.firstEntry...]
    guard members.count > 1, let first = members.first else { return entries.removeLast(members.count) }
    let ends = members.dropFirst().map { $0.start - 1 } + [count]
    let text = UnsafeBufferPointer(start: bytes, count: count)
    let order = zip(members, ends).sorted { a, b in
      text[a.0.start + 1..<a.0.keyEnd].lexicographicallyPrecedes(text[b.0.start + 1..<b.0.keyEnd])
    }
    var sorted: [UInt8] = []
    sorted.reserveCapacity(count - first.start)
    for (entry, end) in order {
      if !sorted.isEmpty { sorted.append(UInt8(ascii: ",")) }
      sorted.append(contentsOf: text[entry.start..<end])
    }
    for (offset, byte) in sorted.enumerated() { bytes[first.start + offset] = byte }
    entries.removeLast(members.count)
  }

  /// The steps from the root to the value that is being written.
  var steps: [PathStep] {
    (0..<depth).compactMap { level in
      let frame = frames[level]
      guard frame.members > 0 else { return nil }
      if frame.shape == .array { return .element(frame.members - 1) }
      var end = frame.member + 1
      while end < count, bytes[end] != UInt8(ascii: "\"") { end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1 }
      let key = UnsafeBufferPointer(start: bytes + frame.member + 1, count: end - frame.member - 1)
      return .member(String(decoding: key, as: UTF8.self))
    }
  }

  var path: String { PathStep.text(steps) }

  /// Writes the value at `index` of a tape as it is.
  mutating func copy(_ tape: Tape, _ index: Int) {
    switch tape.kind(index) {
    case .object, .array:
      let isObject = tape.isObject(index)
      // A tape is never deeper than the writer's frames, so these brackets need none.
      append(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
      var item = index + 1
      while item < tape.close(index) {
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
    case .signed: signed(Int64(bitPattern: tape.number(index)))
    case .unsigned: unsigned(tape.number(index))
    case .double: double(Double(bitPattern: tape.number(index)))
    case .true: bool(true)
    case .false: bool(false)
    default: null()
    }
  }
}
