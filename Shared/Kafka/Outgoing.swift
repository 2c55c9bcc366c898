import CRDKafka
import Synchronization

/// A topic that a producer writes to.
public struct ProducedTopic: @unchecked Sendable {
  let handle: OpaquePointer
}

/// The headers of one record on their way to librdkafka, which copies them.
public struct HeaderFields: ~Copyable {
  private var fields: UnsafeMutablePointer<rd_kafka_vu_t>
  private var capacity: Int
  fileprivate var count = 0
  /// Zero-terminated names, which librdkafka reads until the record is handed over.
  private var names: [UnsafeMutablePointer<CChar>] = []

  init() {
    capacity = 32
    fields = .allocate(capacity: capacity)
  }

  deinit {
    for name in names { name.deallocate() }
    fields.deallocate()
  }

  fileprivate mutating func removeAll() {
    count = 0
    for name in names { name.deallocate() }
    names.removeAll(keepingCapacity: true)
  }

  /// Adds a header with a constant name. The value must stay at its address until the record has been produced.
  public mutating func add(_ name: StaticString, _ value: UnsafeRawBufferPointer) {
    add(UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self), value)
  }

  /// Adds a header with any name.
  mutating func add(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) {
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: name.count + 1)
    UnsafeMutableRawPointer(copy).copyMemory(from: name.baseAddress ?? UnsafeRawPointer(copy), byteCount: name.count)
    copy[name.count] = 0
    names.append(copy)
    add(UnsafePointer(copy), value)
  }

  private mutating func add(_ name: UnsafePointer<CChar>, _ value: UnsafeRawBufferPointer?) {
    // An empty value still needs an address.
    field(RD_KAFKA_VTYPE_HEADER) {
      $0.u.header = .init(name: name, val: value.map { $0.baseAddress ?? UnsafeRawPointer(name) }, size: value?.count ?? 0)
    }
  }

  fileprivate mutating func field(_ type: rd_kafka_vtype_t, _ set: (inout rd_kafka_vu_t) -> Void) {
    if count == capacity {
      let larger = UnsafeMutablePointer<rd_kafka_vu_t>.allocate(capacity: 2 * capacity)
      larger.moveInitialize(from: fields, count: count)
      fields.deallocate()
      fields = larger
      capacity *= 2
    }
    var field = rd_kafka_vu_t()
    field.vtype = type
    set(&field)
    (fields + count).initialize(to: field)
    count += 1
  }

  fileprivate func produce(_ client: OpaquePointer) -> OpaquePointer? { rd_kafka_produceva(client, fields, count) }
}

/// A producing client with its topic handles.
final class Outgoing {
  let client: Client
  private let topics = Mutex<[String: ProducedTopic]>([:])
  /// librdkafka's callbacks run inside `poll`, which several writers may call at once.
  private let polling = Mutex(())

  init(_ configuration: Configuration, _ choices: [(String, String)], topics names: [String]) throws(KafkaError) {
    let common = [
      ("enable.idempotence", "true"),
      // Chooses partitions as Java's producer does: by the key's hash, or any partition without a key.
      ("partitioner", "murmur2_random"),
      ("linger.ms", "5"),
      // A row or an internal message may be larger than an event. The broker's limit is the topic's max.message.bytes.
      ("message.max.bytes", "4194304"),
      // A full queue makes the caller wait, so it need not hold a whole large transaction (the default is a gigabyte).
      ("queue.buffering.max.kbytes", "65536"),
    ]
    client = try Client(RD_KAFKA_PRODUCER, configuration, common + choices)
    // Create the handles now. For a topic that it first sees in produce, librdkafka waits for a one-second timer.
    for name in names { _ = try topic(name) }
  }

  deinit {
    for topic in topics.withLock({ $0.values }) { rd_kafka_topic_destroy(topic.handle) }
  }

  /// Runs delivery reports and error callbacks, waiting for them up to `timeoutMilliseconds`.
  func poll(timeoutMilliseconds: Int32) {
    polling.withLock { _ in _ = rd_kafka_poll(client.handle, timeoutMilliseconds) }
  }

  /// The first record that could not be delivered.
  var deliveryFailure: KafkaError? { polling.withLock { _ in client.callbacks.deliveryFailure } }

