import Foundation
import Kafka
import Synchronization
import TestSupport
import Testing

/// Transactions through a bad network, on a real broker: what the epoch guard (see `TransactionalProducer`) prevents, and that it is the
/// guard that prevents it.
@Suite(.serialized, .enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct ProxyTests {
  /// One broker for the suite, whose tests run one after the other.
  private static let started = Result<KafkaBroker, any Error> {
    guard let home = KafkaBroker.home else { throw BrokerFailure(KafkaBroker.skipReason) }
    return try KafkaBroker.start(home: home, proxied: true)
  }

  let proxy: KafkaProxy
  let direct: Configuration

  init() throws {
    let broker = try Self.started.get()
    proxy = try #require(broker.proxy)
    proxy.heal()
    direct = Configuration(bootstrap: broker.bootstrap, log: { _ in })
  }

  private func transactions(guarded: Bool = true, properties: [String: String] = [:]) throws -> NumberedTransactions {
    var through = Configuration(bootstrap: proxy.bootstrap, properties: properties, log: { _ in })
    through.endsEpochOnUnknownOutcome = guarded
    return try NumberedTransactions(through: through, direct: direct)
  }

  /// Which request arrives late.
  enum Late: CaseIterable {
    case commit
    case commitTwice
    /// After the same connection was lost twice while idle. librdkafka does not report a third loss within 30 s.
    case commitOnceMore
    case offsets
  }

  /// Repeatedly attacks a transaction: its `late` request is held, its connection is cut, and the request is released when the next
  /// transaction is half done.
  /// - Returns: violations, and the broker's answers to the late requests.
  private func attack(_ late: Late, count: Int, guarded: Bool) throws -> (violations: [String], answers: [Int16]) {
    let transactions = try transactions(guarded: guarded)
    let before = proxy.counts.answersToReleased.count
    let armed = Mutex(false)
    let request: MockCluster.Request = late == .offsets ? .transactionOffsetCommit : .endTransaction
    proxy.onRequest(request) { request in
      let isTheOne = armed.withLock { armed in
        defer { armed = false }
        return armed && request.end?.commits != false
      }
      guard isTheOne else { return .pass }
      return .holdAndCut(
        until: .answered(late == .offsets ? .transactionOffsetCommit : .produce), copies: late == .commitTwice ? 2 : 1)
    }
    defer { proxy.heal() }
    var last = 1
    try transactions.run(through: last)
    for _ in 0..<count {
      if late == .commitOnceMore {
        for _ in 0..<2 {
          cutAndWait()
          last += 1
          try transactions.run(through: last)
        }
      }
      armed.withLock { $0 = true }
      last += 2
      try transactions.run(through: last)
    }
    let answers = proxy.counts.answersToReleased.dropFirst(before)
    #expect(answers.count == count * (late == .commitTwice ? 2 : 1), "\(answers)")
    return (try transactions.violations(through: last), Array(answers))
  }

  /// Waits until the clients have noticed, too.
  private func cutAndWait() {
    let before = proxy.counts.cut
    proxy.cut()
    _ = waitUntil(.seconds(5)) { proxy.counts.cut > before }
    _ = waitUntil(.milliseconds(50)) { false }
  }

  @Test(arguments: Late.allCases)
  func lateRequestOfALostConnectionChangesNothing(late: Late) throws {
    let result = try attack(late, count: 3, guarded: true)
    #expect(result.violations.isEmpty)
    // INVALID_PRODUCER_EPOCH: the epoch causes the rejection.
    #expect(result.answers.allSatisfy { $0 == (late == .offsets ? -1 : 47) }, "\(result.answers)")
  }

  @Test(arguments: Late.allCases)
  func withoutTheGuardItDoes(late: Late) throws {
    let result = try attack(late, count: 3, guarded: false)
    #expect(!result.violations.isEmpty)
  }

  /// Every kind of network fault in an order chosen by the seed. LAUREL_FAULT_CYCLES raises their number. A silence is longer than a
  /// request's time-out.
  @Test(arguments: [1 as UInt64])
  func badNetworkLosesAndDoublesNothing(seed: UInt64) throws {
    let cycles = max(6, ProcessInfo.processInfo.environment["LAUREL_FAULT_CYCLES"].flatMap { Int($0) } ?? 0)
    let transactions = try transactions(properties: ["socket.timeout.ms": "500"])
    let reported = Mutex<[String]>([])
    let proxy = proxy
    let network = Thread {
      let faults = NetworkFaults(seed: seed, pace: 0.5)
      for cycle in 0..<cycles {
        let fault = faults.inflict(on: proxy, cycle: cycle)
        reported.withLock { $0.append(fault) }
        _ = waitUntil(.milliseconds(200)) { false }
      }
    }
    network.start()
    var last = 0
    while reported.withLock({ $0.count }) < cycles {
      last += 1
      try transactions.run(through: last)
    }
    last += 5
    try transactions.run(through: last)
    let faults = reported.withLock { $0 }
    #expect(faults.count == cycles)
    let violations = try transactions.violations(through: last)
    #expect(violations.isEmpty, "\(faults)")
    #expect(transactions.deaths > 0, "\(faults)")
  }

  @Test func stoppedProxyLeavesNothingOpen() throws {
    func open() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
    func threads() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count }
    let before = (try open(), try threads())
    for _ in 0..<50 {
      let proxy = try KafkaProxy(to: 1)
      let client = try Admin(Configuration(bootstrap: proxy.bootstrap, log: { _ in }))
      let connected = waitUntil(.seconds(10)) { proxy.counts.connections > 0 }
      #expect(connected)
      proxy.stop()
      withExtendedLifetime(client) {}
    }
    // Other suites run in parallel.
    #expect(try open() < before.0 + 40)
    #expect(try threads() < before.1 + 40)
  }
}
