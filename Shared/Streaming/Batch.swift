import Contracts

/// What a batch has produced; to be written to Kafka in one transaction, then to the store in one write. Its parts are used again for
/// the next batch.
public struct Batch {
  public var outbox = Outbox()
  public var deadLetters: [DeadLetter] = []
  /// Records on a wrong partition, to be written to the service's re-keyed topic under this key.
  public var repartitioned: [(key: String, record: InputRecord)] = []
  public var changes = Changes()

  public var isEmpty: Bool { outbox.isEmpty && deadLetters.isEmpty && repartitioned.isEmpty && changes.isEmpty }

  mutating func reset() {
    outbox.removeAll()
    deadLetters.removeAll(keepingCapacity: true)
    repartitioned.removeAll(keepingCapacity: true)
    changes.removeAll()
  }
}
