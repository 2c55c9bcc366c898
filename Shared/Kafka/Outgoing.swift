import CRDKafka

/// A producing client with its topic handles and the room in which a record is laid out for librdkafka.
final class Outgoing {
  let client: Client
  private var topics: [String: OpaquePointer] = [:]
  private var fields: UnsafeMutablePointer<rd_kafka_vu_t>
  private var fieldCapacity = 16
  /// Header names (ended by 0) and values of the record at hand.
  private var scratch: UnsafeMutableRawPointer
  private var scratchCapacity = 1024

  init(_ configuration: Configuration, _ choices: [(String, String)], topics names: [String]) throws(KafkaError) {
    let common = [
      ("enable.idempotence", "true"),
      // Java's choice of partition for a key; without a key any partition.
      ("partitioner", "murmur2_random"),
      ("linger.ms", "5"),
      // A row or a step may gather more than one event's worth; the broker's own limit is the topic's max.message.bytes.
      ("message.max.bytes", "4194304"),
      // A full queue is waited for, so it need not hold what a backlog's transaction writes (by default a gigabyte).
      ("queue.buffering.max.kbytes", "65536"),
    ]
    client = try Client(RD_KAFKA_PRODUCER, configuration, common + choices)
    fields = .allocate(capacity: fieldCapacity)
    scratch = .allocate(byteCount: scratchCapacity, alignment: 1)
    // A topic first seen in produce is noticed on a one-second timer: make the handles now.
    for name in names { _ = try topic(name) }
  }

  deinit {
    for topic in topics.values { rd_kafka_topic_destroy(topic) }
    fields.deallocate()
    scratch.deallocate()
  }

  /// Runs delivery reports and error notices, waiting for them up to `timeoutMilliseconds`.
  func poll(timeoutMilliseconds: Int32) { rd_kafka_poll(client.handle, timeoutMilliseconds) }

  /// Makes the leaders of all partitions known, so that the first record of each does not wait, and waits for those that have none: a
  /// transaction that meets such a partition could only fail.
  /// - Throws: `UNKNOWN_TOPIC_OR_PART` or `LEADER_NOT_AVAILABLE` naming the topic, or a time-out.
  func learnTopics(timeoutMilliseconds: Int32) throws(KafkaError) {
    let deadline = Deadline(inMilliseconds: timeoutMilliseconds)
    var missing: KafkaError?
    while true {
      var metadata: UnsafePointer<rd_kafka_metadata>?
      let code = rd_kafka_metadata(client.handle, 0, nil, &metadata, deadline.millisecondsLeft)
      guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else {
        throw missing ?? KafkaError.of(code, handle: client.handle)
      }
      defer { rd_kafka_metadata_destroy(metadata) }
      missing = Self.firstFailure(in: metadata.pointee)
      guard let missing else { return }
      // A topic made a moment ago may not have reached this broker yet.
      guard !deadline.isOver else { throw missing }
      poll(timeoutMilliseconds: min(deadline.millisecondsLeft, 100))
    }
  }

