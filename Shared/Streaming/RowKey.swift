import Contracts

/// The layout of the keys of a task's store. The first byte is the kind of row. Names are printable ASCII and end with a zero byte,
/// so the order of the bytes is the order of the parts.
public enum RowKey {
  public static let progress: [UInt8] = [UInt8(ascii: "p")]
  /// The prefix of timers, which sort last. They are added and deleted roughly in the order of their keys, so a store should keep
  /// them apart from other rows.
  public static let timers: [UInt8] = [UInt8(ascii: "t")]
  private static let memory = UInt8(ascii: "d")
  private static let sequence = UInt8(ascii: "n")
  private static let stage = UInt8(ascii: "s")
  /// Prefix of the keys of all rows of stages.
  static let stageRows = [stage]
  /// Prefix of the keys of all rows of one stage.
  static func stageRows(_ name: String) -> [UInt8] { stageRows + name.utf8 + [0] }

  /// What the driver remembers of an event. The identity is hashed, because it is kept forever and only looked up as a whole.
  static func appendMemory(_ identity: StableHash.Value128, to bytes: inout [UInt8]) {
    bytes.append(memory)
    append(UInt64(identity.high), to: &bytes)
    append(UInt64(identity.low), to: &bytes)
  }

  /// The last sequence number given to a key's notices on a topic.
  static func appendSequence(program: String, topic: String, key: String, to bytes: inout [UInt8]) {
    bytes.append(sequence)
    append(program, to: &bytes)
    append(topic, to: &bytes)
    append(key, to: &bytes)
  }

  /// Prefix of all rows of a stage and program.
  static func scope(stage name: String, program: String) -> [UInt8] {
    var bytes = [stage]
    append(name, to: &bytes)
    append(program, to: &bytes)
    return bytes
  }

  /// Prefix of all rows of a stage, program and key.
  static func scope(_ program: [UInt8], key: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(program.count + key.utf8.count + 1)
    bytes.append(contentsOf: program)
    append(key, to: &bytes)
    return bytes
  }

  static func append(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: text.utf8)
    bytes.append(0)
  }

  /// Big-endian with the sign flipped, so that negative numbers come first.
  static func append(_ number: Int64, to bytes: inout [UInt8]) { append(UInt64(bitPattern: number) ^ (1 << 63), to: &bytes) }

  private static func append(_ bits: UInt64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: bits.bigEndian) { bytes.append(contentsOf: $0) }
  }

  static func number(_ bytes: some Collection<UInt8>) -> Int64 {
    Int64(bitPattern: bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } ^ (1 << 63))
  }
}

extension RowKey {
  /// The parts of the key of a stage's row.
  struct Parts {
    let stage: String
    let program: ProgramID
    let key: String
    let table: String
    /// The part of the key below the table.
    let rest: ArraySlice<UInt8>
  }

  /// `nil` if this is not a row of a stage.
  static func parts(of key: [UInt8]) -> Parts? {
    guard key.first == stage else { return nil }
    var rest = key.dropFirst()
    guard let stage = takeText(&rest), let program = takeText(&rest).flatMap({ ProgramID($0) }), let key = takeText(&rest),
      let table = takeText(&rest)
    else { return nil }
    return Parts(stage: stage, program: program, key: key, table: table, rest: rest)
  }

  /// The stage, program, key and table of a row (or of a prefix that names them); `nil` if it is not a row of a stage.
  static func table(of key: [UInt8]) -> ArraySlice<UInt8>? {
    guard key.first == stage else { return nil }
    var names = 0
    for (index, byte) in key.enumerated() where byte == 0 {
      names += 1
      if names == 4 { return key[...index] }
    }
    return nil
  }

  /// A readable form, with slashes for the zero bytes between the names.
  static func text(_ key: [UInt8]) -> String {
    String(decoding: key.map { 0x20...0x7E ~= $0 ? $0 : UInt8(ascii: "/") }, as: UTF8.self)
  }
}

// MARK: - Parts below a table

/// Identifies and orders the rows of a table, below the stage, the program and the key.
public protocol RowKeyPart: Sendable {
  func append(to bytes: inout [UInt8])
  /// Takes its bytes from the start of a stored key. Returns `nil` if they do not match.
  init?(taking bytes: inout ArraySlice<UInt8>)
}

/// For tables with a single row.
public struct NoKey: RowKeyPart {
  public init() {}
  public init?(taking bytes: inout ArraySlice<UInt8>) {}
  public func append(to bytes: inout [UInt8]) {}
}

/// Two parts, ordered by the first.
public struct KeyPair<First: RowKeyPart, Second: RowKeyPart>: RowKeyPart {
  public let first: First
  public let second: Second

  public init(_ first: First, _ second: Second) {
    self.first = first
    self.second = second
  }

  public init?(taking bytes: inout ArraySlice<UInt8>) {
    guard let first = First(taking: &bytes), let second = Second(taking: &bytes) else { return nil }
    self.init(first, second)
  }

  public func append(to bytes: inout [UInt8]) {
    first.append(to: &bytes)
    second.append(to: &bytes)
  }
}

extension Identifier: RowKeyPart {
  public func append(to bytes: inout [UInt8]) { RowKey.append(value, to: &bytes) }

  public init?(taking bytes: inout ArraySlice<UInt8>) {
    guard let text = takeText(&bytes) else { return nil }
    self.init(text)
  }
}

extension Currency: RowKeyPart {
  public func append(to bytes: inout [UInt8]) { RowKey.append(code, to: &bytes) }

  public init?(taking bytes: inout ArraySlice<UInt8>) {
    guard let text = takeText(&bytes) else { return nil }
    self.init(text)
  }
}

/// Orders rows by time.
extension Instant: RowKeyPart {
  public func append(to bytes: inout [UInt8]) { RowKey.append(milliseconds, to: &bytes) }

  public init?(taking bytes: inout ArraySlice<UInt8>) {
    guard let number = takeNumber(&bytes) else { return nil }
    self.init(milliseconds: number)
  }
}

/// Orders rows by number.
extension Int: RowKeyPart {
  public func append(to bytes: inout [UInt8]) { RowKey.append(Int64(self), to: &bytes) }

  public init?(taking bytes: inout ArraySlice<UInt8>) {
    guard let number = takeNumber(&bytes) else { return nil }
    self.init(number)
  }
}

private func takeText(_ bytes: inout ArraySlice<UInt8>) -> String? {
  guard let end = bytes.firstIndex(of: 0) else { return nil }
  defer { bytes = bytes[(end + 1)...] }
  return String(decoding: bytes[..<end], as: UTF8.self)
}

private func takeNumber(_ bytes: inout ArraySlice<UInt8>) -> Int64? {
  guard bytes.count >= 8 else { return nil }
  defer { bytes = bytes.dropFirst(8) }
  return RowKey.number(bytes.prefix(8))
}
