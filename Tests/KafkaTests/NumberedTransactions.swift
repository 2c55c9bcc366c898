import Kafka
import TestSupport

/// A minimal worker: transactions 1, 2, 3 … of `size` records each with the transaction's number, written by successive producers.
///
/// It handles failures like the worker. After an abort it repeats the transaction. After a fatal failure a new producer takes over the
/// transactional id, and the committed transactions are read from the topic, as the worker reads its positions.
final class NumberedTransactions {
  static let size = 10
  private static let requestMilliseconds: Int32 = 4_000

  let topic: String
  let group: String
  private(set) var aborts = 0
  /// The number of producers that were replaced.
  private(set) var deaths = 0
  private let direct: Configuration
  private let configuration: Configuration
  private let transactionalID = uniqueName("numbered")
  private let member: Consumer
  private var producer: TransactionalProducer?
  private var next = 1

  /// - Parameters:
  ///   - through: the configuration for the producers.
  ///   - direct: the configuration for everything else.
  init(through configuration: Configuration, direct: Configuration) throws {
    topic = uniqueName("numbered")
    group = uniqueName("numbered")
    self.configuration = configuration
    self.direct = direct
    let outcomes = try Admin(direct).createTopics([.init(name: topic, partitions: 1)], replication: 1)
    guard outcomes == [topic: .done] else { throw BrokerFailure("\(outcomes)") }
    member = try Consumer(direct, group: group)
  }

  /// Writes the transactions up to `last`.
  /// - Parameter inTheMiddle: called when half of a transaction's records are acknowledged.
  func run(through last: Int, inTheMiddle: () throws -> Void = {}) throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while next <= last {
      guard .now < deadline else { throw BrokerFailure("transaction \(next) does not succeed") }
      do {
        let producer = try producer ?? takeOver(deadline)
        guard next <= last else { return }
        try write(next, with: producer, deadline, inTheMiddle)
        next += 1
      } catch TransactionFailure.abortable {
        aborts += 1
        do { try retrying(deadline) { producer in try producer.abort(timeoutMilliseconds: Self.requestMilliseconds) } } catch {
          forgetProducer()
        }
      } catch is TransactionFailure {
        forgetProducer()
      }
    }
  }

  /// Compares what committed readers see: one sentence for each transaction that is not there exactly once and complete, and one if the
  /// group's offset is not behind the last one.
  func violations(through last: Int) throws -> [String] {
    let seen = try committed()
    var found: [String] = []
    for number in 1...last {
      let indices = seen.filter { $0.number == number }.map(\.index)
      if indices != Array(0..<Self.size) { found.append("transaction \(number) is \(indices)") }
    }
    let offsets = try member.committed([place], timeoutMilliseconds: 10_000)
    if offsets != [place: Int64(last)] { found.append("the group's offsets are \(offsets), not \(last)") }
    return found
  }

  private var place: TopicPartition { TopicPartition(topic: topic, partition: 0) }

  private func forgetProducer() {
    producer = nil
    deaths += 1
  }

  private func takeOver(_ deadline: ContinuousClock.Instant) throws -> TransactionalProducer {
    let new = try TransactionalProducer(
      configuration, transactionalID: transactionalID, transactionTimeoutMilliseconds: 5_000, topics: [topic])
    producer = new
    try retrying(deadline) { try $0.initialise(timeoutMilliseconds: Self.requestMilliseconds) }
    next = (try committed().filter { $0.index == Self.size - 1 }.map(\.number).max() ?? 0) + 1
    return new
  }

  private func write(
    _ number: Int, with producer: TransactionalProducer, _ deadline: ContinuousClock.Instant, _ inTheMiddle: () throws -> Void
  ) throws {
    try retrying(deadline) { try $0.begin() }
    for index in 0..<Self.size {
      if index == Self.size / 2 {
        try producer.flush(timeoutMilliseconds: Self.requestMilliseconds)
        try inTheMiddle()
      }
      try producer.produce(topic: topic, partition: 0, key: bytes("\(number)"), value: bytes("\(index)"))
    }
    try producer.flush(timeoutMilliseconds: Self.requestMilliseconds)
    let metadata = try member.groupMetadata()
    while true {
      do {
        try producer.send(offsets: [place: Int64(number)], metadata, timeoutMilliseconds: Self.requestMilliseconds)
        break
      } catch TransactionFailure.retriable(let error) {
        guard .now < deadline else { throw error }
      }
    }
    try retrying(deadline) { try $0.commit(timeoutMilliseconds: Self.requestMilliseconds) }
  }

  private func retrying(_ deadline: ContinuousClock.Instant, _ call: (TransactionalProducer) throws -> Void) throws {
    guard let producer else { return }
    while true {
      do { return try call(producer) } catch TransactionFailure.retriable(let error) {
        guard .now < deadline else { throw error }
        _ = waitUntil(.milliseconds(50)) { false }
      }
    }
  }

  private func committed() throws -> [(number: Int, index: Int)] {
    try readAll(direct, topic, from: 0).map { (number: Int(text($0.key) ?? "") ?? 0, index: Int(text($0.value) ?? "") ?? -1) }
  }
}
