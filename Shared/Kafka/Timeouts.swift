import CRDKafka

/// The time-outs that decide how fast a takeover is, in milliseconds (ops/docs/decisions/0005-takeover.md). Each is the caller's property
/// of that name, or a share of the session's time-out.
///
/// A record times out before its transaction, and a transaction before its owner's session. So when others get the partitions of an
/// instance that died or froze, the broker has ended its open transaction or soon will.
struct Timeouts: Equatable {
  /// After this long without a heartbeat, a member's partitions go to others.
  let session: Int
  let heartbeat: Int
  /// The broker aborts a transaction that is open for longer.
  let transaction: Int
  /// A record that is not delivered within this time fails.
  let message: Int

  private static let sessionDefault = 8_000

  /// - Throws: `KafkaError` if the caller's properties break the order message < transaction < session, heartbeat < session.
  init(_ configuration: Configuration) throws(KafkaError) {
    func own(_ names: String...) -> Int? {
      // librdkafka rejects a value that is not a number.
      names.lazy.compactMap { configuration.properties[$0] }.compactMap { Int($0) }.first
    }
    session = own("session.timeout.ms") ?? Self.sessionDefault
    heartbeat = own("heartbeat.interval.ms") ?? session / 16
    transaction = own("transaction.timeout.ms") ?? session * 3 / 4
    message = own("message.timeout.ms", "delivery.timeout.ms") ?? Self.message(in: transaction)
    try Self.check("heartbeat.interval.ms", heartbeat, "session.timeout.ms", session)
    try Self.check("transaction.timeout.ms", transaction, "session.timeout.ms", session)
    try Self.check("message.timeout.ms", message, "transaction.timeout.ms", transaction)
  }

  /// The time-out of a record in a transaction with this time-out.
  static func message(in transaction: Int) -> Int { transaction * 4 / 5 }

  private static func check(_ name: String, _ value: Int, _ above: String, _ limit: Int) throws(KafkaError) {
    guard value >= limit else { return }
    throw KafkaError(
      RD_KAFKA_RESP_ERR__INVALID_ARG,
      reason: """
        \(name) (\(value)) must be below \(above) (\(limit)): set only \(above), or set all of them in this order
        """)
  }
}
