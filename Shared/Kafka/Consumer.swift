import CRDKafka
import Glibc

/// The result of one poll.
public enum Polled {
  case record(Record)
  /// The end of a partition as this reader sees it (read_committed: the last stable offset). `offset` is the offset of the next record.
  case end(TopicPartition, offset: Int64)
  /// An error. Unless it is fatal, librdkafka keeps trying, so keep polling.
  case error(KafkaError)
  /// The group assigns these partitions; they are all that the member now has. Restore their state, then call `assign`, even if the list is
  /// empty.
  case assigned([TopicPartition])
  /// The group revokes all partitions: commit, close the state, then call `unassign`. If the caller polled too late, others may own the
  /// partitions already; `send` then rejects the offsets as abortable.
  case revoked([TopicPartition])
  /// The partitions are lost and may already have a new owner: abort, close the state, then call `unassign`.
  case lost([TopicPartition])
  case nothing
}

/// The group's view of a consumer at one moment. The broker uses it to reject offsets from a former owner (KIP-447).
public struct GroupMetadata: ~Copyable {
  let pointer: OpaquePointer

  init(owning pointer: OpaquePointer) { self.pointer = pointer }

  /// Metadata of a client that is not a member of the group. In a transaction, the broker accepts its offsets without checking who
  /// owns the partitions, so never commit them.
  package init(ofNobodyIn group: String) { pointer = rd_kafka_consumer_group_metadata_new(group) }

  deinit { rd_kafka_consumer_group_metadata_destroy(pointer) }
}

/// A member of a consumer group, or (with `assignByHand`) a reader of chosen partitions. For use by one thread.
///
/// Rebalances are eager: `poll` returns `.assigned`, `.revoked` or `.lost`, the group waits, and the caller answers with `assign` or
/// `unassign`. It must not poll in between. librdkafka allows the answer to come after its callback, as with its own event queue.
/// The caller has `max.poll.interval.ms` (30 minutes here) to answer.
public final class Consumer {
  private let configuration: Configuration
  private let client: Client
  private var topicNames: [(handle: OpaquePointer, name: String)] = []
  private var owesAnswer = false
  private var isClosed = false
  private var observer: WatermarkObserver?
  private var wake: WakeUp?

  /// - Parameters:
  ///   - instance: a stable name of this member (KIP-345), so that a restart within session.timeout moves no partitions.
  ///   - readCommitted: whether to hide records of aborted and open transactions. `committed` then waits for stable offsets.
  ///   - endEvents: whether `poll` returns `.end`.
  ///   - goesOnAfterLoss: whether to continue from the oldest offset when the broker does not have the requested one. If false, `poll`
  ///     returns an error that `stopsReading`. The property `auto.offset.reset` overrides this.
  /// - Throws: `KafkaError` if a property is invalid.
  public init(
    _ configuration: Configuration, group: String, instance: String? = nil, readCommitted: Bool = true, endEvents: Bool = false,
    goesOnAfterLoss: Bool = true
  ) throws(KafkaError) {
    self.configuration = configuration
    let timeouts = try Timeouts(configuration)
    var choices = [
      ("group.id", group),
      ("isolation.level", readCommitted ? "read_committed" : "read_uncommitted"),
      ("enable.partition.eof", endEvents ? "true" : "false"),
      ("enable.auto.commit", "false"),
      ("enable.auto.offset.store", "false"),
      ("auto.offset.reset", goesOnAfterLoss ? "earliest" : "error"),
      ("partition.assignment.strategy", "range"),
      ("check.crcs", "true"),
      ("session.timeout.ms", String(timeouts.session)),
      ("heartbeat.interval.ms", String(timeouts.heartbeat)),
      ("max.poll.interval.ms", "1800000"),
      // A full prefetch queue stops fetching for up to 1 s, so it must hold more than is processed in that time. The limit counts keys and
      // values only. librdkafka's overhead is extra, and several times as large for small records.
      ("queued.min.messages", "100000"),
      ("queued.max.messages.kbytes", "65536"),
    ]
    if let instance { choices.append(("group.instance.id", instance)) }
    client = try Client(RD_KAFKA_CONSUMER, configuration, choices)
    // One queue for records, errors and rebalances.
    rd_kafka_poll_set_consumer(client.handle)
  }

