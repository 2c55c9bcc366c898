import CRDKafka

/// Manages topics and reads group offsets on a real cluster (the mock cluster answers only metadata requests). For use by one
/// thread.
public final class Admin {
  /// A topic to create. `config` holds the broker's topic settings, such as `cleanup.policy`.
  public struct NewTopic: Sendable {
    public let name: String
    public let partitions: Int32
    public let config: [String: String]

    public init(name: String, partitions: Int32, config: [String: String] = [:]) {
      self.name = name
      self.partitions = partitions
      self.config = config
    }
  }

  /// The result for one topic or group.
  public enum Outcome: Sendable, Equatable {
    case done
    /// The topic already existed (create) or was missing (delete).
    case unchanged
    case failed(KafkaError)
  }

  private let client: Client
  private let queue: OpaquePointer

  /// - Throws: `KafkaError` if a property is invalid.
  public init(_ configuration: Configuration) throws(KafkaError) {
    client = try Client(RD_KAFKA_PRODUCER, configuration, [("allow.auto.create.topics", "false")])
    queue = rd_kafka_queue_new(client.handle)
  }

  deinit { rd_kafka_queue_destroy(queue) }

  /// Creates topics and returns one outcome for each. `replication` -1 uses the broker's default.
  /// - Throws: `KafkaError` if the broker did not answer the request as a whole.
  public func createTopics(
    _ topics: [NewTopic], replication: Int32 = -1, timeoutMilliseconds: Int32 = 30_000
  ) throws(KafkaError) -> [String: Outcome] {
    var outcomes: [String: Outcome] = [:]
    var requests: [OpaquePointer?] = []
    defer { for request in requests { rd_kafka_NewTopic_destroy(request) } }
    for topic in topics {
      let (request, rejection) = Self.request(topic, replication)
      if let request { requests.append(request) } else { outcomes[topic.name] = .failed(rejection) }
    }
    guard !requests.isEmpty else { return outcomes }
    let event = try ask(RD_KAFKA_ADMIN_OP_CREATETOPICS, timeoutMilliseconds) { options in
      rd_kafka_CreateTopics(client.handle, &requests, requests.count, options, queue)
    }
    var count = 0
    let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.pointer), &count)
    Self.collect(results, count, unchanged: RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, into: &outcomes)
    return outcomes
  }

  /// Deletes topics. A missing topic counts as unchanged.
  public func deleteTopics(_ topics: [String], timeoutMilliseconds: Int32 = 30_000) throws(KafkaError) -> [String: Outcome] {
    guard !topics.isEmpty else { return [:] }
    var requests = topics.map { rd_kafka_DeleteTopic_new($0) }
    defer { for request in requests { rd_kafka_DeleteTopic_destroy(request) } }
    let event = try ask(RD_KAFKA_ADMIN_OP_DELETETOPICS, timeoutMilliseconds) { options in
      rd_kafka_DeleteTopics(client.handle, &requests, requests.count, options, queue)
    }
    var outcomes: [String: Outcome] = [:]
    var count = 0
    let results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.pointer), &count)
    Self.collect(results, count, unchanged: RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, into: &outcomes)
    return outcomes
  }

  /// Returns as soon as a broker has answered.
  public func reachBroker(timeoutMilliseconds: Int32) throws(KafkaError) {
    var metadata: UnsafePointer<rd_kafka_metadata>?
    let code = rd_kafka_metadata(client.handle, 0, nil, &metadata, timeoutMilliseconds)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else { throw failure(code) }
    rd_kafka_metadata_destroy(metadata)
  }

  /// Every topic of the cluster with its number of partitions, including internal ones.
  public func listTopics(timeoutMilliseconds: Int32 = 10_000) throws(KafkaError) -> [String: Int32] {
    var metadata: UnsafePointer<rd_kafka_metadata>?
    let code = rd_kafka_metadata(client.handle, 1, nil, &metadata, timeoutMilliseconds)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else { throw failure(code) }
    defer { rd_kafka_metadata_destroy(metadata) }
    var topics: [String: Int32] = [:]
    for index in 0..<Int(metadata.pointee.topic_cnt) where metadata.pointee.topics[index].err == RD_KAFKA_RESP_ERR_NO_ERROR {
      let topic = metadata.pointee.topics[index]
      topics[String(cString: topic.topic)] = topic.partition_cnt
    }
    return topics
  }

  /// The number of partitions of these topics. A missing topic is left out and not created.
  public func partitionCounts(of topics: [String], timeoutMilliseconds: Int32 = 10_000) throws(KafkaError) -> [String: Int32] {
    let wanted = Set(topics)
    return try listTopics(timeoutMilliseconds: timeoutMilliseconds).filter { wanted.contains($0.key) }
  }

  /// The topics among these that the broker's ACLs hide from this client. For `listTopics` and `partitionCounts` they look like
  /// missing ones. The request creates no topic.
  public func hidden(of topics: [String], timeoutMilliseconds: Int32 = 10_000) throws(KafkaError) -> Set<String> {
    let deadline = Deadline(inMilliseconds: timeoutMilliseconds)
    var hidden: Set<String> = []
    for name in topics {
      guard let topic = rd_kafka_topic_new(client.handle, name, nil) else {
        throw KafkaError.of(rd_kafka_last_error(), handle: client.handle)
      }
      defer { rd_kafka_topic_destroy(topic) }
      var metadata: UnsafePointer<rd_kafka_metadata>?
      let code = rd_kafka_metadata(client.handle, 0, topic, &metadata, deadline.millisecondsLeft)
      guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else { throw failure(code) }
      defer { rd_kafka_metadata_destroy(metadata) }
      let rejections = (0..<Int(metadata.pointee.topic_cnt)).map { metadata.pointee.topics[$0].err }
      if rejections.contains(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) { hidden.insert(name) }
    }
    return hidden
  }

  /// The error for a request without an answer. A connection error, such as a rejected login, explains it better than "no answer".
  private func failure(_ code: rd_kafka_resp_err_t) -> KafkaError {
    rd_kafka_poll(client.handle, 0)
    defer { client.callbacks.clientErrors.removeAll() }
    let reported = client.callbacks.clientErrors
    return reported.last(where: \.meansNoLogin) ?? reported.last { $0.code == RD_KAFKA_RESP_ERR__TRANSPORT.rawValue }
      ?? KafkaError.of(code, handle: client.handle)
  }

  /// The committed offsets of a group, which need not have members.
  public func groupOffsets(_ group: String, timeoutMilliseconds: Int32 = 10_000) throws(KafkaError) -> [TopicPartition: Int64] {
    guard let request = rd_kafka_ListConsumerGroupOffsets_new(group, nil) else {
      throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, reason: "not a group name: \"\(group)\"")
    }
    defer { rd_kafka_ListConsumerGroupOffsets_destroy(request) }
    var requests: [OpaquePointer?] = [request]
    let event = try ask(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeoutMilliseconds) { options in
      rd_kafka_ListConsumerGroupOffsets(client.handle, &requests, 1, options, queue)
    }
    var count = 0
    let answer = rd_kafka_event_ListConsumerGroupOffsets_result(event.pointer)
    guard let groups = rd_kafka_ListConsumerGroupOffsets_result_groups(answer, &count), count > 0 else { return [:] }
    if let error = rd_kafka_group_result_error(groups[0]) {
      // The event owns this error.
      throw KafkaError(rd_kafka_error_code(error), reason: String(cString: rd_kafka_error_string(error)))
    }
    guard let list = rd_kafka_group_result_partitions(groups[0]) else { return [:] }
    return try PartitionList.offsets(of: list)
  }

  /// The static members of a group (`group.instance.id`), whatever they own now; empty if there is no such group.
  public func groupInstances(_ group: String, timeoutMilliseconds: Int32 = 10_000) throws(KafkaError) -> Set<String> {
    let event = try ask(RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, timeoutMilliseconds) { options in
      group.withCString { name in
        var names: [UnsafePointer<CChar>?] = [name]
        rd_kafka_DescribeConsumerGroups(client.handle, &names, 1, options, queue)
      }
    }
    var count = 0
    let answer = rd_kafka_event_DescribeConsumerGroups_result(event.pointer)
    guard let groups = rd_kafka_DescribeConsumerGroups_result_groups(answer, &count), count > 0 else { return [] }
    if let error = rd_kafka_ConsumerGroupDescription_error(groups[0]),
      rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_NO_ERROR
    {
      // The error belongs to the event.
      throw KafkaError(rd_kafka_error_code(error), reason: String(cString: rd_kafka_error_string(error)))
    }
    let members = (0..<rd_kafka_ConsumerGroupDescription_member_count(groups[0])).map {
      rd_kafka_ConsumerGroupDescription_member(groups[0], $0)
    }
    return Set(members.compactMap { rd_kafka_MemberDescription_group_instance_id($0).map { String(cString: $0) } })
  }

  /// Owns an answer and everything that is read from it.
  private struct Event: ~Copyable {
    let pointer: OpaquePointer
    deinit { rd_kafka_event_destroy(pointer) }
  }

  private func ask(
    _ operation: rd_kafka_admin_op_t, _ timeoutMilliseconds: Int32, _ send: (OpaquePointer) -> Void
  ) throws(KafkaError) -> Event {
    guard let options = rd_kafka_AdminOptions_new(client.handle, operation) else {
      throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG)
    }
    defer { rd_kafka_AdminOptions_destroy(options) }
    let rejection: KafkaError? = withTextBuffer { text, size in
      let code = rd_kafka_AdminOptions_set_request_timeout(options, timeoutMilliseconds, text, size)
      return code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(code, reason: String(cString: text))
    }
    if let rejection { throw rejection }
    send(options)
    // librdkafka always answers, at the latest when the request times out.
    guard let pointer = rd_kafka_queue_poll(queue, -1) else { throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT) }
    let event = Event(pointer: pointer)
    let code = rd_kafka_event_error(event.pointer)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw KafkaError(code, reason: rd_kafka_event_error_string(event.pointer).map { String(cString: $0) })
    }
    return event
  }

  private static func request(_ topic: NewTopic, _ replication: Int32) -> (OpaquePointer?, KafkaError) {
    let (request, rejection): (OpaquePointer?, KafkaError) = withTextBuffer { text, size in
      let request = rd_kafka_NewTopic_new(topic.name, topic.partitions, replication, text, size)
      return (request, KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, reason: String(cString: text)))
    }
    guard let request else { return (nil, rejection) }
    for (name, value) in topic.config.sorted(by: { $0.key < $1.key }) {
      let code = rd_kafka_NewTopic_set_config(request, name, value)
      guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
        rd_kafka_NewTopic_destroy(request)
        return (nil, KafkaError(code, reason: "topic \(topic.name): the broker's setting \"\(name)\" cannot be \"\(value)\""))
      }
    }
    return (request, rejection)
  }

  private static func collect(
    _ results: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int, unchanged: rd_kafka_resp_err_t,
    into outcomes: inout [String: Outcome]
  ) {
    guard let results else { return }
    for index in 0..<count {
      let name = String(cString: rd_kafka_topic_result_name(results[index]))
      switch rd_kafka_topic_result_error(results[index]) {
      case RD_KAFKA_RESP_ERR_NO_ERROR: outcomes[name] = .done
      case unchanged: outcomes[name] = .unchanged
      case let code:
        let reason = rd_kafka_topic_result_error_string(results[index]).map { String(cString: $0) }
        outcomes[name] = .failed(KafkaError(code, reason: reason))
      }
    }
  }
}