  private static func firstFailure(in metadata: rd_kafka_metadata) -> KafkaError? {
    for index in 0..<Int(metadata.topic_cnt) {
      let topic = metadata.topics[index]
      let name = String(cString: topic.topic)
      guard topic.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
        return KafkaError(topic.err, reason: "\(name): \(String(cString: rd_kafka_err2str(topic.err)))")
      }
      for partition in 0..<Int(topic.partition_cnt) where topic.partitions[partition].leader < 0 {
        return KafkaError(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, reason: "\(name) [\(partition)] has no leader")
      }
    }
    return nil
  }

  /// Hands one record to librdkafka, which copies it. A full queue is waited for.
  func produce(
    topic name: String, partition: Int32?, key: [UInt8]?, value: [UInt8]?, headers: [Header], timestamp: Int64?, token: Int
  ) throws(KafkaError) {
    let topic = try topic(name)
    reserve(headers)
    while true {
      let error = withOptionalBytes(key) { key in
        withOptionalBytes(value) { value in
          produce(topic, partition, key, value, headers, timestamp, token)
        }
      }
      guard let error else { return }
      guard rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__QUEUE_FULL else { throw KafkaError(consuming: error) }
      rd_kafka_error_destroy(error)
      poll(timeoutMilliseconds: 10)
    }
  }

  private func topic(_ name: String) throws(KafkaError) -> OpaquePointer {
    if let topic = topics[name] { return topic }
    guard let topic = rd_kafka_topic_new(client.handle, name, nil) else {
      throw KafkaError.of(rd_kafka_last_error(), handle: client.handle)
    }
    topics[name] = topic
    return topic
  }

  private typealias Memory = (start: UnsafeMutableRawPointer?, count: Int)

  private func withOptionalBytes<Result>(_ bytes: [UInt8]?, _ body: (Memory) -> Result) -> Result {
    guard let bytes else { return body((nil, 0)) }
    // Present but empty still needs an address: a null pointer would mean absent.
    return bytes.withUnsafeBytes { body((UnsafeMutableRawPointer(mutating: $0.baseAddress) ?? scratch, $0.count)) }
  }

  private func produce(
    _ topic: OpaquePointer, _ partition: Int32?, _ key: Memory, _ value: Memory, _ headers: [Header], _ timestamp: Int64?,
    _ token: Int
  ) -> OpaquePointer? {
    var count = 0
    func add(_ type: rd_kafka_vtype_t, _ set: (inout rd_kafka_vu_t) -> Void) {
      var field = rd_kafka_vu_t()
      field.vtype = type
      set(&field)
      (fields + count).initialize(to: field)
      count += 1
    }
    add(RD_KAFKA_VTYPE_RKT) { $0.u.rkt = topic }
    add(RD_KAFKA_VTYPE_PARTITION) { $0.u.i32 = partition ?? RD_KAFKA_PARTITION_UA }
    add(RD_KAFKA_VTYPE_MSGFLAGS) { $0.u.i = RD_KAFKA_MSG_F_COPY }
    add(RD_KAFKA_VTYPE_KEY) { $0.u.mem = .init(ptr: key.start, size: key.count) }
    add(RD_KAFKA_VTYPE_VALUE) { $0.u.mem = .init(ptr: value.start, size: value.count) }
    add(RD_KAFKA_VTYPE_OPAQUE) { $0.u.ptr = UnsafeMutableRawPointer(bitPattern: token) }
    if let timestamp { add(RD_KAFKA_VTYPE_TIMESTAMP) { $0.u.i64 = timestamp } }
    var free = scratch
    for header in headers {
      let name = free.assumingMemoryBound(to: CChar.self)
      free = Self.copy(header.name.utf8, to: free)
      free.storeBytes(of: 0, as: UInt8.self)
      free += 1
      let start = free
      if let bytes = header.value { free = Self.copy(bytes, to: free) }
      add(RD_KAFKA_VTYPE_HEADER) {
        $0.u.header = .init(name: name, val: header.value == nil ? nil : UnsafeRawPointer(start), size: header.value?.count ?? 0)
      }
    }
    return rd_kafka_produceva(client.handle, fields, count)
  }

  private func reserve(_ headers: [Header]) {
    if 7 + headers.count > fieldCapacity {
      fields.deallocate()
      fieldCapacity = 7 + 2 * headers.count
      fields = .allocate(capacity: fieldCapacity)
    }
    // One byte more than is written, so that an empty last value still has an address inside.
    let needed = headers.reduce(1) { $0 + $1.name.utf8.count + 1 + ($1.value?.count ?? 0) }
    if needed > scratchCapacity {
      scratch.deallocate()
      scratchCapacity = 2 * needed
      scratch = .allocate(byteCount: scratchCapacity, alignment: 1)
    }
  }

  private static func copy(_ bytes: some Collection<UInt8>, to start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
    let room = UnsafeMutableRawBufferPointer(start: start, count: bytes.count)
    room.copyBytes(from: bytes)
    return start + bytes.count
  }
}
