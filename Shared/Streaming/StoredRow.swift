import Contracts
import JSON

/// What a row of a service's store is, for those who look at a state from outside.
public enum StoredRow {
  /// Where the task stands.
  case progress(Progress)
  /// The last number that a key's notices on a topic were given.
  case sequence(Int64)
  case timer
  /// The driver's memory of an event.
  case memory
  case stage(StageRow)

  /// nil: none that a task writes.
  /// - Throws: `JSONError` for a value that is not of its kind, `StateForm` for a state of another form.
  public init?(_ row: Row, parser: JSONParser) throws {
    switch row.key.first {
    case UInt8(ascii: "p") where row.key == RowKey.progress:
      self = .progress(try Progress(stored: row.value))
    case UInt8(ascii: "n"): self = .sequence(try parser.decode(Int64.self, from: row.value))
    case UInt8(ascii: "t") where row.key.withUnsafeBytes { TimerKey($0) } != nil: self = .timer
    case UInt8(ascii: "d"):
      _ = try parser.decode(Memory.self, from: row.value)
      self = .memory
    default:
      guard let row = StageRow(row) else { return nil }
      self = .stage(row)
    }
  }

  /// Where a task keeps the last number of a key's notices on a topic.
  public static func sequenceKey(program: ProgramID, topic: Topic, key: String) -> [UInt8] {
    var bytes: [UInt8] = []
    RowKey.appendSequence(program: program.value, topic: topic.name, key: key, to: &bytes)
    return bytes
  }

  public static let progressKey = RowKey.progress

  /// A row's key for a person: which kind of row it is, and whose.
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
    var bytes: [UInt8] = []
    RowKey.appendScope(stage: stage, program: program.value, key: key, to: &bytes)
    bytes.append(contentsOf: keyBytes)
    part.append(to: &bytes)
    return bytes
  }
}

/// What must hold among the rows of one stage, program and key whenever a batch is over. Takes them one by one in the order of their
/// keys (tables by name), so that it holds sums and not rows.
public protocol RowAudit {
  mutating func take(_ row: StageRow) throws
  /// What does not hold, once all rows are taken; a sentence each.
  func contradictions() -> [String]
}
