import CRDKafka
import Glibc
import Synchronization

/// Owns one librdkafka instance and the object that its callbacks write into.
///
/// `rd_kafka_destroy` waits for librdkafka's threads and may still run callbacks. `callbacks` outlives it, because stored properties are
/// released after the body of `deinit`.
struct Client: ~Copyable {
  let handle: OpaquePointer
  let callbacks: Callbacks

  /// - Throws: `KafkaError` with librdkafka's text if a property, or a combination of properties, is invalid.
  init(_ type: rd_kafka_type_t, _ configuration: Configuration, _ choices: [(String, String)]) throws(KafkaError) {
    let conf = try configuration.make(choices)
    let callbacks = Callbacks(log: configuration.log)
    callbacks.install(in: conf, type)
    let made: Result<OpaquePointer, KafkaError> = withTextBuffer { text, size in
      if let handle = rd_kafka_new(type, conf, text, size) { return .success(handle) }
      let code = rd_kafka_last_error()
      rd_kafka_conf_destroy(conf)  // rd_kafka_new takes ownership only on success
      return .failure(KafkaError(code, reason: String(cString: text)))
    }
    handle = try made.get()
    self.callbacks = callbacks
  }

  deinit {
    // Leaves the group as if the process had been killed, so that no rebalance callback runs while the owner is being freed.
    rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
  }
}

/// What librdkafka's callbacks record for the polling thread. Other threads use only `log`, which is immutable, and the count of closed
/// connections. All other callbacks run on the owner's thread, inside its calls of poll, flush and close.
final class Callbacks {
  private let log: (@Sendable (LogLine) -> Void)?
  /// Events that the next poll of a consumer returns first.
  var events: [Polled] = []
  /// True while the consumer closes. The rebalance callback then gives the partitions back at once.
  var isClosing = false
  /// Positions of the records that were produced with a token.
  var deliveries: [Delivery] = []
  /// The first record that could not be delivered.
  var deliveryFailure: KafkaError?
  /// The number of closed connections to brokers, whichever side closed them. Failed attempts count too.
  var closedConnections: Int { closed.load(ordering: .acquiring) }
  private let closed = Atomic(0)
  /// The last errors that librdkafka reported to a producer outside any call, such as lost connections and rejected logins.
  var clientErrors: [KafkaError] = []
  private static let clientErrorsMax = 16
  private var isConsumer = false

  init(log: (@Sendable (LogLine) -> Void)?) { self.log = log }

  func install(in conf: OpaquePointer, _ type: rd_kafka_type_t) {
    isConsumer = type == RD_KAFKA_CONSUMER
    rd_kafka_conf_set_opaque(conf, Unmanaged.passUnretained(self).toOpaque())
    if log != nil {
      rd_kafka_conf_set_log_cb(conf) { handle, level, facility, text in
        guard let facility, let text else { return }
        Callbacks.of(handle)?.logged(Int(level), String(cString: facility), String(cString: text))
      }
    }
    rd_kafka_conf_set_error_cb(conf) { handle, code, reason, _ in
      guard let handle, let callbacks = Callbacks.of(handle) else { return }
      let error = KafkaError.of(rd_kafka_resp_err_t(code), reason: reason.map { String(cString: $0) }, handle: handle)
      callbacks.reported(callbacks.isConsumer ? error.endingConsumer : error)
    }
    rd_kafka_conf_set_closesocket_cb(conf) { socket, opaque in
      if let opaque {
        Unmanaged<Callbacks>.fromOpaque(opaque).takeUnretainedValue().closed.add(1, ordering: .acquiringAndReleasing)
      }
      return close(socket)
    }
    if isConsumer {
      rd_kafka_conf_set_rebalance_cb(conf) { handle, code, partitions, _ in
        guard let handle else { return }
        Callbacks.of(handle)?.rebalanced(handle, code, partitions)
      }
    } else {
      rd_kafka_conf_set_dr_msg_cb(conf) { handle, message, _ in
        guard let message else { return }
        Callbacks.of(handle)?.delivered(message.pointee)
      }
    }
  }

  private static func of(_ handle: OpaquePointer?) -> Callbacks? {
    rd_kafka_opaque(handle).map { Unmanaged<Callbacks>.fromOpaque($0).takeUnretainedValue() }
  }

  private func reported(_ error: KafkaError) {
    guard !isConsumer else { return events.append(.error(error)) }
    if clientErrors.count == Self.clientErrorsMax { clientErrors.removeFirst() }
    clientErrors.append(error)
  }

  private func logged(_ level: Int, _ facility: String, _ text: String) {
    // Consumers and producers share one set of properties, so "will be ignored by this producer" is expected: log it as debug.
    let expected = facility == "CONFWARN" && text.contains("will be ignored by this")
    log?(LogLine(level: expected ? 7 : level, facility: facility, text: text))
  }

  /// Records the event and makes the poll return. The owner then calls assign or unassign.
  private func rebalanced(
    _ handle: OpaquePointer, _ code: rd_kafka_resp_err_t, _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
  ) {
    guard !isClosing else {
      rd_kafka_assign(handle, nil)
      return
    }
    let partitions = PartitionList.partitions(of: list)
    switch code {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS: events.append(.assigned(partitions))
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
      events.append(rd_kafka_assignment_lost(handle) != 0 ? .lost(partitions) : .revoked(partitions))
    default:
      rd_kafka_assign(handle, nil)
      events.append(.error(KafkaError.of(code, handle: handle)))
    }
    rd_kafka_yield(handle)
  }

  private func delivered(_ message: rd_kafka_message_t) {
    if message.err != RD_KAFKA_RESP_ERR_NO_ERROR {
      if deliveryFailure == nil { deliveryFailure = KafkaError(message.err) }
    } else if let token = message._private {
      deliveries.append((token: Int(bitPattern: token), partition: message.partition, offset: message.offset))
    }
  }
}
