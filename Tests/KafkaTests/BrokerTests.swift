import Kafka
import TestSupport
import Testing

/// Tests that need a real broker, because the mock cannot show these effects.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct BrokerTests {
  let configuration: Configuration
  let topic = uniqueName("topic")
  let group = uniqueName("group")

  init() throws {
    configuration = Configuration(bootstrap: try KafkaBroker.forTest().bootstrap, log: { _ in })
    let outcomes = try Admin(configuration).createTopics([.init(name: topic, partitions: 2)], replication: 1)
    try #require(outcomes == [topic: .done])
  }

  private func producer(_ id: String) throws -> TransactionalProducer {
    let producer = try TransactionalProducer(configuration, transactionalID: id, topics: [topic])
    try producer.initialise(timeoutMilliseconds: 30_000)
    return producer
  }

  private func write(_ producer: TransactionalProducer, _ values: String...) throws {
    for value in values { try producer.produce(topic: topic, partition: 0, key: bytes("k"), value: bytes(value)) }
    try producer.flush(timeoutMilliseconds: 10_000)
  }

  @Test func onlyCommittedRecordsAreSeenAndTheWatermarkIsTheTrueEnd() throws {
    let place = TopicPartition(topic: topic, partition: 0)
    let producer = try producer(uniqueName("visible"))
    try producer.begin()
    try write(producer, "committed")
    try producer.commit(timeoutMilliseconds: 10_000)
    try producer.begin()
    try write(producer, "aborted")
    try producer.abort(timeoutMilliseconds: 10_000)
    try producer.begin()
    try write(producer, "open", "open")

    #expect(try readAll(configuration, topic).map { text($0.value) } == ["committed"])
    #expect(
      try readAll(configuration, topic, readCommitted: false).map { text($0.value) } == ["committed", "aborted", "open", "open"])
    // Offsets: committed 0, its marker 1, aborted 2, its marker 3, open 4 and 5.
    let reader = try Consumer(configuration, group: group)
    let watermarks = try reader.watermarks(place, timeoutMilliseconds: 10_000)
    #expect(watermarks.low == 0)
    #expect(watermarks.high == 6)
    // The same for many partitions at once. The records of the open transaction are not stable yet.
    #expect(try reader.bounds(of: [place], at: Offset.beginning, timeoutMilliseconds: 10_000) == [place: 0])
    #expect(try reader.bounds(of: [place], at: Offset.end, timeoutMilliseconds: 10_000) == [place: 6])
    #expect(try reader.stableEnds(of: [place], timeoutMilliseconds: 10_000) == [place: 4])
    #expect(try reader.bounds(of: [], at: Offset.end, timeoutMilliseconds: 10_000).isEmpty)
    #expect(try reader.stableEnds(of: [], timeoutMilliseconds: 10_000).isEmpty)

    try producer.commit(timeoutMilliseconds: 10_000)
    #expect(try reader.watermarks(place, timeoutMilliseconds: 10_000).high >= 6)
    let seen = try readAll(configuration, topic).map { text($0.value) }
    #expect(seen == ["committed", "open", "open"])
  }

  /// librdkafka would warn and go on behind the batch.
  @Test func aDamagedBatchIsNotSkipped() throws {
    let producer = try producer(uniqueName("damaged"))
    try producer.begin()
    for value in ["first", "second", "third"] { try write(producer, value) }
    try producer.commit(timeoutMilliseconds: 10_000)
    try KafkaBroker.forTest().overwrite("second", with: "sec0nd", in: topic, 0)
    do {
      let read = try readAll(configuration, topic, readCommitted: false)
      Issue.record("read \(read.map { text($0.value) })")
    } catch let error as KafkaError {
      #expect(error.isFatal && "\(error)".contains("CRC"), "\(error)")
    }
  }

  @Test func newerProducerFencesTheOlder() throws {
    let id = uniqueName("fenced")
    let older = try producer(id)
    try older.begin()
    try write(older, "older")
    let newer = try producer(id)
    let failure = transactionFailure { try older.commit(timeoutMilliseconds: 10_000) }
    guard case .fatal(let error) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(error.isFatal)
    try newer.begin()
    try write(newer, "newer")
    try newer.commit(timeoutMilliseconds: 10_000)
    #expect(try readAll(configuration, topic).map { text($0.value) } == ["newer"])
  }

  @Test func offsetsBelongToTheTransactionAndAreReadOnlyWhenStable() throws {
    let places = (0...1).map { TopicPartition(topic: topic, partition: $0) }
    let consumer = try Consumer(configuration, group: group)
    #expect(try consumer.committed(places, timeoutMilliseconds: 10_000).isEmpty)
    let producer = try producer(uniqueName("offsets"))

    func send(_ offset: Int64) throws {
      try producer.begin()
      try write(producer, "x")
      try producer.send(offsets: [places[0]: offset], try consumer.groupMetadata(), timeoutMilliseconds: 10_000)
    }
    try send(5)
    try producer.commit(timeoutMilliseconds: 10_000)
    #expect(try consumer.committed(places, timeoutMilliseconds: 10_000) == [places[0]: 5])

    try send(6)
    // While they are pending, a read_committed consumer does not get the old ones.
    let unstable = #expect(throws: KafkaError.self) { try consumer.committed(places, timeoutMilliseconds: 1_000) }
    #expect(unstable?.isRetriable == true, "\(String(describing: unstable))")
    try producer.abort(timeoutMilliseconds: 10_000)
    #expect(try consumer.committed(places, timeoutMilliseconds: 10_000) == [places[0]: 5])
    #expect(try Admin(configuration).groupOffsets(group) == [places[0]: 5])
  }

  @Test func missingTopicIsNamedBeforeAnythingIsOpen() throws {
    let missing = uniqueName("missing")
    let producer = try TransactionalProducer(configuration, transactionalID: uniqueName("t"), topics: [missing])
    let failure = transactionFailure { try producer.initialise(timeoutMilliseconds: 2_000) }
    guard case .retriable(let error) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(error.reason.contains(missing))
  }

  @Test func topicsAreCreatedOnceListedAndDeleted() throws {
    let admin = try Admin(configuration)
    let compacted = uniqueName("compacted")
    let bad = uniqueName("bad")
    let wanted: [Admin.NewTopic] = [
      .init(name: topic, partitions: 2), .init(name: compacted, partitions: 3, config: ["cleanup.policy": "compact"]),
      .init(name: bad, partitions: 1, config: ["cleanup.policy": "sometimes"]), .init(name: bad + "-0", partitions: 0),
    ]
    let outcomes = try admin.createTopics(wanted, replication: 1)
    #expect(outcomes[topic] == .unchanged)
    #expect(outcomes[compacted] == .done)
    for name in [bad, bad + "-0"] {
      guard case .failed(let error) = outcomes[name] else {
        Issue.record("\(name): \(String(describing: outcomes[name]))")
        continue
      }
      #expect(!error.reason.isEmpty)
    }
    // The controller has answered. The broker that serves metadata follows a moment later.
    var counts: [String: Int32] = [:]
    let reported = try waitUntil(.seconds(30)) {
      counts = try admin.partitionCounts(of: [topic, compacted, bad])
      return counts == [topic: 2, compacted: 3]
    }
    #expect(reported, "\(counts)")
    #expect(try admin.deleteTopics([compacted, bad]) == [compacted: .done, bad: .unchanged])
  }

  @Test func killedBrokerComesBackWithWhatItAcknowledged() throws {
    let home = try #require(KafkaBroker.home)
    let broker = try KafkaBroker.start(home: home)
    defer { broker.stop() }
    let own = Configuration(bootstrap: broker.bootstrap, log: { _ in })
    _ = try Admin(own).createTopics([.init(name: "kept", partitions: 1)], replication: 1)
    let producer = try Producer(own, topics: ["kept"])
    try producer.produce(topic: "kept", partition: 0, key: nil, value: bytes("before"))
    try producer.flush(timeoutMilliseconds: 10_000)
    broker.kill()
    try producer.produce(topic: "kept", partition: 0, key: nil, value: bytes("during"))
    #expect(throws: KafkaError.self) { try producer.flush(timeoutMilliseconds: 500) }
    try broker.restart()
    try producer.flush(timeoutMilliseconds: 60_000)
    #expect(try readAll(own, "kept").map { text($0.value) } == ["before", "during"])
  }
}
