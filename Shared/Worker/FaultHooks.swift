import Streaming

/// Points in a worker's loop at which the faults bench ends a service.
package enum Checkpoint: String, CaseIterable, Sendable {
  case beforeBegin, afterBegin
  /// Reached once per task: the records of some tasks are queued, those of others are not.
  case whileProducing
  case afterProduce, afterFlush, afterOffsets, afterCommit
  /// Reached once per task: some stores hold the batch, others do not.
  case afterStoreWrite
  /// Reached once for every batch of changelog records written to a store during a restore.
  case whileRestoring
}

/// What the faults bench may do inside a worker. Only the bench's own executable passes hooks. Services pass `none`, and no setting
/// can change that.
package struct FaultHooks: Sendable {
  package static let none = FaultHooks()

  /// Called at every checkpoint. May end the process.
  package var reached: @Sendable (Checkpoint) -> Void = { _ in }
  /// Planted bugs in what is written to the bus. The store stays correct. `copies` is how often a message is written (1 without a
  /// bug). `text` replaces its text (`nil` without a bug). `keepsChange` decides whether a row's change is written to the
  /// changelog.
  package var copies: @Sendable (OutputRecord) -> Int = { _ in 1 }
  package var text: @Sendable (OutputRecord) -> [UInt8]? = { _ in nil }
  package var keepsChange: (@Sendable (_ key: UnsafeRawBufferPointer) -> Bool)?
  /// False plants a bug: transactions carry no offsets, so the broker does not check who owns the partition (KIP-447).
  package var fencesFormerOwners = true

  /// False plants a bug: the producer keeps its epoch after an unknown outcome. See `TransactionalProducer`, "Why an epoch ends".
  package var endsEpochOnUnknownOutcome = true

  /// From how many records on a batch runs on all threads.
  package var recordsForThreads = 100
  /// False writes every internal message to its topic (`OpenBatch.handOver`).
  package var handsMessagesOver = true

  package init() {}
}
