import CRDKafka

/// The time-outs that a takeover hangs on, in milliseconds (ops/docs/decisions/0005-takeover.md): each of them the caller's property of
/// that name, else a share of the session's.
///
/// A record is given up before its transaction is over, and a transaction is over before its owner's session: when others are given the
/// partitions of an instance that died or froze, the broker has ended, or soon ends, what that left open.
struct Timeouts: Equatable {
  /// After so long without a heartbeat a member's partitions go to others.
  let session: Int
  let heartbeat: Int
  /// After so long the broker aborts what a producer left open.
  let transaction: Int
  /// After so long a record is given up.
  let message: Int

  private static let sessionDefault = 8_000

  /// - Throws: `KafkaError` where the caller's properties do not keep the order message < transaction < session, heartbeat < session.
  init(_ configuration: Configuration) throws(KafkaError) {
    func own(_ names: String...) -> Int? {
      // Anything but a number is librdkafka's to refuse.
      names.lazy.compactMap { configuration.properties[$0] }.compactMap { Int($0) }.first
    }
    session = own("session.timeout.ms") ?? Self.sessionDefault
    heartbeat = own("heartbeat.interval.ms") ?? session / 4
    transaction = own("transaction.timeout.ms") ?? session * 3 / 4
    message = own("message.timeout.ms", "delivery.timeout.ms") ?? Self.message(in: transaction)
    try Self.check("heartbeat.interval.ms", heartbeat, "session.timeout.ms", session)
    try Self.check("transaction.timeout.ms", transaction, "session.timeout.ms", session)
    try Self.check("message.timeout.ms", message, "transaction.timeout.ms", transaction)
  }

  /// How long a record may take in a transaction that may take so long.
  static func message(in transaction: Int) -> Int { transaction * 4 / 5 }

  private static func check(_ name: String, _ value: Int, _ above: String, _ limit: Int) throws(KafkaError) {
    guard value >= limit else { return }
    throw KafkaError(
      RD_KAFKA_RESP_ERR__INVALID_ARG,
      reason: """
        \(name) (\(value)) must be below \(above) (\(limit)): set \(above) alone and the others follow it, or all of them in this order
        """)
  }
}
