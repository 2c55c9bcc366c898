import Kafka
import TestSupport
import Testing

/// Tests that need several brokers.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct ClusterTests {
  /// A restarted leader leads nothing for minutes, so a client that queried it before must find the new leader. A partition without its
  /// only copy has no leader, so a transaction could only fail there.
  @Test func leadersComeAndGo() throws {
    let home = try #require(KafkaBroker.home, "\(KafkaBroker.skipReason)")
    // A killed broker is accepted again after it has been missing for this long.
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
    // librdkafka itself would wait for the dead broker.
    let meanwhile = try ends()
    #expect(meanwhile == before)
    let rejected = waitUntil(.seconds(30)) { Self.rejection(configuration, writing: single)?.contains("has no leader") ?? false }
    #expect(rejected, "\(Self.rejection(configuration, writing: single) ?? "it was accepted")")
    let others = Self.rejection(configuration, writing: topic)
    #expect(others == nil)
    try broker.restart()
    let after = try ends()
    #expect(after == before)
    let taken = waitUntil(.seconds(30)) { Self.rejection(configuration, writing: single) == nil }
    #expect(taken)
  }

  /// Why a transactional producer of this topic has to wait; nil if it does not.
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
