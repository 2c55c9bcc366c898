import Kafka
import TestSupport
import Testing

/// Errors injected by the mock cluster, and the class of each.
@Suite struct TransactionFailureTests {
  let cluster: MockCluster
  let configuration: Configuration
  let group: Consumer

  init() throws {
    cluster = try MockCluster()
    try cluster.createTopic("rewards", partitions: 1)
    configuration = Configuration(bootstrap: cluster.bootstrap, properties: MockCluster.clientProperties, log: { _ in })
    group = try Consumer(configuration, group: "ledger")
  }

  private let positions = [TopicPartition(topic: "billing", partition: 0): Int64(42)]

  private func producer(timeout: Int = 10_000) throws -> TransactionalProducer {
    let producer = try TransactionalProducer(
      configuration, transactionalID: "ledger-1", transactionTimeoutMilliseconds: timeout, topics: ["rewards"])
    try producer.initialise(timeoutMilliseconds: 20_000)
    return producer
  }

  private func produce(_ producer: TransactionalProducer, _ value: String, token: Int = 0) throws {
    try producer.produce(topic: "rewards", partition: 0, key: nil, value: bytes(value), token: token)
  }

  @Test func transactionsCommit() throws {
    let producer = try producer()
    for round in 0..<3 {
      try producer.begin()
      for token in 1...10 { try produce(producer, "\(round)", token: token) }
      try producer.flush(timeoutMilliseconds: 10_000)
      let deliveries = producer.takeDeliveries()
      #expect(deliveries.map(\.token) == Array(1...10))
      let offsets = deliveries.map(\.offset)
      #expect(offsets == Array(offsets[0]..<(offsets[0] + 10)))
      try producer.send(offsets: positions, try group.groupMetadata(), timeoutMilliseconds: 10_000)
      try producer.commit(timeoutMilliseconds: 10_000)
    }
    #expect(try readAll(configuration, "rewards").filter { $0.value != nil }.count == 30)
  }

  @Test func unreachableClusterIsRetriableBeforeAnythingIsOpen() throws {
    let producer = try TransactionalProducer(
      Configuration(bootstrap: "127.0.0.1:1", log: { _ in }), transactionalID: "t", topics: ["rewards"])
    let failure = transactionFailure { try producer.initialise(timeoutMilliseconds: 300) }
    guard case .retriable = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }

  @Test func rejectedOffsetsAreAbortableAndTheNextTransactionGoesThrough() throws {
    let producer = try producer()
    try producer.begin()
    try produce(producer, "dropped")
    try producer.flush(timeoutMilliseconds: 10_000)
    cluster.pushErrors(.transactionOffsetCommit, [22])  // ILLEGAL_GENERATION
    let metadata = try group.groupMetadata()
    let failure = transactionFailure { try producer.send(offsets: positions, metadata, timeoutMilliseconds: 10_000) }
    guard case .abortable(let error) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(error.txnRequiresAbort)
    #expect(error.code == 22)
    // Until the abort, every call fails in the same way.
    guard case .abortable = rejection(of: producer) else {
      Issue.record("a failed transaction accepted a record")
      return
    }
    try producer.abort(timeoutMilliseconds: 10_000)
    try producer.begin()
    try produce(producer, "kept", token: 3)
    try producer.flush(timeoutMilliseconds: 10_000)
    #expect(producer.takeDeliveries().map(\.token) == [3])
    try producer.commit(timeoutMilliseconds: 10_000)
  }

  private func rejection(of producer: TransactionalProducer) -> TransactionFailure? {
    transactionFailure { try produce(producer, "more") }
  }

  @Test func recordThatIsRejectedByTheBrokerFailsTheFlush() throws {
    let producer = try producer()
    try producer.begin()
    cluster.pushErrors(.produce, [10])  // MESSAGE_TOO_LARGE
    try produce(producer, "large")
    let failure = transactionFailure { try producer.flush(timeoutMilliseconds: 10_000) }
    // Fatal, because it leaves a gap in the sequence that would also fail the next transaction.
    guard case .fatal(let error) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(error.name == "MSG_SIZE_TOO_LARGE")
    let successor = try self.producer()
    try successor.begin()
    try produce(successor, "small")
    try successor.flush(timeoutMilliseconds: 10_000)
    try successor.commit(timeoutMilliseconds: 10_000)
  }

  @Test func recordTooLargeForTheClientIsAbortable() throws {
    let producer = try producer()
    try producer.begin()
    let failure = transactionFailure {
      try producer.produce(topic: "rewards", partition: 0, key: nil, value: [UInt8](repeating: 0, count: 5_000_000))
    }
    guard case .abortable(let error) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(error.name == "MSG_SIZE_TOO_LARGE")
    try producer.abort(timeoutMilliseconds: 10_000)
  }

  @Test(arguments: [
    (MockCluster.Request.addPartitionsToTransaction, Int32(47)), (.produce, 47), (.endTransaction, 47), (.endTransaction, 90),
    (.addOffsetsToTransaction, 53),
  ])
  func fencedProducerIsFatal(request: MockCluster.Request, code: Int32) throws {
    let producer = try producer()
    try producer.begin()
    cluster.pushErrors(request, [code])
    let metadata = try group.groupMetadata()
    let failure = transactionFailure {
      try produce(producer, "late")
      try producer.flush(timeoutMilliseconds: 10_000)
      try producer.send(offsets: positions, metadata, timeoutMilliseconds: 10_000)
      try producer.commit(timeoutMilliseconds: 10_000)
    }
    guard case .fatal(let error) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(error.isFatal)
    guard case .fatal = rejection(of: producer) else {
      Issue.record("a closed producer accepted a record")
      return
    }
  }

  @Test func passingErrorsOfTheBrokerAreNotSeen() throws {
    let producer = try producer()
    cluster.pushErrors(.addPartitionsToTransaction, [51, 51])  // CONCURRENT_TRANSACTIONS
    cluster.pushErrors(.endTransaction, [14])  // COORDINATOR_LOAD_IN_PROGRESS
    try producer.begin()
    try produce(producer, "x")
    try producer.flush(timeoutMilliseconds: 10_000)
    try producer.commit(timeoutMilliseconds: 10_000)
  }

  @Test func connectionLostWhileCommittingEndsTheProducer() throws {
    let producer = try producer()
    try producer.begin()
    try produce(producer, "x")
    try producer.flush(timeoutMilliseconds: 10_000)
    cluster.pushErrors(.endTransaction, [-195])  // closes the connection
    // librdkafka retries the request. The commit succeeds, but its first copy may still arrive later.
    let failure = transactionFailure {
      try producer.commit(timeoutMilliseconds: 10_000)
      try producer.begin()
    }
    guard case .fatal(let error) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(error.name == "_TRANSPORT")
  }

  @Test(arguments: ["flush", "send", "commit", "abort"])
  func silentClusterInsideATransactionIsFatal(step: String) throws {
    let producer = try producer(timeout: 3_000)
    let metadata = try group.groupMetadata()
    try producer.begin()
    if step != "flush" {
      try produce(producer, "x")
      try producer.flush(timeoutMilliseconds: 10_000)
    }
    try cluster.setBrokerDown(1)
    let failure = transactionFailure {
      switch step {
      case "flush":
        try produce(producer, "x")
        try producer.flush(timeoutMilliseconds: 1_000)
      case "send": try producer.send(offsets: positions, metadata, timeoutMilliseconds: 1_000)
      case "commit": try producer.commit(timeoutMilliseconds: 1_000)
      default: try producer.abort(timeoutMilliseconds: 1_000)
      }
    }
    guard case .fatal = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }
}
