import Contracts

/// The results of a batch. They are written to Kafka in one transaction, and then to the store in one write. The buffers are reused
/// for the next batch.
public struct Batch {
  public var outbox = Outbox()
  public var deadLetters: [DeadLetter] = []
  /// Records on a wrong partition, to be written to the service's repartition topic under this key.
  public var repartitioned: [(key: String, record: InputRecord)] = []
  public var changes = Changes()

  public var isEmpty: Bool { outbox.isEmpty && deadLetters.isEmpty && repartitioned.isEmpty && changes.isEmpty }

  /// What is in it before an invocation.
  struct Mark {
    var outbox = Outbox.Mark()
    var deadLetters = 0
  }

  var mark: Mark { Mark(outbox: outbox.mark, deadLetters: deadLetters.count) }

  /// Removes what was written after the mark, and reports the target of each removed message.
  mutating func removeAll(from mark: Mark, _ forgotten: (Topic, _ partition: Int32) -> Void) {
    outbox.removeAll(from: mark.outbox, forgotten)
    deadLetters.removeLast(deadLetters.count - mark.deadLetters)
  }

  /// Removes and returns what the stages have written; `nil` if it is nothing.
  mutating func takeRecords(leaving empty: @autoclosure () -> Outbox) -> (outbox: Outbox, deadLetters: [DeadLetter])? {
    guard !outbox.isEmpty || !deadLetters.isEmpty else { return nil }
    defer { (outbox, deadLetters) = (empty(), []) }
    return (outbox, deadLetters)
  }

  mutating func reset() {
    outbox.removeAll()
    deadLetters.removeAll(keepingCapacity: true)
    repartitioned.removeAll(keepingCapacity: true)
    changes.removeAll()
  }
}
