import CRDKafka

/// The partition that Java's producer and Laurel's choose for a key: murmur2 with its sign bit cleared, modulo `count`. 0 if
/// `count` is not positive.
public func partition(forKey key: UnsafeRawBufferPointer, count: Int32) -> Int32 {
  guard count > 0 else { return 0 }
  // librdkafka ignores the topic here.
  return rd_kafka_msg_partitioner_murmur2(nil, key.baseAddress, key.count, count, nil, nil)
}

public func partition(forKey key: [UInt8], count: Int32) -> Int32 {
  key.withUnsafeBytes { partition(forKey: $0, count: count) }
}

/// The partition of Kafka's own topics that holds a group's offsets or the state of a transactional id: the absolute value of Java's hash
/// of the name, modulo `count`.
public func coordinatorPartition(of name: String, count: Int32) -> Int32 {
  let hash = name.utf16.reduce(Int32(0)) { $0 &* 31 &+ Int32($1) }
  return hash == .min || count <= 0 ? 0 : abs(hash) % count
}
