import Kafka
import TestSupport
import Testing

/// Two members of a group on a real broker, both polled by this thread.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct RebalanceTests {
  let configuration: Configuration
  let topic = uniqueName("billing")
  let group = uniqueName("accrual")
  let ledger: Ledger

  init() throws {
    configuration = Configuration(bootstrap: try KafkaBroker.forTest().bootstrap, log: { _ in })
    ledger = Ledger()
    let outcomes = try Admin(configuration).createTopics([.init(name: topic, partitions: 4)], replication: 1)
    try #require(outcomes == [topic: .done])
  }

  private func member(_ name: String, properties: [String: String] = [:]) throws -> Member {
    var own = configuration
    own.properties.merge(properties) { $1 }
    return try Member(own, name: name, topic: topic, group: group, ledger: ledger)
  }

  private func produce(_ values: Range<Int>) throws {
    let producer = try Producer(configuration, topics: [topic])
    for value in values { try producer.produce(topic: topic, partition: Int32(value % 4), key: nil, value: bytes("\(value)")) }
    try producer.flush(timeoutMilliseconds: 30_000)
  }

  private func run(_ members: [Member], for limit: Duration = .seconds(60), until done: () -> Bool) throws {
    let deadline = ContinuousClock.now + limit
    while !done() {
      for member in members { try member.step() }
      if .now >= deadline { break }
    }
    try #require(done(), "\(members.map { "\($0.name): \($0.owned) \($0.happenings)" })")
  }

  @Test func partitionsMoveWithTheirPositionsAndEachRecordIsDoneOnce() throws {
    try produce(0..<2_000)
    let first = try member("a")
    try run([first]) { ledger.done.count > 200 }
    #expect(first.owned.count == 4)
    let second = try member("b")
    try run([first, second]) { first.owned.count == 2 && second.owned.count == 2 && ledger.done.count > 1_000 }
    try produce(2_000..<4_000)
    try run([first, second]) { ledger.done.count > 3_000 }
    first.close()
    try run([second]) { second.owned.count == 4 && ledger.done.count >= 4_000 }
    #expect(ledger.done.sorted() == Array(0..<4_000))
    second.close()
    // Each assigned partition is restored before it is read. Its records are committed before it is revoked.
    #expect(first.happenings.prefix(5) == ["assigned 4", "restored", "revoked 4", "committed", "assigned 2"])
    #expect(second.happenings.prefix(2) == ["assigned 2", "restored"])
    #expect(second.happenings.contains("assigned 4"))
  }

  @Test func nothingIsReadBetweenTheAssignmentAndItsAnswer() throws {
    try produce(0..<100)
    let consumer = try Consumer(configuration, group: group)
    try consumer.subscribe([topic])
    var given: [TopicPartition] = []
    let assigned = try poll(consumer) { polled in
      guard case .assigned(let partitions) = polled else { return false }
      given = partitions
      return true
    }
    try #require(assigned && given.count == 4)
    // During the restore another consumer reads everything, and a second member asks to join.
    let newcomer = try Consumer(configuration, group: group)
    try newcomer.subscribe([topic])
    _ = newcomer.poll(timeoutMilliseconds: 500)
    #expect(try readAll(configuration, topic).count == 25)
    try consumer.assign(given.map { ($0, offset: 3) })
    // Poll for the answer. Then the newcomer's rebalance begins.
    var revoked = false
    let shared = try poll(consumer, for: .seconds(40)) { polled in
      _ = newcomer.poll(timeoutMilliseconds: 1)
      switch polled {
      case .record(let record):
        #expect(record.offset >= 3)
        return false
      case .revoked:
        revoked = true
        try consumer.unassign()
        return false
      case .assigned(let partitions): return revoked && partitions.count == 2
      case .lost, .error, .end, .nothing: return false
      }
    }
    #expect(shared)
    consumer.close()
    newcomer.close()
  }

  @Test func memberWithoutPartitionsIsGivenNone() throws {
    let members = try (0..<5).map { try member("m\($0)") }
    try run(members) { members.map(\.owned.count).sorted() == [0, 1, 1, 1, 1] }
    #expect(members.contains { $0.happenings.contains("assigned 0") })
    for member in members { member.close() }
  }

  @Test func staticMemberComesBackToItsPartitionsWithoutARebalance() throws {
    func join() throws -> Consumer {
      let consumer = try Consumer(configuration, group: group, instance: "a-1")
      try consumer.subscribe([topic])
      return consumer
    }
    let other = try member("b")
    var consumer = try join()
    func assigned(_ consumer: Consumer) throws -> [TopicPartition] {
      var given: [TopicPartition] = []
      _ = try poll(consumer) { polled in
        try other.step()
        switch polled {
        case .assigned(let partitions):
          given = partitions
          try consumer.assign(partitions.map { ($0, offset: 0) })
          return other.owned.count == 2
        case .revoked, .lost:
          try consumer.unassign()
          return false
        case .record, .error, .end, .nothing: return other.owned.count == 2 && given.count == 2
        }
      }
      return given
    }
    let before = try assigned(consumer)
    let happenings = other.happenings
    consumer.close()
    consumer = try join()
    #expect(try assigned(consumer) == before)
    #expect(before.count == 2)
    #expect(other.happenings == happenings)
    consumer.close()
    other.close()
  }

  /// - Parameter warned: whether a newcomer asked to join while the member was frozen. Then it gets a late `.revoked` instead of `.lost`
  ///   when it thaws.
  @Test(arguments: [false, true])
  func memberThatStoppedPollingLosesAllAndItsBatchIsRejected(warned: Bool) throws {
    try produce(0..<400)
    let lines = Lines()
    var impatient = configuration
    impatient.properties = ["session.timeout.ms": "6000", "max.poll.interval.ms": "6000"]
    impatient.log = { lines.add($0) }
    let frozen = try Member(impatient, name: "frozen", topic: topic, group: group, ledger: ledger)
    try run([frozen]) { ledger.done.count >= 100 && frozen.hasOpenBatch }
    if !warned { try run([]) { lines.all.contains { $0.facility == "MAXPOLL" } } }
    let heir = try member("heir")
    // The frozen member does not take part. Its partitions go to the other member when its session ends.
    try run([heir]) { heir.owned.count == 4 && ledger.done.count >= 400 }
    let place = TopicPartition(topic: topic, partition: 0)
    guard case .abortable = try frozen.tryToCommit([place: 1]) else {
      Issue.record("a former owner's offsets were accepted")
      return
    }
    try run([heir, frozen]) { frozen.owned.count == 2 && heir.owned.count == 2 }
    #expect(frozen.happenings.dropFirst(2).first == (warned ? "revoked 4" : "lost 4"), "\(frozen.happenings)")
    #expect(!frozen.hasOpenBatch)
    #expect(ledger.done.sorted() == Array(0..<400))
    frozen.close()
    heir.close()
  }
}

