import Contracts
import JSON
import Kafka
import ServiceKit
import Streaming

/// Ends the open transactions of dead owners of partitions. The broker does the same, but looks for overdue transactions only every
/// ten seconds.
///
/// A transaction is ended if all of this is true (ops/docs/decisions/0005-takeover.md has the reasons):
/// - because of it, a partition that this instance writes or must read is not stable;
/// - its producer has written the progress of a partition that is now assigned to this instance;
/// - that producer's member is not in the group;
/// - it has timed out, so the broker may abort it at any moment.
///
/// For use by one thread.
final class FormerOwners {
  private static let timeoutMilliseconds: Int32 = 2_000
  /// How many offsets to read from the end of a changelog. A batch ends with its progress, and only markers follow.
  private static let tailLength: Int64 = 200

  private let own: String
  private let transactionalIDs: String
  private var configuration: Kafka.Configuration
  private let group: String
  private let topics: TopicNames
  private let log: Log
  /// Producers with dead owners' transactional ids. Their initialisation ends the owners' transactions in the background. They are
  /// kept until all partitions are stable.
  private var enders: [String: TransactionalProducer] = [:]

  /// The partitions that this instance has taken over; empty once all is stable.
  var partitions: [Int32] = [] {
    didSet { enders = [:] }
  }

  init(
    service: ServiceName, transactionalID: String, configuration: Kafka.Configuration, group: String, topics: TopicNames, log: Log
  ) {
    own = transactionalID
    transactionalIDs = service.transactionalIDs(prefix: topics.prefix)
    self.configuration = configuration
    // librdkafka would warn about the transaction that is being ended.
    self.configuration.log = { _ in }
    self.group = group
    self.topics = topics
    self.log = log
  }

  /// - Parameter ends: the partitions that are not stable, and where they end.
  /// - Throws: `KafkaError`; `JSONError` if a record is not understood. Then nothing is ended.
  func endOverdue(holding ends: [TopicPartition: Int64], _ consumer: Consumer) throws {
    guard !partitions.isEmpty else { return }
    let producers = try producers(holding: ends, consumer).filter {
      $0 != own && $0.hasPrefix(transactionalIDs) && enders[$0] == nil
    }
    guard !producers.isEmpty else { return }
    let members = try Admin(configuration).groupInstances(group, timeoutMilliseconds: Self.timeoutMilliseconds)
    for producer in producers.sorted() where !members.contains(String(producer.dropFirst(transactionalIDs.count))) {
      let last = try TransactionDecisions(producer, configuration, group: group).last(consumer)
      guard let last, let due = last.dueMilliseconds, due <= Instant.now.milliseconds,
        last.partitions.contains(where: { ends[$0] != nil })
      else { continue }
      try end(producer)
    }
  }

  /// Starts a new epoch of the transactional id, which ends the open transaction of the old epoch.
  private func end(_ transactionalID: String) throws(KafkaError) {
    let ender = try TransactionalProducer(configuration, transactionalID: transactionalID, topics: [])
    do throws(TransactionFailure) {
      // Do not wait: without topics to learn of, the initialisation continues in the background. It has succeeded when all partitions are stable.
      try ender.initialise(timeoutMilliseconds: 100)
    } catch {
      guard case .retriable = error else {
        // Another new owner may have been faster.
        return log.info("a former owner's transaction was not ended: \(error)", ["transactionalId": transactionalID])
      }
    }
    enders[transactionalID] = ender
    log.notice("ended the transaction that a former owner has left open", ["transactionalId": transactionalID])
  }

  /// The producers that may have an open transaction on the partitions taken over: those of the last progress rows in the
  /// changelogs, before the last stable offset and after it.
  private func producers(holding ends: [TopicPartition: Int64], _ consumer: Consumer) throws -> Set<String> {
    let changelogs = partitions.map { TopicPartition(topic: topics.changelog, partition: $0) }
    let lows = try consumer.bounds(of: changelogs, at: Offset.beginning, timeoutMilliseconds: Self.timeoutMilliseconds)
    let tops = try consumer.stableEnds(of: changelogs, timeoutMilliseconds: Self.timeoutMilliseconds)
    var tails: [TopicPartition: Range<Int64>] = [:]
    for changelog in changelogs {
      guard let low = lows[changelog], let top = tops[changelog] else { continue }
      tails[changelog] = max(low, top - Self.tailLength)..<max(top, ends[changelog] ?? top)
    }
    var producers: Set<String> = []
    let parser = JSONParser()
    try PartitionScan(configuration, group: group, readCommitted: false, Self.timeoutMilliseconds).read(tails) { record in
      guard let key = record.key, let value = record.value else { return }
      if let producer = try Progress.record(key: key, value: value, parser: parser)?.producer { producers.insert(producer) }
    }
    return producers
  }
}