  /// Joins the group for these topics. The partitions arrive through `poll`.
  public func subscribe(_ topics: [String]) throws(KafkaError) {
    // A member without a partition must wait too, instead of polling without a pause.
    _ = try wakeUp()
    let list = PartitionList(topics: topics)
    try KafkaError.check(rd_kafka_subscribe(client.handle, list.pointer), client.handle)
  }

  /// Waits up to `timeoutMilliseconds` for the next record or event.
  public func poll(timeoutMilliseconds: Int32) -> Polled {
    if let event = nextEvent() { return event }
    guard let message = rd_kafka_consumer_poll(client.handle, timeoutMilliseconds) else { return nextEvent() ?? .nothing }
    return polled(message, topic: message.pointee.rkt.map { name(ofTopic: $0) } ?? "", owner: self)
  }

  /// - Parameter owner: keeps the client alive as long as the record.
  func polled(_ message: UnsafeMutablePointer<rd_kafka_message_t>, topic: String, owner: AnyObject) -> Polled {
    if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR { return .record(Record(message, topic: topic, owner: owner)) }
    defer { rd_kafka_message_destroy(message) }
    switch message.pointee.err {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      return .end(TopicPartition(topic: topic, partition: message.pointee.partition), offset: message.pointee.offset)
    default:
      var reason = rd_kafka_message_errstr(message).map { String(cString: $0) }
      if let text = reason, !text.contains(topic) { reason = "\(topic): \(text)" }
      return .error(KafkaError.of(message.pointee.err, reason: reason, handle: client.handle).endingConsumer)
    }
  }

  // MARK: Partitions with their own queues

  /// Gives a partition its own queue. Its records then come from the queue instead of `poll`, so that a reader of several
  /// partitions can choose which one to read next. Call this before the partition is assigned.
  public func split(_ partition: TopicPartition) throws(KafkaError) -> PartitionQueue {
    guard let queue = rd_kafka_queue_get_partition(client.handle, partition.topic, partition.partition) else {
      throw KafkaError(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, reason: "\(partition)")
    }
    rd_kafka_queue_forward(queue, nil)
    let wake = try wakeUp()
    wake.watch(queue)
    return PartitionQueue(queue, partition, wake, of: self)
  }

  private func wakeUp() throws(KafkaError) -> WakeUp {
    if let wake { return wake }
    let made = try WakeUp()
    if let own = rd_kafka_queue_get_consumer(client.handle) {
      made.watch(own)
      rd_kafka_queue_destroy(own)
    }
    wake = made
    return made
  }

  /// Waits until something new arrives for `poll` or in a queue, or the time is up. It does not wake for what had already arrived, so
  /// look there before you wait.
  public func wait(timeoutMilliseconds: Int32) {
    guard client.callbacks.events.isEmpty else { return }
    wake?.wait(timeoutMilliseconds)
  }

  // MARK: Assignments

  /// Replaces the assignment by these partitions and reads each from its offset. This is the answer to `.assigned`. The group's
  /// committed offsets are ignored.
  public func assign(_ positions: [(TopicPartition, offset: Int64)]) throws(KafkaError) {
    owesAnswer = false
    let list = PartitionList(positions)
    try KafkaError.check(rd_kafka_assign(client.handle, list.pointer), client.handle)
  }

  /// Stops reading. This is the answer to `.revoked` and `.lost`.
  public func unassign() throws(KafkaError) {
    owesAnswer = false
    try KafkaError.check(rd_kafka_assign(client.handle, nil), client.handle)
  }

  /// Like `assign`, but without a subscription, for restoring and tailing. Never combine it with `subscribe`.
  public func assignByHand(_ positions: [(TopicPartition, offset: Int64)]) throws(KafkaError) { try assign(positions) }

  /// The group's committed offsets. A partition without one is left out. With `readCommitted` they are stable: while a transaction
  /// has pending offsets for a partition, the request is repeated until the time is up.
  /// - Throws: `KafkaError`, `_TIMED_OUT` or `UNSTABLE_OFFSET_COMMIT` if they did not become stable.
  public func committed(
    _ partitions: [TopicPartition], timeoutMilliseconds: Int32
  ) throws(KafkaError) -> [TopicPartition: Int64] {
    let list = PartitionList(partitions)
    try KafkaError.check(rd_kafka_committed(client.handle, list.pointer, timeoutMilliseconds), client.handle)
    return try list.offsets()
  }

