import CRDKafka

/// Owns a librdkafka list of partitions and offsets.
struct PartitionList: ~Copyable {
  let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

  init(_ partitions: some Collection<(TopicPartition, offset: Int64)>) {
    pointer = rd_kafka_topic_partition_list_new(Int32(partitions.count))
    for (partition, offset) in partitions {
      rd_kafka_topic_partition_list_add(pointer, partition.topic, partition.partition).pointee.offset = offset
    }
  }

  init(_ partitions: [TopicPartition]) {
    self.init(partitions.map { ($0, offset: Int64(RD_KAFKA_OFFSET_INVALID)) })
  }

  init(_ offsets: [TopicPartition: Int64]) { self.init(offsets.map { ($0.key, offset: $0.value) }) }

  init(topics: [String]) {
    pointer = rd_kafka_topic_partition_list_new(Int32(topics.count))
    for topic in topics { rd_kafka_topic_partition_list_add(pointer, topic, RD_KAFKA_PARTITION_UA) }
  }

  deinit { rd_kafka_topic_partition_list_destroy(pointer) }

  /// The offsets of the partitions that have one.
  /// - Throws: the error of the first partition that has one.
  func offsets() throws(KafkaError) -> [TopicPartition: Int64] { try Self.offsets(of: pointer) }

  /// The offsets of the partitions that have one and no error.
  func knownOffsets() -> [TopicPartition: Int64] {
    var offsets: [TopicPartition: Int64] = [:]
    for index in 0..<Int(pointer.pointee.cnt) {
      let element = pointer.pointee.elems[index]
      guard element.err == RD_KAFKA_RESP_ERR_NO_ERROR, element.offset >= 0 else { continue }
      offsets[TopicPartition(topic: String(cString: element.topic), partition: element.partition)] = element.offset
    }
    return offsets
  }

  static func offsets(
    of list: UnsafePointer<rd_kafka_topic_partition_list_t>
  ) throws(KafkaError) -> [TopicPartition: Int64] {
    var offsets: [TopicPartition: Int64] = [:]
    for index in 0..<Int(list.pointee.cnt) {
      let element = list.pointee.elems[index]
      let partition = TopicPartition(topic: String(cString: element.topic), partition: element.partition)
      guard element.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
        throw KafkaError(element.err, reason: "\(partition): \(String(cString: rd_kafka_err2str(element.err)))")
      }
      if element.offset >= 0 { offsets[partition] = element.offset }
    }
    return offsets
  }

  static func partitions(of list: UnsafePointer<rd_kafka_topic_partition_list_t>?) -> [TopicPartition] {
    guard let list else { return [] }
    return (0..<Int(list.pointee.cnt)).map { index in
      TopicPartition(topic: String(cString: list.pointee.elems[index].topic), partition: list.pointee.elems[index].partition)
    }
  }
}