/// The numbers of the records whose transaction was committed. Confined to one test.
final class Ledger {
  var done: [Int] = []
}

/// A minimal worker: batches of up to 50 records, each with its offsets in one transaction.
final class Member {
  let name: String
  private(set) var owned: [TopicPartition] = []
  private(set) var happenings: [String] = []
  private let consumer: Consumer
  private let producer: TransactionalProducer
  private let ledger: Ledger
  private var batch: [Int] = []
  var hasOpenBatch: Bool { !batch.isEmpty }
  private var next: [TopicPartition: Int64] = [:]

  init(_ configuration: Configuration, name: String, topic: String, group: String, ledger: Ledger) throws {
    self.name = name
    self.ledger = ledger
    producer = try TransactionalProducer(configuration, transactionalID: "\(group)-\(name)", topics: [topic])
    try producer.initialise(timeoutMilliseconds: 30_000)
    consumer = try Consumer(configuration, group: group)
    try consumer.subscribe([topic])
  }

  func step() throws {
    switch consumer.poll(timeoutMilliseconds: 5) {
    case .record(let record):
      batch.append(Int(text(record.value) ?? "") ?? -1)
      next[TopicPartition(topic: record.topic, partition: record.partition)] = record.offset + 1
      if batch.count >= 50 { try commit() }
    case .nothing: try commit()
    case .assigned(let partitions):
      happenings.append("assigned \(partitions.count)")
      let committed = try consumer.committed(partitions, timeoutMilliseconds: 20_000)
      happenings.append("restored")
      try consumer.assign(partitions.map { ($0, offset: committed[$0] ?? 0) })
      owned = partitions
    case .revoked(let partitions):
      happenings.append("revoked \(partitions.count)")
      let tried = happenings.count
      try commit()
      if happenings.count == tried { happenings.append("committed") }
      owned = []
      try consumer.unassign()
    case .lost(let partitions):
      happenings.append("lost \(partitions.count)")
      batch = []
      next = [:]
      owned = []
      try consumer.unassign()
    case .error(let error): if error.isFatal { throw error }
    case .end: break
    }
  }

  func close() {
    consumer.close()
    owned = []
  }

  func tryToCommit(_ offsets: [TopicPartition: Int64]) throws -> TransactionFailure? {
    try producer.begin()
    let metadata = try consumer.groupMetadata()
    let failure = transactionFailure { try producer.send(offsets: offsets, metadata, timeoutMilliseconds: 10_000) }
    try producer.abort(timeoutMilliseconds: 10_000)
    return failure
  }

  private func commit() throws {
    guard !batch.isEmpty else { return }
    defer {
      batch = []
      next = [:]
    }
    try producer.begin()
    do {
      try producer.send(offsets: next, try consumer.groupMetadata(), timeoutMilliseconds: 10_000)
      try producer.commit(timeoutMilliseconds: 10_000)
      ledger.done += batch
    } catch TransactionFailure.abortable(let error) {
      happenings.append("rejected \(error.name)")
      try producer.abort(timeoutMilliseconds: 10_000)
    }
  }
}
