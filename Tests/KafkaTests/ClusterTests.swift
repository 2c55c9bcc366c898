import Kafka
import TestSupport
import Testing

/// What only several brokers can show.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct ClusterTests {
  /// A leader that was restarted leads nothing for minutes: who asked it before must learn that others do. A partition whose only copy is
  /// away has no leader: a transaction could only fail there.
  @Test func leadersComeAndGo() throws {
    let home = try #require(KafkaBroker.home, "\(KafkaBroker.skipReason)")
    // A killed broker is let in again when it has been missed for so long.
    let cluster = try KafkaCluster.start(
      home: home, settings: ["broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500"])
    defer { cluster.stop() }
    let configuration = Configuration(bootstrap: cluster.bootstrap, log: { _ in })
    let topic = uniqueName("led")
    _ = try Admin(configuration).createTopics([.init(name: topic, partitions: 6)])
    let producer = try Producer(configuration, topics: [topic])
    for partition in 0..<Int32(6) { try producer.produce(topic: topic, partition: partition, key: nil, value: [1]) }
    try producer.flush(timeoutMilliseconds: 30_000)

    let consumer = try Consumer(configuration, group: uniqueName("group"))
    defer { consumer.close() }
    func ends() throws -> [Int64] {
      try (0..<6).map { try consumer.watermarks(TopicPartition(topic: topic, partition: $0), timeoutMilliseconds: 30_000).high }
    }
    let before = try ends()
    #expect(before == Array(repeating: 1, count: 6))
    let single = uniqueName("single")
    _ = try Admin(configuration).createTopics([.init(name: single, partitions: 3)], replication: 1)

    let broker = cluster.brokers[1]
    broker.kill()
    // librdkafka itself would wait for the dead one.
    let meanwhile = try ends()
    #expect(meanwhile == before)
    let refused = waitUntil(.seconds(30)) { Self.rejection(configuration, writing: single)?.contains("has no leader") ?? false }
    #expect(refused, "\(Self.rejection(configuration, writing: single) ?? "it was taken")")
    let others = Self.rejection(configuration, writing: topic)
    #expect(others == nil)
    try broker.restart()
    let after = try ends()
    #expect(after == before)
    let taken = waitUntil(.seconds(30)) { Self.rejection(configuration, writing: single) == nil }
    #expect(taken)
  }

  /// What a transactional producer that is to write this topic waits for; nil: nothing.
  private static func rejection(_ configuration: Configuration, writing topic: String) -> String? {
    do {
      let producer = try TransactionalProducer(configuration, transactionalID: topic, topics: [topic])
      try producer.initialise(timeoutMilliseconds: 5000)
      return nil
    } catch {
      return "\(error)"
    }
  }
}
