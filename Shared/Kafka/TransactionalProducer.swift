import CRDKafka

/// A producer whose records, together with a consumer's offsets, become visible all at once or never. For one thread.
///
/// Order of calls: `initialise` once, then `begin`, `produce`…, `flush`, `send`, `commit` (or `abort`) for each transaction. What to
/// do about a failure is its case: see `TransactionFailure`.
///
/// The guard of the epoch: librdkafka repeats by itself what a lost connection has left unanswered, and the first copy may still be on
/// its way. An EndTxn that comes late ends the next transaction in its middle, late offsets take the group back. The broker refuses both
/// once the epoch is another (librdkafka has no KIP-890, with which every transaction has its own), so a producer that lost a connection
/// then ends with its transaction: the next `begin` throws.
public final class TransactionalProducer {
  private let outgoing: Outgoing
  private var isOpen = false
  private let endsEpochOnUnknownOutcome: Bool
  /// After this the broker ends what a producer left open.
  public let transactionTimeout: Duration
  /// Connections that had been closed when the transaction was begun.
  private var closedBefore = 0
  /// A connection broke under a request of which a late copy would harm the next transaction.
  private var hasLostConnection = false

  /// - Parameters:
  ///   - transactionalID: service + stable instance name; a newer producer with the same one fences this one.
  ///   - transactionTimeoutMilliseconds: after this the broker aborts what a frozen producer left open; records are given up a fifth
  ///     of it before. nil: three quarters of the consumer's session.timeout, see `Timeouts`.
  ///   - topics: every topic that will be written, so that none is first noticed during a transaction.
  /// - Throws: `KafkaError` for a refused property.
  public init(
    _ configuration: Configuration, transactionalID: String, transactionTimeoutMilliseconds: Int? = nil, topics: [String]
  ) throws(KafkaError) {
    endsEpochOnUnknownOutcome = configuration.endsEpochOnUnknownOutcome
    let timeouts = try Timeouts(configuration)
    transactionTimeout = .milliseconds(transactionTimeoutMilliseconds ?? timeouts.transaction)
    outgoing = try Outgoing(
      configuration,
      [
        ("transactional.id", transactionalID),
        ("transaction.timeout.ms", String(transactionTimeoutMilliseconds ?? timeouts.transaction)),
        ("message.timeout.ms", String(transactionTimeoutMilliseconds.map(Timeouts.message) ?? timeouts.message)),
      ], topics: topics)
  }

  private var handle: OpaquePointer { outgoing.client.handle }
  private var callbacks: Callbacks { outgoing.client.callbacks }

  /// Finds the topics' leaders, takes the transactional id over from any former owner (whose open transaction ends) and waits for it.
  /// Here a time-out or a missing broker is `retriable`: nothing is open yet.
  public func initialise(timeoutMilliseconds: Int32) throws(TransactionFailure) {
    let deadline = Deadline(inMilliseconds: timeoutMilliseconds)
    do {
      try outgoing.learnTopics(timeoutMilliseconds: timeoutMilliseconds)
    } catch {
      throw TransactionFailure(error, endsEpoch: false)
    }
    try check(rd_kafka_init_transactions(handle, deadline.millisecondsLeft), insideTransaction: false)
  }

  /// Opens a transaction; costs no round trip.
  public func begin() throws(TransactionFailure) {
    if hasLostConnection, endsEpochOnUnknownOutcome { throw .fatal(Self.lostConnection) }
    outgoing.poll(timeoutMilliseconds: 0)
    callbacks.deliveryFailure = nil
    callbacks.deliveries.removeAll(keepingCapacity: true)
    closedBefore = callbacks.closedConnections
    try check(rd_kafka_begin_transaction(handle), insideTransaction: true)
    isOpen = true
  }

  /// Queues a record; librdkafka copies it. A full queue is waited for.
  /// - Parameters:
  ///   - partition: `nil` leaves it to the key (Java's murmur2), or to chance without one.
  ///   - value: `nil` is a tombstone.
  ///   - timestamp: milliseconds since 1970; `nil` is now.
  ///   - token: comes back with the record's position in `takeDeliveries`; 0 asks for nothing.
  public func produce(
    topic: String, partition: Int32?, key: [UInt8]?, value: [UInt8]?, headers: [Header] = [], timestamp: Int64? = nil,
    token: Int = 0
  ) throws(TransactionFailure) {
    do {
      try outgoing.produce(
        topic: topic, partition: partition, key: key, value: value, headers: headers, timestamp: timestamp, token: token)
    } catch {
      throw refusal(error)
    }
  }

  /// For many records: see `produce(topic:)`.
  public func topic(_ name: String) throws(KafkaError) -> ProducedTopic { try outgoing.topic(name) }

  /// As the other one, without values of Swift on the way.
  public func produce(
    _ topic: ProducedTopic, partition: Int32, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, token: Int = 0,
    headers: (inout HeaderFields) -> Void = { _ in }
  ) throws(TransactionFailure) {
    do {
      try outgoing.produce(
        topic, partition: partition, key: key, value: value, timestamp: nil, token: token, headers: headers)
    } catch {
      throw refusal(error)
    }
  }

