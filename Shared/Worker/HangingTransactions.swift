import Contracts
import Kafka
import ServiceKit

/// Keeps a producer from beginning a transaction while an earlier one is still open on some partition.
///
/// Apache Kafka 4.3.1 skips a transaction's marker on a partition that has no leader at that moment. The records stay open, and the
/// next marker of the same producer id decides their outcome: an abort would hide records that the sender's state counts as
/// committed. So before the first transaction, and after every lost connection, every partition that the producer writes to must be
/// stable up to its current end. If a partition stays unstable, the producer reads the outcome from the coordinator's own log, and
/// ends a separate transaction on the partition with the same outcome. This ends hanging records of this producer, and does not
/// affect another's.
///
/// Hanging offsets of the group are dropped, whatever the outcome. The positions in the state are decisive, and each task's next
/// transaction sends them again.
final class HangingTransactions {
  /// Ordinary transactions end faster.
  private static let healAfter = Duration.seconds(2)
  private static let healEvery = Duration.seconds(10)
  private static let askEvery = Duration.milliseconds(50)
  /// After a takeover, how long to wait before looking for transactions of dead owners. Transactions of live owners usually end
  /// faster.
  private static let lookAfter = Duration.milliseconds(100)
  private static let lookEvery = Duration.milliseconds(500)
  private static let timeoutMilliseconds: Int32 = 2_000
  /// The broker looks for transactions that have timed out every ten seconds. Wait twice as long.
  private static let brokerDelay = Duration.seconds(20)

  private let service: ServiceName
  private let configuration: Kafka.Configuration
  private let group: String
  private let topics: TopicNames
  private let log: Log
  private let decisions: TransactionDecisions
  private let formerOwners: FormerOwners
  /// The longest wait. By then the broker has aborted other producers' open transactions.
  private let limit: Duration
  /// The partition of the group's offsets; `nil` if the topic does not exist yet or this client has no right to see it.
  private var offsets: TopicPartition?
  /// The number of closed connections when all partitions were last stable; `nil` if they have not been stable yet.
  private var stableAt: Int?
  private var wait: Wait?
  private var hasDroppedOffsets = false

  private struct Wait {
    /// The partitions that are not stable yet, with their ends when the wait began; `nil` until the ends are known.
    var ends: [TopicPartition: Int64]?
    /// The last stable offsets.
    var stable: [TopicPartition: Int64] = [:]
    let closed: Int
    let since = ContinuousClock.now
    var nextQuestion = ContinuousClock.now
    var nextLook = ContinuousClock.now + HangingTransactions.lookAfter
    var nextHealing = ContinuousClock.now + HangingTransactions.healAfter
  }

  init(
    service: ServiceName, transactionalID: String, configuration: Kafka.Configuration, group: String, topics: TopicNames,
    transactionTimeout: Duration, log: Log
  ) {
    self.service = service
    self.configuration = configuration
    self.group = group
    self.topics = topics
    self.log = log
    decisions = TransactionDecisions(transactionalID, configuration, group: group)
    formerOwners = FormerOwners(
      service: service, transactionalID: transactionalID, configuration: configuration, group: group, topics: topics, log: log)
    limit = transactionTimeout + Self.brokerDelay
  }

  /// Checks the partitions again, because their former owners may have died with an open transaction. Such transactions are ended.
  func takeOver(_ partitions: [Int32]) {
    formerOwners.partitions = partitions
    stableAt = nil
    wait = nil
  }

  /// Whether all earlier transactions have ended, so that a new one may begin. If not, ask again in a moment.
  ///
  /// - Throws: `HangingTransaction` if a partition does not become stable in time, `TransactionFailure`, `KafkaError`.
  func areOver(_ producer: TransactionalProducer, _ consumer: Consumer) throws -> Bool {
    if wait == nil, stableAt == producer.closedConnections { return true }
    var wait = wait ?? Wait(closed: producer.closedConnections)
    guard wait.nextQuestion <= .now else { return false }
    wait.nextQuestion = .now + Self.askEvery
    var isOver = false
    defer { self.wait = isOver ? nil : wait }
    do {
      try ask(&wait, consumer)
    } catch {
      guard error.isRetriable, ContinuousClock.now - wait.since < limit else { throw error }
      log.info("cannot find out where partitions end, retrying: \(error)")
      wait.nextQuestion = .now + .milliseconds(500)
      return false
    }
    guard let ends = wait.ends, !ends.isEmpty else {
      // If a connection was lost meanwhile, check once more.
      isOver = wait.closed == producer.closedConnections
      stableAt = wait.closed
      if isOver { formerOwners.partitions = [] }
      wait = Wait(closed: producer.closedConnections)
      return isOver
    }
    guard ContinuousClock.now - wait.since < limit else {
      throw HangingTransaction(partitions: ends.keys.map { (place: $0, stable: wait.stable[$0]) })
    }
    if wait.nextLook <= .now {
      do { try formerOwners.endOverdue(holding: ends, consumer) } catch {
        log.warning("cannot look for open transactions of former owners: \(error)")
      }
      wait.nextLook = .now + Self.lookEvery
    }
    if wait.nextHealing <= .now {
      log.info("waiting for earlier transactions to end", ["partitions": Array(ends.keys).names])
      wait.nextHealing = .now + Self.healEvery
      try heal(&wait, producer, consumer)
    }
    return false
  }

