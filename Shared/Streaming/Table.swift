import Contracts
import JSON

/// A named kind of rows in a stage's state. The rows that a turn sees are those of its own program and key; below them the parts of
/// the row key order and distinguish them.
///
/// The name is part of the stored keys and the value's Codable form is what is stored: both outlive a release.
public struct Table<Value: JSONCodable & Sendable>: Sendable {
  let name: String

  public init(_ name: String) { self.name = name }
}

/// A part of a row key: text, or an instant that orders rows by time.
public enum RowPart: Sendable, ExpressibleByStringLiteral {
  case text(String)
  case instant(Instant)

  public init(stringLiteral value: String) { self = .text(value) }
  public static func id<Kind>(_ identifier: Identifier<Kind>) -> RowPart { .text(identifier.value) }
}

/// The layout of the keys of a task's store. The first byte tells what a row is; identifiers are printable ASCII, so a zero byte ends
/// them and the order of the bytes is the order of the parts.
enum RowKey {
  /// Where the task stands: positions, clock, counters. One row.
  static let progress: [UInt8] = [UInt8(ascii: "p")]
  static let timers: [UInt8] = [UInt8(ascii: "t")]

  /// The driver's memory of an event from outside.
  static func seen(stage: String, program: String, key: String, type: String, identity: String) -> [UInt8] {
    join(UInt8(ascii: "d"), [stage, program, key, type, identity])
  }

  /// The last sequence number given to a key's notices on a topic.
  static func sequence(program: String, topic: String, key: String) -> [UInt8] {
    join(UInt8(ascii: "n"), [program, topic, key])
  }

  static func timer(_ timer: TimerKey) -> [UInt8] {
    var bytes = timers
    bytes.reserveCapacity(17)
    append(timer.due.milliseconds, to: &bytes)
    append(timer.order, to: &bytes)
    return bytes
  }

  /// The prefix of all the rows of a stage, program and key.
  static func scope(stage: String, program: String, key: String) -> [UInt8] {
    join(UInt8(ascii: "s"), [stage, program, key])
  }

  static func row(scope: [UInt8], table: String, parts: [RowPart]) -> [UInt8] {
    var bytes = scope
    bytes.reserveCapacity(scope.count + table.utf8.count + 1 + parts.count * 16)
    bytes.append(contentsOf: table.utf8)
    bytes.append(0)
    for part in parts {
      switch part {
      case .text(let text):
        bytes.append(contentsOf: text.utf8)
        bytes.append(0)
      case .instant(let instant):
        append(instant.milliseconds, to: &bytes)
      }
    }
    return bytes
  }

  private static func join(_ kind: UInt8, _ parts: [String]) -> [UInt8] {
    var bytes: [UInt8] = [kind]
    bytes.reserveCapacity(parts.reduce(1) { $0 + $1.utf8.count + 1 })
    for part in parts {
      bytes.append(contentsOf: part.utf8)
      bytes.append(0)
    }
    return bytes
  }

  /// Big-endian with the sign flipped, so that negative numbers come first.
  private static func append(_ number: Int64, to bytes: inout [UInt8]) {
    let bits = UInt64(bitPattern: number) ^ (1 << 63)
    for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift))) }
  }
}

extension RowKey {
  /// The stage, program, key and table that a row (or a prefix that names them) belongs to; nil: it is no row of a stage.
  static func table(of key: [UInt8]) -> ArraySlice<UInt8>? {
    guard key.first == UInt8(ascii: "s") else { return nil }
    var names = 0
    for (index, byte) in key.enumerated() where byte == 0 {
      names += 1
      if names == 4 { return key[...index] }
    }
    return nil
  }

  /// For a person: the zero bytes between the names as slashes.
  static func text(_ key: [UInt8]) -> String {
    String(decoding: key.map { 0x20...0x7E ~= $0 ? $0 : UInt8(ascii: "/") }, as: UTF8.self)
  }
}
