import CRDKafka

/// An idempotent producer without transactions, for whoever publishes from outside. For one thread.
public final class Producer {
  private let outgoing: Outgoing

  /// - Throws: `KafkaError` for a refused property.
  public init(_ configuration: Configuration, topics: [String] = []) throws(KafkaError) {
    outgoing = try Outgoing(configuration, [], topics: topics)
  }

  /// Queues a record; librdkafka copies it and keeps the order within a partition. A full queue is waited for (backpressure).
  /// - Parameters:
  ///   - partition: `nil` leaves it to the key (Java's murmur2), or to chance without one.
  ///   - value: `nil` is a tombstone.
  ///   - timestamp: milliseconds since 1970; `nil` is now.
  ///   - token: comes back with the record's position in `takeDeliveries`; 0 asks for nothing.
  /// - Throws: `KafkaError` when this record is refused on the spot, for example as too large.
  public func produce(
    topic: String, partition: Int32? = nil, key: [UInt8]?, value: [UInt8]?, headers: [Header] = [], timestamp: Int64? = nil,
    token: Int = 0
  ) throws(KafkaError) {
    try outgoing.produce(
      topic: topic, partition: partition, key: key, value: value, headers: headers, timestamp: timestamp, token: token)
    outgoing.poll(timeoutMilliseconds: 0)
  }

  /// Waits until every queued record is acknowledged.
  /// - Throws: `KafkaError` when time runs out or a record since the last flush could not be delivered.
  public func flush(timeoutMilliseconds: Int32) throws(KafkaError) {
    let code = rd_kafka_flush(outgoing.client.handle, timeoutMilliseconds)
    try checkDeliveries()
    try KafkaError.check(code, outgoing.client.handle)
  }

  /// Waits up to `timeoutMilliseconds` for acknowledgements: see `takeDeliveries`.
  /// - Parameter forAll: for those of all queued records, which are sent without waiting for more; else for the next one.
  /// - Throws: `KafkaError` when a record since the last call could not be delivered.
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
    // Of a producer that has ended, every record only says that it was purged.
    if let fatal = KafkaError.fatal(of: outgoing.client.handle) { throw fatal }
    if let failure { throw failure }
  }

  /// Where the records with a token came to lie, in order of acknowledgement, since the last call.
  public func takeDeliveries() -> [(token: Int, partition: Int32, offset: Int64)] {
    defer { outgoing.client.callbacks.deliveries = [] }
    return outgoing.client.callbacks.deliveries
  }
}
