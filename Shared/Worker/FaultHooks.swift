import Streaming

/// Where a worker's loop stands. The faults bench ends a service at these points.
package enum Checkpoint: String, CaseIterable, Sendable {
  case beforeBegin, afterBegin
  /// Once a task: some tasks' records are queued, others' are not.
  case whileProducing
  case afterProduce, afterFlush, afterOffsets, afterCommit
  /// Once a task: some stores hold the batch, others do not.
  case afterStoreWrite
  /// Once for every portion of changelog records that a restored store has taken.
  case whileRestoring
}

/// What a bench may do to a worker from within. Services are built without any of it: they pass `none`, and nothing that a user can set
/// leads here; only the bench's own executable has others.
package struct FaultHooks: Sendable {
  package static let none = FaultHooks()

  /// Called at every checkpoint; it may end the process.
  package var reached: @Sendable (Checkpoint) -> Void = { _ in }
  /// Planted bugs in what is written to the bus; the store keeps the truth. How often a message is written, 1 without a bug; another
  /// text of it, nil without; whether a row's change is written to the changelog.
  package var copies: @Sendable (OutputRecord) -> Int = { _ in 1 }
  package var text: @Sendable (OutputRecord) -> [UInt8]? = { _ in nil }
  package var keepsChange: (@Sendable (_ key: UnsafeRawBufferPointer) -> Bool)?
  /// A planted bug when false: transactions carry no offsets, so nobody asks whose partition it is (KIP-447).
  package var fencesFormerOwners = true

  /// A planted bug when false: see `TransactionalProducer`, "the guard of the epoch".
  package var endsEpochOnUnknownOutcome = true

  package init() {}
}
