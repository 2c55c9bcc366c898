import Contracts
import JSON

/// Where a task stands; one row of its state, so that it can never disagree with the rest.
struct Progress: Stored, Equatable {
  /// Of stored rows: it goes up when one of them changes in a way that this version's code would misread, or read as nothing.
  static let form = 2

  var form = Progress.form
  /// The next offset to read, by topic.
  var positions: [String: Int64] = [:]
  /// Milliseconds since 1970.
  var clock: Int64 = 0
  var isVirtual = false
  /// Timers set so far.
  var timerOrder: Int64 = 0
  /// By topic and partition: how many messages this task has written to it.
  var sent: [String: [Int64]] = [:]
  /// By topic and the partition of the task that wrote them: the number of the last message that was read.
  var received: [String: [Int64]] = [:]
}

extension Progress {
  /// - Throws: `StateForm`, if the row is of another form; `JSONError`, if it is none.
  init(stored bytes: [UInt8]) throws {
    let parser = JSONParser()
    let form = try parser.read(bytes) { json throws(JSONError) in try json.object().optional("form", as: Int.self) }
    guard form == Self.form else { throw StateForm(found: form ?? 1) }
    self = try parser.decode(Progress.self, from: bytes)
  }

  mutating func moved(_ record: InputRecord) { positions[record.topic.name] = record.offset + 1 }

  /// The number of the next message to a partition of a topic, which is taken then.
  mutating func sent(_ topic: Topic, to partition: Int32) -> Int64 {
    Self.count(&sent[topic.name, default: []], Int(partition)) { $0 += 1 }
  }

  mutating func unsent(_ topic: Topic, to partition: Int32) {
    _ = Self.count(&sent[topic.name, default: []], Int(partition)) { $0 -= 1 }
    // As before, also where it was the first.
    while sent[topic.name]?.last == 0 { sent[topic.name]?.removeLast() }
    if sent[topic.name]?.isEmpty == true { sent[topic.name] = nil }
  }

  mutating func received(_ hop: Hop, on topic: Topic) {
    guard 0..<Self.partitionsMax ~= Int(hop.partition) else { return }
    _ = Self.count(&received[topic.name, default: []], Int(hop.partition)) { $0 = hop.number }
  }

  /// A header may claim any.
  private static let partitionsMax = 10_000

  private static func count(_ numbers: inout [Int64], _ index: Int, _ change: (inout Int64) -> Void) -> Int64 {
    while numbers.count <= index { numbers.append(0) }
    change(&numbers[index])
    return numbers[index]
  }
}

/// A state was written by a version that stores it in another form.
public struct StateForm: Error, CustomStringConvertible {
  /// 1: before there was a mark.
  public let found: Int

  public var description: String {
    "the state is of form \(found), and this version reads form \(Progress.form) alone"
  }
}

/// The positions in a task's changelog record of its progress: for those who watch a service from outside (`laurel publish --in-order`).
public enum ProgressRecord {
  /// Input positions by topic, if this changelog row is a task's progress.
  public static func positions(key: [UInt8], value: [UInt8], parser: JSONParser) throws(JSONError) -> [String: Int64]? {
    guard key == RowKey.progress else { return nil }
    return try parser.decode(Progress.self, from: value).positions
  }
}
