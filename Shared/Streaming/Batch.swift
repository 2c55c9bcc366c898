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

  mutating func reset() {
    outbox.removeAll()
    deadLetters.removeAll(keepingCapacity: true)
    repartitioned.removeAll(keepingCapacity: true)
    changes.removeAll()
  }
}
