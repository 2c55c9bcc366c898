import CRDKafka

/// A producer whose records become visible together with a consumer's offsets, all at once or never. For use by one thread, except that
/// several threads may call `produce` at once, each with a ``RecordWriter`` of its own or without one.
///
/// Order of calls: `initialise` once, then `begin`, `produce`…, `flush`, `send`, `commit` (or `abort`) for each transaction. The case of
/// `TransactionFailure` shows what to do about a failure.
///
/// Why an epoch ends after a lost connection: librdkafka repeats unanswered requests by itself, while the first copy may still be
/// on its way. A late EndTxn would end the next transaction in the middle, and late offsets would move the group back. The broker
/// rejects both once the epoch has changed. With KIP-890 every transaction has its own epoch, but librdkafka does not support that.
/// So a producer that lost a connection ends with its transaction, and the next `begin` throws.
public final class TransactionalProducer {
  private let outgoing: Outgoing
  private let writesTopics: Bool
  private var isOpen = false
  private let endsEpochOnUnknownOutcome: Bool
  /// The broker aborts a transaction that is open for longer.
  public let transactionTimeout: Duration
  /// Number of closed connections when the transaction began.
  private var closedBefore = 0
  /// Whether a connection was lost during a request whose late copy would harm the next transaction.
  private var hasLostConnection = false

  /// - Parameters:
  ///   - transactionalID: service + stable instance name. A newer producer with the same id fences this one.
  ///   - transactionTimeoutMilliseconds: the broker aborts a transaction that is open for longer. Records time out after four
  ///     fifths of it. If `nil`, three quarters of the consumer's session.timeout, see `Timeouts`.
  ///   - topics: every topic that will be written, so that librdkafka knows all of them before a transaction.
  /// - Throws: `KafkaError` if a property is invalid.
  public init(
    _ configuration: Configuration, transactionalID: String, transactionTimeoutMilliseconds: Int? = nil, topics: [String]
  ) throws(KafkaError) {
    endsEpochOnUnknownOutcome = configuration.endsEpochOnUnknownOutcome
    let timeouts = try Timeouts(configuration)
    transactionTimeout = .milliseconds(transactionTimeoutMilliseconds ?? timeouts.transaction)
    writesTopics = !topics.isEmpty
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

  /// Finds the topics' leaders, takes over the transactional id from any former owner (aborting its open transaction), and waits for both.
  /// Here a time-out or a missing broker is `retriable`, because no transaction is open yet. After a time-out the taking over goes on in the
  /// background.
  public func initialise(timeoutMilliseconds: Int32) throws(TransactionFailure) {
    let deadline = Deadline(inMilliseconds: timeoutMilliseconds)
    if writesTopics {
      do {
        try outgoing.learnTopics(timeoutMilliseconds: timeoutMilliseconds)
      } catch {
        throw TransactionFailure(error, endsEpoch: false)
      }
    }
    try check(rd_kafka_init_transactions(handle, deadline.millisecondsLeft), insideTransaction: false)
  }

  /// Opens a transaction, without a network request.
  public func begin() throws(TransactionFailure) {
    if hasLostConnection, endsEpochOnUnknownOutcome { throw .fatal(Self.lostConnection) }
    outgoing.poll(timeoutMilliseconds: 0)
    callbacks.deliveryFailure = nil
    callbacks.deliveries.removeAll(keepingCapacity: true)
    closedBefore = callbacks.closedConnections
    try check(rd_kafka_begin_transaction(handle), insideTransaction: true)
    isOpen = true
  }

  /// Queues a copy of a record. Waits while the queue is full.
  /// - Parameters:
  ///   - partition: if `nil`, the key decides (Java's murmur2); without a key any partition.
  ///   - value: `nil` is a tombstone.
  ///   - timestamp: milliseconds since 1970; `nil` is now.
  ///   - token: returned with the record's position in `takeDeliveries`; with 0 the position is not kept.
  public func produce(
    topic: String, partition: Int32?, key: [UInt8]?, value: [UInt8]?, headers: [Header] = [], timestamp: Int64? = nil,
    token: Int = 0
  ) throws(TransactionFailure) {
    do {
      try outgoing.produce(
        topic: topic, partition: partition, key: key, value: value, headers: headers, timestamp: timestamp, token: token)
    } catch {
      throw rejection(error)
    }
  }

  /// For writing many records to one topic.
  public func topic(_ name: String) throws(KafkaError) -> ProducedTopic { try outgoing.topic(name) }

  /// Writes many records into the open transaction, without copying through Swift arrays. For use by one thread, beside other writers.
  public struct RecordWriter: ~Copyable {
    private let producer: TransactionalProducer
    private var fields = HeaderFields()

    fileprivate init(_ producer: TransactionalProducer) { self.producer = producer }

    /// Like the producer's `produce`.
    public mutating func produce(
      _ topic: ProducedTopic, partition: Int32, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, token: Int = 0,
      headers: (inout HeaderFields) -> Void = { _ in }
    ) throws(TransactionFailure) {
      do throws(KafkaError) {
        try producer.outgoing.produce(
          topic, partition: partition, key: key, value: value, timestamp: nil, token: token, in: &fields, headers: headers)
      } catch {
        throw producer.rejection(error)
      }
    }
  }

  public func writer() -> RecordWriter { RecordWriter(self) }

  private func rejection(_ error: KafkaError) -> TransactionFailure {
    // These errors carry no flags. Inside a transaction, `_STATE` means that the transaction has already failed and must be aborted. Any
    // other error (a record too large, a missing partition) rejects only this record, and its batch with it.
    if let fatal = KafkaError.fatal(of: handle) { return .fatal(fatal) }
    if let denial = denial() { return .fatal(denial) }
    return isOpen ? .abortable(outgoing.deliveryFailure ?? error) : .fatal(error)
  }

  /// The number of connections to brokers closed so far.
  public var closedConnections: Int { callbacks.closedConnections }

  /// Waits until every record of the transaction is acknowledged.
  /// - Throws: `TransactionFailure`, also if a record could not be delivered.
  public func flush(timeoutMilliseconds: Int32) throws(TransactionFailure) {
    let code = rd_kafka_flush(handle, timeoutMilliseconds)
    if let fatal = KafkaError.fatal(of: handle) { throw .fatal(fatal) }
    if let failure = callbacks.deliveryFailure {
      if let denial = denial() { throw .fatal(denial) }
      // A record that the broker rejected leaves a gap in its partition's sequence. Up to 2.0.2, librdkafka recovers only after the next
      // transaction has failed too (OUT_OF_ORDER_SEQUENCE_NUMBER). A new producer starts a new sequence.
      throw failure.leavesOutcomeUnknown || failure.isOfBroker ? .fatal(failure) : .abortable(failure)
    }
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw .fatal(KafkaError.of(code, handle: handle)) }
  }

