/// What the caller of a transactional producer must do about an error: the three classes of KIP-98, as librdkafka flags them, with
/// one stricter rule. A time-out or a lost connection inside a transaction is always `fatal`. librdkafka does not support KIP-890,
/// so a late EndTxn of this epoch could end the next transaction. Only a new epoch prevents that.
public enum TransactionFailure: Error, Sendable, CustomStringConvertible {
  /// Retry the call.
  case retriable(KafkaError)
  /// Abort the transaction and run its batch again.
  case abortable(KafkaError)
  /// Discard the producer and make a new one with the same transactional id.
  case fatal(KafkaError)

  public var error: KafkaError {
    switch self {
    case .retriable(let error), .abortable(let error), .fatal(let error): error
    }
  }

  public var description: String {
    switch self {
    case .retriable(let error): "retriable: \(error)"
    case .abortable(let error): "abortable: \(error)"
    case .fatal(let error): "fatal: \(error)"
    }
  }

  /// - Parameter endsEpoch: true inside a transaction, except in tests that show what happens without it.
  init(_ error: KafkaError, endsEpoch: Bool) {
    // An abort cannot grant a missing right, and a fenced producer has nothing left to abort. librdkafka flags both as abortable if
    // the broker rejected the offsets.
    if error.isFatal || error.meansNoRight || error.meansFenced || (endsEpoch && error.leavesOutcomeUnknown) {
      self = .fatal(error)
    } else if error.txnRequiresAbort {
      self = .abortable(error)
    } else if error.isRetriable {
      self = .retriable(error)
    } else {
      self = .fatal(error)
    }
  }
}