  /// Whether the group's offsets may have fallen behind the positions since the last call.
  func takeDroppedOffsets() -> Bool {
    defer { hasDroppedOffsets = false }
    return hasDroppedOffsets
  }

  /// Updates which partitions are not stable yet.
  private func ask(_ wait: inout Wait, _ consumer: Consumer) throws(KafkaError) {
    if wait.ends == nil {
      if offsets == nil { offsets = try findOffsets() }
      let partitions = written + (offsets.map { [$0] } ?? [])
      let ends = try consumer.bounds(of: partitions, at: Offset.end, timeoutMilliseconds: Self.timeoutMilliseconds)
      guard ends.count == partitions.count else {
        throw KafkaError.timedOut("no leader answers for \(partitions.filter { ends[$0] == nil }.names)")
      }
      wait.ends = ends
    }
    guard let ends = wait.ends else { return }
    let stable = try consumer.stableEnds(of: Array(ends.keys), timeoutMilliseconds: Self.timeoutMilliseconds)
    wait.stable.merge(stable) { $1 }
    wait.ends = ends.filter { stable[$0.key] ?? -1 < $0.value }
  }

  /// All partitions that this producer may have written to. They include changelogs of tasks that it no longer has: the next owner cannot
  /// restore records that this producer left open.
  private var written: [TopicPartition] {
    topics.written.flatMap { name in (0..<topics.partitions).map { TopicPartition(topic: name, partition: $0) } }
  }

  private func findOffsets() throws(KafkaError) -> TopicPartition? {
    let topic = "__consumer_offsets"
    let count = try Admin(configuration).partitionCounts(of: [topic], timeoutMilliseconds: Self.timeoutMilliseconds)[topic]
    return count.map { TopicPartition(topic: topic, partition: coordinatorPartition(of: group, count: $0)) }
  }

  // MARK: Ending this producer's own transactions

  private func heal(_ wait: inout Wait, _ producer: TransactionalProducer, _ consumer: Consumer) throws {
    guard var ends = wait.ends else { return }
    if let offsets, ends.removeValue(forKey: offsets) != nil {
      try dropOffsets(producer)
      // Offsets that still hang belong to another producer and do no harm here.
      wait.ends = ends
    }
    guard !ends.isEmpty else { return }
    let outcomes: [TopicPartition: TransactionRecord.Outcome]
    do {
      outcomes = try decisions.read(of: Set(ends.keys), consumer)
    } catch let error as KafkaError {
      return log.warning("cannot read how hanging transactions ended: \(error)")
    }
    for outcome in Set(outcomes.values) {
      let partitions = outcomes.filter { $0.value == outcome }.map(\.key)
      try producer.begin()
      for partition in partitions {
        let headers = TransactionEnd.headers(
          source: "/laurel/\(service.rawValue)", place: "\(partition)/\(wait.stable[partition] ?? 0)")
        // Only notices have readers outside Laurel. Some of these fail on a record without a value.
        let isNotice = topics.topic(named: partition.topic)?.kind == .notices
        try producer.produce(
          topic: partition.topic, partition: partition.partition, key: TransactionEnd.key,
          value: isNotice ? Array("{}".utf8) : nil,
          headers: headers.map { Header(name: $0.0, value: Array($0.1.utf8)) })
      }
      try producer.flush(timeoutMilliseconds: 10_000)
      switch outcome {
      case .committed: try producer.commit(timeoutMilliseconds: 10_000)
      case .aborted: try producer.abort(timeoutMilliseconds: 10_000)
      }
      log.notice(
        "ended hanging transactions", ["partitions": partitions.names, "outcome": "\(outcome)"])
    }
  }

  /// Drops all pending offsets of this producer in the group by an abort. The offset sent here is dropped with them.
  private func dropOffsets(_ producer: TransactionalProducer) throws {
    try producer.begin()
    try producer.send(
      offsets: [TopicPartition(topic: topics.changelog, partition: 0): 0], GroupMetadata(ofNobodyIn: group),
      timeoutMilliseconds: 10_000)
    try producer.abort(timeoutMilliseconds: 10_000)
    hasDroppedOffsets = true
    log.notice("dropped pending offsets of hanging transactions, if there were any", ["group": group])
  }
}

/// A transaction that did not end within the time in which the broker should have ended it.
struct HangingTransaction: Error, CustomStringConvertible {
  let partitions: [(place: TopicPartition, stable: Int64?)]

  var description: String {
    let places = partitions.map { "\($0.place) from offset \($0.stable.map(String.init) ?? "?")" }.sorted()
    return """
      an earlier transaction has not ended on \(places.joined(separator: ", ")): nothing is written until it does (ops/docs/RUNBOOK.md, \
      "A transaction that hangs")
      """
  }
}

extension [TopicPartition] {
  fileprivate var names: String { map(\.description).sorted().joined(separator: ", ") }
}