  /// Positions of the records produced with a token since the last call or `begin`, in order of acknowledgement. Complete after `flush`.
  public func takeDeliveries() -> [(token: Int, partition: Int32, offset: Int64)] {
    defer { callbacks.deliveries = [] }
    return callbacks.deliveries
  }

  /// Adds the input positions (each the offset of the next record to read) to the transaction. Call it after `flush`.
  /// - Throws: `abortable` if the group has rebalanced, so that `metadata` is out of date (KIP-447).
  public func send(
    offsets: [TopicPartition: Int64], _ metadata: borrowing GroupMetadata, timeoutMilliseconds: Int32
  ) throws(TransactionFailure) {
    let list = PartitionList(offsets)
    let closed = callbacks.closedConnections
    let error = rd_kafka_send_offsets_to_transaction(handle, list.pointer, metadata.pointer, timeoutMilliseconds)
    noteLostConnection(since: closed)
    try check(error, insideTransaction: true)
  }

  /// Flushes queued records, then commits. Returns shortly before the broker has finished, so a `produce` within about 2 ms takes
  /// 20 ms.
  public func commit(timeoutMilliseconds: Int32) throws(TransactionFailure) {
    try end(closedBefore: callbacks.closedConnections) { rd_kafka_commit_transaction(handle, timeoutMilliseconds) }
  }

  /// Aborts the transaction: drops queued records and hides written ones from read_committed readers.
  public func abort(timeoutMilliseconds: Int32) throws(TransactionFailure) {
    // Count lost connections from `begin` on: timed-out records are not sent again, so the broker could not recognise a late copy as a
    // duplicate.
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

  /// The missing right that made the open transaction fail. The records themselves only report that they were purged. librdkafka
  /// reports the cause to any call that the failed state forbids, such as a second begin, which has no other effect.
  private func denial() -> KafkaError? {
    guard isOpen, let error = rd_kafka_begin_transaction(handle) else { return nil }
    let cause = KafkaError(consuming: error)
    return cause.meansNoRight ? cause : nil
  }

  /// Compares counts instead of using librdkafka's error callback, which drops repeated errors of one broker for 30 s and reports another
  /// code if the connection was closed because of a time-out.
  private func noteLostConnection(since closed: Int) {
    if callbacks.closedConnections != closed { hasLostConnection = true }
  }

  private static let lostConnection = KafkaError(
    RD_KAFKA_RESP_ERR__TRANSPORT, reason: "a connection was lost in the last transaction: its requests may still reach the broker"
  )

  private func check(_ error: OpaquePointer?, insideTransaction: Bool) throws(TransactionFailure) {
    guard let error else { return }
    let found = KafkaError(consuming: error)
    // librdkafka may report "wrong state" when the cause is an earlier fatal error.
    if let fatal = KafkaError.fatal(of: handle) { throw .fatal(fatal) }
    throw TransactionFailure(found, endsEpoch: insideTransaction && endsEpochOnUnknownOutcome)
  }
}
