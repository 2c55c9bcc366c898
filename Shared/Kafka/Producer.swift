import CRDKafka

/// An idempotent producer without transactions, for programs that publish from outside. For use by one thread.
public final class Producer {
  private let outgoing: Outgoing

  /// - Throws: `KafkaError` if a property is invalid.
  public init(_ configuration: Configuration, topics: [String] = []) throws(KafkaError) {
    outgoing = try Outgoing(configuration, [], topics: topics)
  }

  /// Queues a copy of a record. Keeps the order within a partition. Waits while the queue is full (backpressure).
  /// - Parameters:
  ///   - partition: if `nil`, the key decides (Java's murmur2); without a key any partition.
  ///   - value: `nil` is a tombstone.
  ///   - timestamp: milliseconds since 1970; `nil` is now.
  ///   - token: returned with the record's position in `takeDeliveries`; with 0 the position is not kept.
  /// - Throws: `KafkaError` if this record is rejected at once, for example because it is too large.
  public func produce(
    topic: String, partition: Int32? = nil, key: [UInt8]?, value: [UInt8]?, headers: [Header] = [], timestamp: Int64? = nil,
    token: Int = 0
  ) throws(KafkaError) {
    try outgoing.produce(
      topic: topic, partition: partition, key: key, value: value, headers: headers, timestamp: timestamp, token: token)
    outgoing.poll(timeoutMilliseconds: 0)
  }

  /// Waits until every queued record is acknowledged.
  /// - Throws: `KafkaError` if time runs out or a record since the last flush could not be delivered.
  public func flush(timeoutMilliseconds: Int32) throws(KafkaError) {
    let code = rd_kafka_flush(outgoing.client.handle, timeoutMilliseconds)
    try checkDeliveries()
    try KafkaError.check(code, outgoing.client.handle)
  }

  /// Waits up to `timeoutMilliseconds` for acknowledgements: see `takeDeliveries`.
  /// - Parameter forAll: whether to send all queued records now and wait for all acknowledgements, instead of the next one.
  /// - Throws: `KafkaError` if a record since the last call could not be delivered.
  public func poll(timeoutMilliseconds: Int32, forAll: Bool = false) throws(KafkaError) {
    if forAll {
      rd_kafka_flush(outgoing.client.handle, timeoutMilliseconds)
    } else {
      outgoing.poll(timeoutMilliseconds: timeoutMilliseconds)
    }
    try checkDeliveries()
  }

  private func checkDeliveries() throws(KafkaError) {
    let failure = outgoing.client.callbacks.deliveryFailure
    outgoing.client.callbacks.deliveryFailure = nil
    // After a fatal error, each record only reports that it was purged.
    if let fatal = KafkaError.fatal(of: outgoing.client.handle) { throw fatal }
    if let failure { throw failure }
  }

  /// Positions of the records produced with a token since the last call, in order of acknowledgement.
  public func takeDeliveries() -> [(token: Int, partition: Int32, offset: Int64)] {
    defer { outgoing.client.callbacks.deliveries = [] }
    return outgoing.client.callbacks.deliveries
  }
}