  /// The oldest offset, and the offset after the newest record or marker, even if its transaction is still open.
  ///
  /// A second, read_uncommitted client sends the request; the first call creates it. A read_committed client would get the last stable
  /// offset.
  public func watermarks(_ partition: TopicPartition, timeoutMilliseconds: Int32) throws(KafkaError) -> (low: Int64, high: Int64)
  {
    let observer: WatermarkObserver
    if let known = self.observer { observer = known } else { observer = try WatermarkObserver(configuration) }
    self.observer = observer
    return try observer.watermarks(partition, timeoutMilliseconds: timeoutMilliseconds)
  }

  /// The beginnings or ends of partitions for a read_uncommitted reader. Partitions for which no broker answers are left out.
  public func bounds(
    of partitions: [TopicPartition], at place: Int64, timeoutMilliseconds: Int32
  ) throws(KafkaError) -> [TopicPartition: Int64] {
    let observer: WatermarkObserver
    if let known = self.observer { observer = known } else { observer = try WatermarkObserver(configuration) }
    self.observer = observer
    defer { observer.client.callbacks.events.removeAll() }
    return try observer.client.offsets(of: partitions, at: place, timeoutMilliseconds)
  }

  /// The last stable offsets for a read_committed consumer. All records before them are committed or aborted. Partitions for which
  /// no broker answers are left out.
  public func stableEnds(
    of partitions: [TopicPartition], timeoutMilliseconds: Int32
  ) throws(KafkaError) -> [TopicPartition: Int64] {
    try client.offsets(of: partitions, at: Offset.end, timeoutMilliseconds)
  }

  /// Whether a broker answers within the time.
  public func reachesBroker(timeoutMilliseconds: Int32) -> Bool {
    var metadata: UnsafePointer<rd_kafka_metadata>?
    guard rd_kafka_metadata(client.handle, 0, nil, &metadata, timeoutMilliseconds) == RD_KAFKA_RESP_ERR_NO_ERROR else {
      return false
    }
    rd_kafka_metadata_destroy(metadata)
    return true
  }

  /// The cluster's id (KIP-78); `nil` if no broker reported it in time. Offsets and state of one cluster are meaningless on
  /// another.
  public func clusterID(timeoutMilliseconds: Int32) -> String? {
    guard let text = rd_kafka_clusterid(client.handle, timeoutMilliseconds) else { return nil }
    defer { rd_kafka_mem_free(client.handle, text) }
    return String(cString: text)
  }

  /// The end of an assigned partition at the last fetch. No request is sent, so it is good enough for a lag but not for a decision.
  public func knownEnd(of partition: TopicPartition) -> Int64? {
    var low: Int64 = 0
    var high: Int64 = 0
    let code = rd_kafka_get_watermark_offsets(client.handle, partition.topic, partition.partition, &low, &high)
    return code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : nil
  }

  /// The metadata for `TransactionalProducer.send`. Get it again for each transaction.
  public func groupMetadata() throws(KafkaError) -> GroupMetadata {
    guard let pointer = rd_kafka_consumer_group_metadata(client.handle) else { throw KafkaError(RD_KAFKA_RESP_ERR__STATE) }
    return GroupMetadata(owning: pointer)
  }

  /// Leaves the group and waits until this is done. No further events come for the partitions, so commit and close their state
  /// before. A consumer that is not closed leaves the group as if the process had been killed.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    client.callbacks.isClosing = true
    // Otherwise librdkafka waits forever for the answer to the last rebalance.
    if owesAnswer { rd_kafka_assign(client.handle, nil) }
    rd_kafka_consumer_close(client.handle)
  }

  private func nextEvent() -> Polled? {
    guard !client.callbacks.events.isEmpty else { return nil }
    let event = client.callbacks.events.removeFirst()
    switch event {
    case .assigned, .revoked, .lost: owesAnswer = true
    case .record, .end, .error, .nothing: break
    }
    return event
  }

  /// The topic's name, without allocating a String for every record. The handle alone is not a safe key, because librdkafka may
  /// reuse it.
  private func name(ofTopic handle: OpaquePointer) -> String {
    guard let text = rd_kafka_topic_name(handle) else { return "" }
    if let known = topicNames.firstIndex(where: { $0.handle == handle }) {
      if topicNames[known].name.withCString({ strcmp($0, text) == 0 }) { return topicNames[known].name }
      topicNames.remove(at: known)
    }
    let name = String(cString: text)
    topicNames.append((handle, name))
    return name
  }
}

