import CRDKafka

/// The partition that Java's producer, and ours, choose for a key: murmur2, its sign bit cleared, modulo `count`.
/// 0 if `count` is not positive.
public func partition(forKey key: [UInt8], count: Int32) -> Int32 {
  guard count > 0 else { return 0 }
  // librdkafka does not look at the topic here.
  return key.withUnsafeBytes { rd_kafka_msg_partitioner_murmur2(nil, $0.baseAddress, $0.count, count, nil, nil) }
}
