import CRDKafka
import Kafka

extension MockCluster {
  /// Requests that can be made to fail, by their numbers in Kafka's protocol.
  public enum Request: Int16, Sendable, CaseIterable {
    case produce = 0
    case fetch = 1
    case listOffsets = 2
    /// This request cannot fail, but its topics can: see `setTopicError`.
    case metadata = 3
    case offsetFetch = 9
    case findCoordinator = 10
    case joinGroup = 11
    case heartbeat = 12
    case syncGroup = 14
    case initProducerID = 22
    case addPartitionsToTransaction = 24
    case addOffsetsToTransaction = 25
    case endTransaction = 26
    case transactionOffsetCommit = 28
  }

  /// Answers the next requests of this kind with these codes (`KafkaError.code`), one each. -195 (`_TRANSPORT`) closes the connection.
  public func pushErrors(_ request: Request, _ codes: [Int32]) {
    let errors = codes.map { rd_kafka_resp_err_t($0) }
    rd_kafka_mock_push_request_errors_array(handle, request.rawValue, errors.count, errors)
  }

  /// Like the other `pushErrors`, for one broker. A broker's own errors come before the cluster's. They can be counted but not
  /// cleared.
  public func pushErrors(_ request: Request, _ codes: [Int32], ofBroker broker: Int32) throws {
    for code in codes {
      try Self.check(laurel_mock_push_request_error(handle, broker, request.rawValue, rd_kafka_resp_err_t(code)))
    }
  }

  /// How many of a broker's own errors are still unused.
  public func errorsLeft(_ request: Request, ofBroker broker: Int32) throws -> Int {
    var count = 0
    try Self.check(rd_kafka_mock_broker_error_stack_cnt(handle, broker, request.rawValue, &count))
    return count
  }

  /// Sets the error that metadata reports for this topic; 0 is no error.
  public func setTopicError(_ topic: String, _ code: Int32) {
    rd_kafka_mock_topic_set_error(handle, topic, rd_kafka_resp_err_t(code))
  }

  /// Closes the broker's connections and rejects new ones.
  public func setBrokerDown(_ broker: Int32) throws { try Self.check(rd_kafka_mock_broker_set_down(handle, broker)) }

  public func setBrokerUp(_ broker: Int32) throws { try Self.check(rd_kafka_mock_broker_set_up(handle, broker)) }

  private static func check(_ code: rd_kafka_resp_err_t) throws {
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw BrokerFailure(String(cString: rd_kafka_err2str(code))) }
  }
}
