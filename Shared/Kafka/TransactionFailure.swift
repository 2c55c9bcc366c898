/// What the caller of a transactional producer has to do about an error: the three classes of KIP-98, as librdkafka flags them,
/// with one stricter rule. A time-out or a lost connection inside a transaction is `fatal` whatever its flags say: librdkafka has no
/// KIP-890, so a late EndTxn of this epoch could hit the next transaction, and only a new epoch keeps it from that.
public enum TransactionFailure: Error, Sendable, CustomStringConvertible {
  /// Make the same call again.
  case retriable(KafkaError)
  /// Abort the transaction, drop the batch, rewind.
  case abortable(KafkaError)
  /// Throw the producer away and make a new one with the same transactional id.
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

  /// - Parameter endsEpoch: inside a transaction, unless a test wants to see it torn.
  init(_ error: KafkaError, endsEpoch: Bool) {
    // An abort gives nobody a right.
    if error.isFatal || error.meansNoRight || (endsEpoch && error.leavesOutcomeUnknown) {
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