extension Client {
  /// Sends one request to each broker.
  /// - Parameter place: `Offset.beginning` or `Offset.end`, as the client's isolation level sees it.
  fileprivate func offsets(
    of partitions: [TopicPartition], at place: Int64, _ timeoutMilliseconds: Int32
  ) throws(KafkaError) -> [TopicPartition: Int64] {
    // A group member may have no partition, and librdkafka rejects an empty list as an invalid argument.
    guard !partitions.isEmpty else { return [:] }
    let deadline = Deadline(inMilliseconds: timeoutMilliseconds)
    let list = PartitionList(partitions.map { ($0, offset: place) })
    let code = rd_kafka_offsets_for_times(handle, list.pointer, deadline.millisecondsLeft)
    try KafkaError.check(code, handle)
    let found = list.knownOffsets()
    // A client that does not read a topic must ask to learn about a new leader.
    for topic in Set(partitions.lazy.filter { found[$0] == nil }.map(\.topic)) {
      askForLeaders(of: topic, deadline.millisecondsLeft)
    }
    return found
  }

  /// Updates the client's own table of leaders. Without an answer, the old table is kept.
  fileprivate func askForLeaders(of name: String, _ timeoutMilliseconds: Int32) {
    guard let topic = rd_kafka_topic_new(handle, name, nil) else { return }
    defer { rd_kafka_topic_destroy(topic) }
    var metadata: UnsafePointer<rd_kafka_metadata>?
    let code = rd_kafka_metadata(handle, 0, topic, &metadata, timeoutMilliseconds)
    if code == RD_KAFKA_RESP_ERR_NO_ERROR { rd_kafka_metadata_destroy(metadata) }
  }
}

/// A client that sees uncommitted records. It only queries the beginnings and ends of partitions.
private final class WatermarkObserver {
  /// Limit for one query. After this time, another broker may be the leader.
  private static let answerMilliseconds: Int32 = 2_000
  let client: Client

  init(_ configuration: Configuration) throws(KafkaError) {
    client = try Client(RD_KAFKA_CONSUMER, configuration, [("isolation.level", "read_uncommitted")])
  }

  func watermarks(_ partition: TopicPartition, timeoutMilliseconds: Int32) throws(KafkaError) -> (low: Int64, high: Int64) {
    let deadline = Deadline(inMilliseconds: timeoutMilliseconds)
    let low = try offset(of: partition, at: Offset.beginning, deadline)
    return (low, try offset(of: partition, at: Offset.end, deadline))
  }

  /// Queries an offset with the time values that mean beginning and end. It does not use `rd_kafka_query_watermark_offsets`, which
  /// does not time out while it waits for a broker that is down (librdkafka 2.0.2).
  private func offset(of partition: TopicPartition, at time: Int64, _ deadline: Deadline) throws(KafkaError) -> Int64 {
    while true {
      do throws(KafkaError) {
        let list = PartitionList([(partition, offset: time)])
        let code = rd_kafka_offsets_for_times(
          client.handle, list.pointer, min(deadline.millisecondsLeft, Self.answerMilliseconds))
        client.callbacks.events.removeAll()
        try KafkaError.check(code, client.handle)
        guard let offset = try list.offsets()[partition] else {
          throw KafkaError(RD_KAFKA_RESP_ERR__NO_OFFSET, reason: "\(partition): the broker returned no offset")
        }
        return offset
      } catch {
        // The leader of a topic created a moment ago may not know the topic yet. If a leader died or restarted, librdkafka keeps asking the
        // old one: it looks for a new leader only for topics that it reads.
        guard error.isRetriable, !deadline.isOver else { throw error }
        usleep(50_000)
        client.askForLeaders(of: partition.topic, min(deadline.millisecondsLeft, Self.answerMilliseconds))
      }
    }
  }
}
