import Kafka
import TestSupport
import Testing

/// On librdkafka's in-memory cluster.
@Suite struct MockBusTests {
  let cluster: MockCluster
  let configuration: Configuration

  init() throws {
    cluster = try MockCluster()
    configuration = Configuration(bootstrap: cluster.bootstrap, properties: MockCluster.clientProperties, log: { _ in })
  }

  /// Until the group has given it a partition, and also if there is none for it.
  @Test func memberWithoutAPartitionWaits() throws {
    let nowhere = Configuration(bootstrap: "127.0.0.1:1", log: { _ in })
    let consumer = try Consumer(nowhere, group: "waiting")
    defer { consumer.close() }
    try consumer.subscribe(["billing"])
    let end = ContinuousClock.now + .seconds(1)
    var waits = 0
    while .now < end {
      while case .error = consumer.poll(timeoutMilliseconds: 0) {}
      consumer.wait(timeoutMilliseconds: 100)
      waits += 1
    }
    #expect(waits < 500)
  }

  @Test func recordComesBackAsItWasProduced() throws {
    try cluster.createTopic("rewards", partitions: 1)
    let headers = [
      Header(name: "ce_id", value: bytes("e-1")), Header(name: "note", value: nil), Header(name: "empty", value: []),
      Header(name: "ce_id", value: bytes("again")), Header(name: String(repeating: "long", count: 1000), value: [0, 255, 0]),
    ]
    let producer = try Producer(configuration, topics: ["rewards"])
    try producer.produce(
      topic: "rewards", partition: 0, key: bytes("k"), value: bytes("v"), headers: headers, timestamp: 1_700_000_000_000, token: 7
    )
    try producer.produce(topic: "rewards", partition: 0, key: bytes("k"), value: nil)
    try producer.produce(topic: "rewards", partition: 0, key: [], value: [], headers: [Header(name: "last", value: [])])
    try producer.produce(
      topic: "rewards", partition: 0, key: nil, value: bytes("many"),
      headers: (0..<40).map { Header(name: "h\($0)", value: bytes("\($0)")) })
    try producer.flush(timeoutMilliseconds: 10_000)
    #expect(producer.takeDeliveries().map { [Int64($0.token), Int64($0.partition), $0.offset] } == [[7, 0, 0]])
    #expect(producer.takeDeliveries().isEmpty)

    let records = try readAll(configuration, "rewards")
    try #require(records.count == 4)
    #expect(records[0].topic == "rewards" && records[0].partition == 0 && records[0].offset == 0)
    #expect(records[0].timestamp == 1_700_000_000_000)
    #expect(records[0].key == bytes("k"))
    #expect(records[0].value == bytes("v"))
    #expect(records[0].headers == headers)
    #expect(records[1].value == nil)
    #expect(records[1].key == bytes("k"))
    #expect(records[1].headers.isEmpty)
    #expect(records[2].key == [])
    #expect(records[2].value == [])
    #expect(records[2].headers == [Header(name: "last", value: [])])
    #expect(records[3].key == nil)
    #expect(records[3].headers.map(\.name) == (0..<40).map { "h\($0)" })
    #expect(records[3].headers.map { text($0.value) } == (0..<40).map { "\($0)" })
  }

  /// A broker may reject the query for a partition's beginning. That is not a loss, and another client may query it again.
  @Test func rejectedQuestionForTheBeginningIsNoLoss() throws {
    try cluster.createTopic("billing", partitions: 1)
    let consumer = try Consumer(configuration, group: "group", goesOnAfterLoss: false)
    defer { consumer.close() }
    try cluster.pushErrors(.listOffsets, Array(repeating: 10, count: 20), ofBroker: 1)
    try consumer.assignByHand([(TopicPartition(topic: "billing", partition: 0), offset: Offset.beginning)])
    var errors: [KafkaError] = []
    let isRejected = waitUntil(.seconds(10)) {
      if case .error(let error) = consumer.poll(timeoutMilliseconds: 100) { errors.append(error) }
      return errors.contains { $0.stopsReading }
    }
    #expect(isRejected, "\(errors)")
    let isLoss = errors.contains { $0.meansLoss }
    #expect(!isLoss, "\(errors)")
  }

