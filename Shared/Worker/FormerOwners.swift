import Contracts
import JSON
import Kafka
import ServiceKit
import Streaming

/// Ends what dead owners of partitions have left open. The broker does the same, but looks for transactions whose time is over only every
/// ten seconds.
///
/// A transaction is ended if all of this is true (ops/docs/decisions/0005-takeover.md has the reasons):
/// - something that this instance writes or has to read is not stable because of it;
/// - its producer has written the progress of a partition that this instance has been given;
/// - that producer's member is not in the group;
/// - its time is over, so that the broker may abort it at any moment.
///
/// For one thread.
final class FormerOwners {
  private static let timeoutMilliseconds: Int32 = 2_000
  /// Of a changelog: a batch ends with its progress, and markers follow.
  private static let tailLength: Int64 = 200

  private let own: String
  private let transactionalIDs: String
  private var configuration: Kafka.Configuration
  private let group: String
  private let topics: TopicNames
  private let log: Log
  /// Producers under dead owners' names, which end what those have left open. They work by themselves, until all is stable.
  private var enders: [String: TransactionalProducer] = [:]

  /// Of which this instance is the new owner; none when all is stable.
  var partitions: [Int32] = [] {
    didSet { enders = [:] }
  }

  init(
    service: ServiceName, transactionalID: String, configuration: Kafka.Configuration, group: String, topics: TopicNames, log: Log
  ) {
    own = transactionalID
    transactionalIDs = service.transactionalIDs(prefix: topics.prefix)
    self.configuration = configuration
    // It would warn of the transaction that is being ended.
    self.configuration.log = { _ in }
    self.group = group
    self.topics = topics
    self.log = log
  }

  /// - Parameter ends: the partitions that are not stable, and where they end.
  /// - Throws: `KafkaError`, `JSONError`: what is not understood decides nothing.
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

  /// The new epoch ends what is open under the old one.
  private func end(_ transactionalID: String) throws(KafkaError) {
    let ender = try TransactionalProducer(configuration, transactionalID: transactionalID, topics: [])
    do throws(TransactionFailure) {
      // It goes on by itself: that all is stable is the proof of its success.
      try ender.initialise(timeoutMilliseconds: 100)
    } catch {
      guard case .retriable = error else {
        // Another successor may have been quicker.
        return log.info("a former owner's transaction was not ended: \(error)", ["transactionalId": transactionalID])
      }
    }
    enders[transactionalID] = ender
    log.notice("ended the transaction that a former owner has left open", ["transactionalId": transactionalID])
  }

  /// Who may have a transaction open in which the partitions taken over take part: the producers of the last progress rows in their changelogs,
  /// before the last stable offset and, if the dead one got so far, behind it.
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
