import Kafka

/// Reads all partitions of some topics from the beginning, and keeps the records.
public final class TopicReader {
  public private(set) var records: [Record] = []
  private let consumer: Consumer
  private let count: Int
  private var ended: Set<TopicPartition> = []

  public init(_ configuration: Configuration, topics: [String], partitions: Int32, readCommitted: Bool = true) throws {
    var configuration = configuration
    // The broker answers a reader at the end after this time, so it decides how soon the reader knows that nothing follows.
    configuration.properties["fetch.wait.max.ms"] = "20"
    consumer = try Consumer(configuration, group: uniqueName("reader"), readCommitted: readCommitted, endEvents: true)
    let all = topics.flatMap { topic in (0..<partitions).map { TopicPartition(topic: topic, partition: $0) } }
    count = all.count
    try consumer.assignByHand(all.map { ($0, offset: Offset.beginning) })
  }

  deinit { consumer.close() }

  /// Reads until `done`, which is checked 50 times a second. Returns whether it became true in time.
  public func read(for limit: Duration, until done: ([Record]) throws -> Bool) throws -> Bool {
    let deadline = ContinuousClock.now + limit
    var asked = ContinuousClock.now
    while true {
      let gotOne = try step(timeoutMilliseconds: 20)
      guard !gotOne || .now - asked > .milliseconds(20) else { continue }
      if try done(records) { return true }
      asked = .now
      guard asked < deadline else { return false }
    }
  }

  /// Reads to the present end of every partition.
  public func readToEnd(for limit: Duration = .seconds(30)) throws -> [Record] {
    ended = []
    let deadline = ContinuousClock.now + limit
    while ended.count < count {
      if try !step(timeoutMilliseconds: 100) {
        guard .now < deadline else { throw BrokerFailure("the end of the topics was not reached within \(limit)") }
      }
    }
    return records
  }

  private func step(timeoutMilliseconds: Int32) throws -> Bool {
    switch consumer.poll(timeoutMilliseconds: timeoutMilliseconds) {
    case .record(let record):
      records.append(record)
      return true
    case .end(let partition, _):
      ended.insert(partition)
      return false
    case .error(let error):
      if error.isFatal { throw error }
      return false
    case .assigned, .revoked, .lost, .nothing: return false
    }
  }
}

extension Record {
  /// The text of a header; nil if it is absent.
  public func header(_ name: String) -> String? {
    headers.first { $0.name == name }?.value.map { String(decoding: $0, as: UTF8.self) }
  }
}