  private func refusal(_ error: KafkaError) -> TransactionFailure {
    // These errors carry no flags. Inside a transaction `_STATE` means that it has failed already and waits for its abort;
    // anything else (a record too large, a partition that is not there) refuses this record alone, and its batch with it.
    if let fatal = KafkaError.fatal(of: handle) { return .fatal(fatal) }
    if let denial = denial() { return .fatal(denial) }
    return isOpen ? .abortable(callbacks.deliveryFailure ?? error) : .fatal(error)
  }

  /// Connections to brokers that have been closed so far.
  public var closedConnections: Int { callbacks.closedConnections }

  /// Waits until every record of the transaction is acknowledged.
  /// - Throws: also when a record could not be delivered.
  public func flush(timeoutMilliseconds: Int32) throws(TransactionFailure) {
    let code = rd_kafka_flush(handle, timeoutMilliseconds)
    if let fatal = KafkaError.fatal(of: handle) { throw .fatal(fatal) }
    if let failure = callbacks.deliveryFailure {
      if let denial = denial() { throw .fatal(denial) }
      // A record that the broker itself refused leaves a gap in its partition's sequence: up to 2.0.2 librdkafka mends it only
      // after the next transaction has failed too (OUT_OF_ORDER_SEQUENCE_NUMBER), a new producer starts a new sequence.
      throw failure.leavesOutcomeUnknown || failure.isOfBroker ? .fatal(failure) : .abortable(failure)
    }
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw .fatal(KafkaError.of(code, handle: handle)) }
  }

  /// Where the records with a token came to lie, in order of acknowledgement, since the last call or `begin`. Complete after `flush`.
  public func takeDeliveries() -> [(token: Int, partition: Int32, offset: Int64)] {
    defer { callbacks.deliveries = [] }
    return callbacks.deliveries
  }

  /// Makes the input positions (each the offset of the next record to read) part of the transaction. Call it after `flush`.
  /// - Throws: `abortable` when the group has moved on and `metadata` is a former owner's (KIP-447).
  public func send(
    offsets: [TopicPartition: Int64], _ metadata: borrowing GroupMetadata, timeoutMilliseconds: Int32
  ) throws(TransactionFailure) {
    let list = PartitionList(offsets)
    let closed = callbacks.closedConnections
    let error = rd_kafka_send_offsets_to_transaction(handle, list.pointer, metadata.pointer, timeoutMilliseconds)
    noteLostConnection(since: closed)
    try check(error, insideTransaction: true)
  }

  /// Commits, flushing what is still queued. It returns a moment before the broker has finished: a first `produce` within about
  /// 2 ms costs 20 ms.
  public func commit(timeoutMilliseconds: Int32) throws(TransactionFailure) {
    try end(closedBefore: callbacks.closedConnections) { rd_kafka_commit_transaction(handle, timeoutMilliseconds) }
  }

  /// Gives the transaction up: queued records are dropped, written ones are hidden from read_committed readers.
  public func abort(timeoutMilliseconds: Int32) throws(TransactionFailure) {
    // Records that were given up unanswered are not repeated, so a late copy of them would not be known as one: from `begin` on.
    try end(closedBefore: closedBefore) { rd_kafka_abort_transaction(handle, timeoutMilliseconds) }
    callbacks.deliveryFailure = nil
    callbacks.deliveries.removeAll(keepingCapacity: true)
  }

  private func end(closedBefore closed: Int, _ request: () -> OpaquePointer?) throws(TransactionFailure) {
    outgoing.poll(timeoutMilliseconds: 0)
    let error = request()
    outgoing.poll(timeoutMilliseconds: 0)
    noteLostConnection(since: closed)
    try check(error, insideTransaction: true)
    isOpen = false
  }

  /// A right that the open transaction failed for want of. Its records only say that they were purged; librdkafka tells the cause to any
  /// call that the failed state forbids, such as a second begin, which changes nothing.
  private func denial() -> KafkaError? {
    guard isOpen, let error = rd_kafka_begin_transaction(handle) else { return nil }
    let cause = KafkaError(consuming: error)
    return cause.meansNoRight ? cause : nil
  }

  /// Counted and not told by librdkafka's error callback: that keeps equal errors of one broker to itself for 30 s, and gives another
  /// code when the connection was closed because of a time-out.
  private func noteLostConnection(since closed: Int) {
    if callbacks.closedConnections != closed { hasLostConnection = true }
  }

  private static let lostConnection = KafkaError(
    RD_KAFKA_RESP_ERR__TRANSPORT, reason: "a connection was lost in the last transaction: its requests may still reach the broker"
  )

  private func check(_ error: OpaquePointer?, insideTransaction: Bool) throws(TransactionFailure) {
    guard let error else { return }
    let found = KafkaError(consuming: error)
    // librdkafka may answer "wrong state" where the cause is an earlier fatal error.
    if let fatal = KafkaError.fatal(of: handle) { throw .fatal(fatal) }
    throw TransactionFailure(found, endsEpoch: insideTransaction && endsEpochOnUnknownOutcome)
  }
}
