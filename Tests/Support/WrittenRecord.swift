import Kafka

/// A record to write.
public struct WrittenRecord: Sendable {
  public var topic: String
  public var partition: Int32
  public var offset: Int64
  /// nil to use the time of writing.
  public var timestamp: Int64?
  public var key: [UInt8]?
  public var value: [UInt8]?
  public var headers: [Header]

  public init(
    topic: String, partition: Int32 = 0, offset: Int64 = 0, timestamp: Int64? = nil, key: [UInt8]?, value: [UInt8]?,
    headers: [Header] = []
  ) {
    self.topic = topic
    self.partition = partition
    self.offset = offset
    self.timestamp = timestamp
    self.key = key
    self.value = value
    self.headers = headers
  }
}

extension Record {
  /// Returns these records as a consumer gets them, in the same order. They are written to librdkafka's in-memory cluster, each at its
  /// offset, and read back. Each has a different place.
  public static func reading(_ written: [WrittenRecord]) throws -> [Record] {
    guard !written.isEmpty else { return [] }
    let partitions = 1 + (written.map(\.partition).max() ?? 0)
    let topics = Set(written.map(\.topic)).sorted()
    let cluster = try MockCluster()
    for topic in topics { try cluster.createTopic(topic, partitions: partitions) }
    let configuration = Configuration(bootstrap: cluster.bootstrap, properties: MockCluster.clientProperties, log: { _ in })
    let producer = try Producer(configuration, topics: topics)
    var ends: [TopicPartition: Int64] = [:]
    for record in written.sorted(by: { $0.offset < $1.offset }) {
      let place = record.place
      while ends[place, default: 0] < record.offset {
        try producer.produce(topic: record.topic, partition: record.partition, key: nil, value: nil)
        ends[place, default: 0] += 1
      }
      try producer.produce(
        topic: record.topic, partition: record.partition, key: record.key, value: record.value, headers: record.headers,
        timestamp: record.timestamp)
      ends[place, default: 0] += 1
    }
    try producer.flush(timeoutMilliseconds: 10_000)
    let read = try TopicReader(configuration, topics: topics, partitions: partitions).readToEnd()
    return try written.map { record in
      let found = read.first {
        record.place == TopicPartition(topic: $0.topic, partition: $0.partition) && $0.offset == record.offset
      }
      guard let found else { throw BrokerFailure("no record was read at \(record.place) offset \(record.offset)") }
      return found
    }
  }
}

extension WrittenRecord {
  fileprivate var place: TopicPartition { TopicPartition(topic: topic, partition: partition) }
}