  /// Finds the leaders of all partitions, so that the first record of each does not wait. Also waits until all partitions have a
  /// leader, because a transaction that writes to one without can only fail.
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
      // A topic created a moment ago may not have reached this broker yet.
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
        return KafkaError(
          RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, reason: "\(name) [\(partition)] has no leader: is a broker down?")
      }
    }
    return nil
  }

  /// Hands one record to librdkafka, which copies it. Waits while the queue is full.
  /// - Parameter fields: where the record is laid out. Its former content is overwritten.
  func produce(
    _ topic: ProducedTopic, partition: Int32?, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, timestamp: Int64?,
    token: Int, in fields: inout HeaderFields, headers: (inout HeaderFields) -> Void
  ) throws(KafkaError) {
    fields.removeAll()
    fields.field(RD_KAFKA_VTYPE_RKT) { $0.u.rkt = topic.handle }
    fields.field(RD_KAFKA_VTYPE_PARTITION) { $0.u.i32 = partition ?? RD_KAFKA_PARTITION_UA }
    fields.field(RD_KAFKA_VTYPE_MSGFLAGS) { $0.u.i = RD_KAFKA_MSG_F_COPY }
    fields.field(RD_KAFKA_VTYPE_KEY) { $0.u.mem = Self.memory(key) }
    fields.field(RD_KAFKA_VTYPE_VALUE) { $0.u.mem = Self.memory(value) }
    fields.field(RD_KAFKA_VTYPE_OPAQUE) { $0.u.ptr = UnsafeMutableRawPointer(bitPattern: token) }
    if let timestamp { fields.field(RD_KAFKA_VTYPE_TIMESTAMP) { $0.u.i64 = timestamp } }
    headers(&fields)
    while let error = fields.produce(client.handle) {
      guard rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__QUEUE_FULL else { throw KafkaError(consuming: error) }
      rd_kafka_error_destroy(error)
      poll(timeoutMilliseconds: 10)
    }
  }

  /// Like the other `produce`, for values in Swift's memory.
  func produce(
    topic name: String, partition: Int32?, key: [UInt8]?, value: [UInt8]?, headers: [Header], timestamp: Int64?, token: Int
  ) throws(KafkaError) {
    // One allocation for everything, so that no address changes.
    let size = headers.reduce((key?.count ?? 0) + (value?.count ?? 0)) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) }
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: size + 1, alignment: 1)
    defer { room.deallocate() }
    var end = 0
    func copy(_ bytes: some Collection<UInt8>) -> UnsafeRawBufferPointer {
      let place = UnsafeMutableRawBufferPointer(rebasing: room[end..<(end + bytes.count)])
      place.copyBytes(from: bytes)
      end += bytes.count
      return UnsafeRawBufferPointer(place)
    }
    let (key, value) = (key.map { copy($0) }, value.map { copy($0) })
    var fields = HeaderFields()
    try produce(
      try topic(name), partition: partition, key: key, value: value, timestamp: timestamp, token: token, in: &fields
    ) { fields in
      for header in headers { fields.add(copy(header.name.utf8), header.value.map { copy($0) }) }
    }
  }

  func topic(_ name: String) throws(KafkaError) -> ProducedTopic {
    try topics.withLock { topics throws(KafkaError) in
      if let topic = topics[name] { return topic }
      guard let handle = rd_kafka_topic_new(client.handle, name, nil) else {
        throw KafkaError.of(rd_kafka_last_error(), handle: client.handle)
      }
      let topic = ProducedTopic(handle: handle)
      topics[name] = topic
      return topic
    }
  }

  /// An empty value still needs an address, because a null pointer means that it is absent.
  private static func memory(_ bytes: UnsafeRawBufferPointer?) -> rd_kafka_vu_t.__Unnamed_union_u.__Unnamed_struct_mem {
    .init(
      ptr: bytes.map { UnsafeMutableRawPointer(mutating: $0.baseAddress ?? emptyAddress) }, size: bytes?.count ?? 0)
  }

  // Never written to.
  nonisolated(unsafe) private static let emptyAddress = UnsafeRawPointer(
    UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))
}
