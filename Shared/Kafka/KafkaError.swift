import CRDKafka

/// An error from librdkafka: its code, the code's name and a readable sentence.
public struct KafkaError: Error, Sendable, Equatable, CustomStringConvertible {
  /// librdkafka's code: negative for errors of the client, positive for errors that a broker returned.
  public let code: Int32
  /// The code's name, such as `_TIMED_OUT` or `TOPIC_ALREADY_EXISTS`.
  public let name: String
  /// librdkafka's sentence; for an invalid property it names the property.
  public let reason: String
  /// Whether the client object is unusable, so that a new one is needed.
  public let isFatal: Bool
  /// Whether the same call may be retried.
  public let isRetriable: Bool
  /// Whether the open transaction must be aborted before anything else.
  public let txnRequiresAbort: Bool

  public var description: String { "\(reason) (\(name))" }

  /// An error that carries only a code. Without a reason it gets librdkafka's text for the code.
  init(_ code: rd_kafka_resp_err_t, reason: String? = nil, isFatal: Bool = false) {
    self.code = code.rawValue
    name = String(cString: rd_kafka_err2name(code))
    self.reason = reason ?? String(cString: rd_kafka_err2str(code))
    self.isFatal = isFatal
    isRetriable = !isFatal && Self.passing.contains(code.rawValue)
    txnRequiresAbort = false
  }

  /// No answer came in time.
  public static func timedOut(_ reason: String) -> KafkaError { KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, reason: reason) }

  /// Copies librdkafka's error object and frees it.
  init(consuming error: OpaquePointer) {
    code = rd_kafka_error_code(error).rawValue
    name = String(cString: rd_kafka_error_name(error))
    reason = String(cString: rd_kafka_error_string(error))
    isFatal = rd_kafka_error_is_fatal(error) != 0
    isRetriable = rd_kafka_error_is_retriable(error) != 0
    txnRequiresAbort = rd_kafka_error_txn_requires_abort(error) != 0
    rd_kafka_error_destroy(error)
  }

  /// The fatal error of the client; `nil` if there was none. librdkafka keeps it behind the code `_FATAL`.
  static func fatal(of handle: OpaquePointer) -> KafkaError? {
    withTextBuffer { text, size in
      let code = rd_kafka_fatal_error(handle, text, size)
      return code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(code, reason: String(cString: text), isFatal: true)
    }
  }

  /// The error for a bare code from `handle`. If the code only means "fatal", returns the error behind it.
  static func of(_ code: rd_kafka_resp_err_t, reason: String? = nil, handle: OpaquePointer) -> KafkaError {
    if code == RD_KAFKA_RESP_ERR__FATAL, let cause = fatal(of: handle) { return cause }
    return KafkaError(code, reason: reason)
  }

  /// Throws unless `code` means success.
  static func check(_ code: rd_kafka_resp_err_t, _ handle: OpaquePointer) throws(KafkaError) {
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw of(code, handle: handle) }
  }

  /// Makes errors fatal for a consumer after which librdkafka would go on in silence: a missing right, which it reports once, and a damaged
  /// batch, which it skips.
  var endingConsumer: KafkaError {
    meansNoRight || meansDamage ? KafkaError(rd_kafka_resp_err_t(code), reason: reason, isFatal: true) : self
  }

  /// Whether fetched records are damaged (a wrong checksum), or have a format that librdkafka does not know.
  private var meansDamage: Bool {
    code == RD_KAFKA_RESP_ERR__BAD_MSG.rawValue || code == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED.rawValue
  }

  /// Whether it is unknown if the broker carried out the request, after a time-out or a lost connection.
  var leavesOutcomeUnknown: Bool { Self.silence.contains(code) }

  /// Whether librdkafka has stopped reading a partition until it is assigned again, because it has no position to read from. Either
  /// the position no longer exists, or the broker did not report where the partition begins.
  public var stopsReading: Bool { code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET.rawValue }

  /// Whether the record at the position is gone: by retention, deletion, or a truncated log.
  public var meansLoss: Bool {
    // Only the reason shows the underlying error.
    stopsReading && reason.contains(String(cString: rd_kafka_err2str(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)))
  }

  /// Whether the error comes from a broker and has one of Kafka's codes: UNKNOWN_SERVER_ERROR (-1) and upwards.
  package var isOfBroker: Bool { code >= RD_KAFKA_RESP_ERR_UNKNOWN.rawValue }

  /// Whether another producer has taken over this transactional id.
  var meansFenced: Bool { code == RD_KAFKA_RESP_ERR__FENCED.rawValue }

  /// Whether the broker's ACLs deny this to the principal. Retrying does not help until someone grants the right.
  public var meansNoRight: Bool { Self.denials.contains(code) }

  /// Whether a login failed (TLS or SASL): the broker does not know the client, or the client does not trust the broker.
  public var meansNoLogin: Bool {
    // A broker that rejects a certificate closes the connection with an alert.
    Self.logins.contains(code) || (code == RD_KAFKA_RESP_ERR__TRANSPORT.rawValue && reason.contains("SSL routines"))
  }

  private static let denials: Set<Int32> = [
    RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED.rawValue, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED.rawValue,
    RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED.rawValue, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED.rawValue,
  ]

  private static let logins: Set<Int32> = [
    RD_KAFKA_RESP_ERR__AUTHENTICATION.rawValue, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED.rawValue,
    RD_KAFKA_RESP_ERR__SSL.rawValue,
  ]

  private static let silence: Set<Int32> = [
    RD_KAFKA_RESP_ERR__TIMED_OUT.rawValue, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE.rawValue,
    RD_KAFKA_RESP_ERR__MSG_TIMED_OUT.rawValue, RD_KAFKA_RESP_ERR__TRANSPORT.rawValue,
    RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN.rawValue, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT.rawValue,
    RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION.rawValue,
  ]

  /// Errors that go away by themselves once the cluster has recovered. They are listed because bare codes carry no flags.
  private static let passing: Set<Int32> = silence.union([
    RD_KAFKA_RESP_ERR__RESOLVE.rawValue, RD_KAFKA_RESP_ERR__WAIT_COORD.rawValue,
    RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS.rawValue, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE.rawValue,
    RD_KAFKA_RESP_ERR_NOT_COORDINATOR.rawValue, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE.rawValue,
    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION.rawValue, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE.rawValue,
    RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART.rawValue, RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT.rawValue,
  ])
}

/// Provides a buffer for one of librdkafka's texts.
func withTextBuffer<Result>(_ body: (UnsafeMutablePointer<CChar>, Int) -> Result) -> Result {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
    buffer.initialize(repeating: 0)
    guard let start = buffer.baseAddress else { preconditionFailure("an allocation of 1,024 bytes has an address") }
    return body(start, buffer.count)
  }
}