  @Test func keysGoToThePartitionThatTheFunctionNames() throws {
    try cluster.createTopic("billing", partitions: 7)
    let producer = try Producer(configuration, topics: ["billing"])
    let keys = (0..<50).map { "company-\($0)" }
    for (index, key) in keys.enumerated() { try producer.produce(topic: "billing", key: bytes(key), value: [], token: index + 1) }
    try producer.flush(timeoutMilliseconds: 10_000)
    let deliveries = producer.takeDeliveries()
    #expect(deliveries.count == keys.count)
    #expect(Set(deliveries.map(\.partition)).count > 1)
    for delivery in deliveries { #expect(delivery.partition == partition(forKey: bytes(keys[delivery.token - 1]), count: 7)) }
  }

  @Test func endIsReportedAgainAfterMoreRecords() throws {
    try cluster.createTopic("clicks", partitions: 1)
    let place = TopicPartition(topic: "clicks", partition: 0)
    let producer = try Producer(configuration)
    let consumer = try Consumer(configuration, group: "clicks", endEvents: true)
    try consumer.assignByHand([(place, offset: Offset.beginning)])
    for expected in Int64(0)...2 {
      let ended = try poll(consumer) { polled in
        if case .end(let partition, let offset) = polled { return partition == place && offset == expected }
        return false
      }
      #expect(ended, "no end at \(expected)")
      try producer.produce(topic: "clicks", partition: 0, key: nil, value: bytes("x"))
      try producer.flush(timeoutMilliseconds: 10_000)
    }
    consumer.close()
  }

  @Test func fullQueueIsWaitedFor() throws {
    try cluster.createTopic("billing", partitions: 1)
    var small = configuration
    small.properties["queue.buffering.max.messages"] = "10"
    let producer = try Producer(small, topics: ["billing"])
    for index in 1...200 {
      try producer.produce(topic: "billing", partition: 0, key: nil, value: bytes("\(index)"), token: index)
    }
    try producer.flush(timeoutMilliseconds: 10_000)
    #expect(producer.takeDeliveries().map(\.token) == Array(1...200))
  }

  @Test func groupGivesPartitionsAndTakesThemBack() throws {
    try cluster.createTopic("accounts", partitions: 2)
    let consumer = try Consumer(configuration, group: "attribution", instance: "a-1")
    try consumer.subscribe(["accounts"])
    var given: [TopicPartition] = []
    #expect(
      try poll(consumer) { polled in
        guard case .assigned(let partitions) = polled else { return false }
        given = partitions
        try consumer.assign(partitions.map { ($0, offset: 0) })
        return true
      })
    #expect(Set(given) == Set((0...1).map { TopicPartition(topic: "accounts", partition: $0) }))
    let producer = try Producer(configuration)
    try producer.produce(topic: "accounts", partition: 1, key: nil, value: bytes("x"))
    try producer.flush(timeoutMilliseconds: 10_000)
    #expect(
      try poll(consumer) { polled in
        if case .record(let record) = polled { return record.partition == 1 }
        return false
      })
    consumer.close()
  }

  @Test func consumerClosesWithAnUnansweredAssignment() throws {
    try cluster.createTopic("accounts", partitions: 1)
    let consumer = try Consumer(configuration, group: "unanswered")
    try consumer.subscribe(["accounts"])
    #expect(
      try poll(consumer) { polled in
        if case .assigned = polled { return true }
        return false
      })
    consumer.close()
  }

  @Test func brokerThatIsDownIsReportedAndOutlived() throws {
    try cluster.createTopic("accounts", partitions: 1)
    let consumer = try Consumer(configuration, group: "patient")
    try consumer.assignByHand([(TopicPartition(topic: "accounts", partition: 0), offset: Offset.beginning)])
    let producer = try Producer(configuration, topics: ["accounts"])
    try cluster.setBrokerDown(1)
    #expect(
      try poll(consumer) { polled in
        if case .error(let error) = polled { return error.isRetriable && !error.isFatal }
        return false
      })
    try cluster.setBrokerUp(1)
    try producer.produce(topic: "accounts", partition: 0, key: nil, value: bytes("after"))
    try producer.flush(timeoutMilliseconds: 30_000)
    #expect(
      try poll(consumer) { polled in
        if case .record(let record) = polled { return text(record.value) == "after" }
        return false
      })
  }

  @Test(arguments: [
    ("linger.msec", "5", "linger.msec"), ("linger.ms", "soon", "linger.ms"), ("security.protocol", "tls13", "security.protocol"),
    ("transactional.id", "mine", "transactional.id"), ("group.id", "mine", "group.id"),
  ])
  func rejectedPropertyIsNamed(name: String, value: String, named: String) {
    let bad = Configuration(bootstrap: "127.0.0.1:1", properties: [name: value])
    for make in [
      { _ = try Producer(bad) }, { _ = try Consumer(bad, group: "g") }, { _ = try Admin(bad) },
      { _ = try TransactionalProducer(bad, transactionalID: "t", topics: []) },
    ] as [() throws -> Void] {
      let error = #expect(throws: KafkaError.self) { try make() }
      #expect(error?.reason.contains(named) == true, "\(String(describing: error))")
    }
  }

  @Test func logLinesGoToTheCaller() throws {
    let lines = Lines()
    let deaf = Configuration(bootstrap: "127.0.0.1:1", properties: ["debug": "conf"], log: { lines.add($0) })
    _ = try Producer(deaf)
    #expect(!lines.all.isEmpty)
    #expect(lines.all.allSatisfy { $0.level <= 7 && !$0.facility.isEmpty && !$0.text.isEmpty })
  }

  @Test func topicsAreCountedThroughMetadata() throws {
    try cluster.createTopic("rewards", partitions: 3)
    let admin = try Admin(configuration)
    #expect(try admin.partitionCounts(of: ["rewards", "absent"]) == ["rewards": 3])
  }
}
