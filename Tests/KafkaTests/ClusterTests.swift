import Kafka
import TestSupport
import Testing

/// What only several brokers can show.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct ClusterTests {
  /// A leader that was restarted leads nothing for minutes: who asked it before must learn that others do.
  @Test func watermarksFollowTheLeader() throws {
    let home = try #require(KafkaBroker.home, "\(KafkaBroker.skipReason)")
    // A killed broker is let in again when it has been missed for so long.
    let cluster = try KafkaCluster.start(
      home: home, count: 2, settings: ["broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500"])
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
    let broker = cluster.brokers[1]
    broker.kill()
    try broker.restart()
    let after = try ends()
    #expect(after == before)
  }
}
