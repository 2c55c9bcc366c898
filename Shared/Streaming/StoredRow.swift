import Contracts
import JSON

/// The kind and content of a row in a service's store, for tools that inspect the state from outside.
public enum StoredRow {
  /// The progress of the task.
  case progress(Progress)
  /// The last number given to a key's notices on a topic.
  case sequence(Int64)
  case timer
  /// What the driver remembers of an event.
  case memory
  case stage(StageRow)

  /// Whether the state has a row of this key.
  public typealias Presence = (_ key: [UInt8]) throws -> Bool

  /// Returns `nil` if a task does not write such rows.
  ///
  /// - Parameter holds: asks the state that the row is from, when a row with a timer is read: whether the timer has fired is not in the row.
  /// - Throws: `JSONError` if the value does not fit the kind of row; `StateForm` if the state has another format.
  public init?(_ row: Row, parser: JSONParser, _ holds: @escaping Presence) throws {
    switch row.key.first {
    case UInt8(ascii: "p") where row.key == RowKey.progress:
      self = .progress(try Progress(stored: row.value))
    case UInt8(ascii: "n"): self = .sequence(try parser.decode(Int64.self, from: row.value))
    case UInt8(ascii: "t") where row.key.withUnsafeBytes { TimerKey($0) } != nil: self = .timer
    case UInt8(ascii: "d"):
      _ = try parser.decode(Memory.self, from: row.value)
      self = .memory
    default:
      guard let row = StageRow(row, holds) else { return nil }
      self = .stage(row)
    }
  }

  /// The key of the row with the last number of a key's notices on a topic.
  public static func sequenceKey(program: ProgramID, topic: Topic, key: String) -> [UInt8] {
    var bytes: [UInt8] = []
    RowKey.appendSequence(program: program.value, topic: topic.name, key: key, to: &bytes)
    return bytes
  }

  /// A readable name of a row: its kind and its owner.
  public static func name(of key: [UInt8]) -> String {
    let parts = key.dropFirst().split(separator: 0, omittingEmptySubsequences: false).map { RowKey.text(Array($0)) }
    switch key.first {
    case UInt8(ascii: "p") where key == RowKey.progress: return "the progress row"
    case UInt8(ascii: "n") where parts.count >= 3:
      return "the last number of \(parts[0])/\(parts[2]) on \(parts[1])"
    case UInt8(ascii: "d") where key.count == 17: return "the memory of an event"
    case UInt8(ascii: "t"):
      return key.withUnsafeBytes { TimerKey($0) }.map { "the timer of \(name(of: $0.row)), due \($0.due)" }
        ?? "'\(RowKey.text(key))'"
    case UInt8(ascii: "s") where parts.count >= 5:
      let below = parts[4...].filter { !$0.isEmpty }.joined(separator: " ")
      return "\(parts[3])\(below.isEmpty ? "" : " '\(below)'") of \(parts[1])/\(parts[2]) in \(parts[0])"
    default: return "'\(RowKey.text(key))'"
    }
  }
}

extension Table {
  /// The key of a row in a service's store.
  public func key(stage: String, program: ProgramID, key: String, _ part: Key) -> [UInt8] {
    var bytes = RowKey.scope(RowKey.scope(stage: stage, program: program.value), key: key)
    bytes.append(contentsOf: keyBytes)
    part.append(to: &bytes)
    return bytes
  }
}

/// A check of the rows of one stage, program and key, valid between batches. It takes the rows one at a time in the order of their
/// keys (tables by name), so that it can keep sums instead of rows.
public protocol RowAudit {
  mutating func take(_ row: StageRow) throws
  /// The contradictions found, one sentence each. Call it after all rows are taken.
  func contradictions() -> [String]
}
