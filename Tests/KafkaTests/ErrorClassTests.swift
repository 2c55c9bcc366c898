import Foundation
import Kafka
import Synchronization
import TestSupport
import Testing

/// Each call of a transactional producer × each error that the broker can answer: the class that the caller sees, and that the next
/// transaction succeeds after the caller has done what the class requires.
///
/// The table is the classification of librdkafka 2.0.2 as `TransactionFailure` reports it. A newer version may classify a code
/// differently, and this test then shows which.
@Suite struct ErrorClassTests {
  /// How the caller sees an error.
  enum Seen: String, Sendable {
    /// Not at all: librdkafka retries the request.
    case nothing
    case retriable, abortable, fatal
    /// The call succeeds and the next begin is fatal, because a late copy of its request may still arrive.
    case fatalAtNextBegin
  }

  /// A call, and its request that is answered with an error.
  struct Call: Sendable, CustomStringConvertible {
    let name: String
    let request: MockCluster.Request
    var description: String { "\(name), \(request)" }
  }

  static let codes: [Int32] = [
    3, 5, 6, 7, 14, 15, 16, 51,  // retriable
    10, 22, 25, 27, 45, 49, 88,  // abortable
    -1, 29, 30, 31, 47, 53, 82, 90,  // fatal
    -195,
  ]

  /// Errors that are not listed are not seen.
  static let calls: [(Call, [Seen: Set<Int32>])] = [
    (Call(name: "initialise", request: .findCoordinator), [.fatal: [31, 53]]),
    (Call(name: "initialise", request: .initProducerID), [.fatal: [31, 47, 53, 90]]),
    (
      Call(name: "flush", request: .addPartitionsToTransaction),
      [.abortable: [5, 6, 7, 10, 22, 25, 27, 45, 49, 88, -1, 82], .fatal: [29, 30, 31, 47, 53, 90]]
    ),
    // Any rejection of a record leaves a gap in its partition's sequence.
    (
      Call(name: "flush", request: .produce),
      [.fatal: [51, 10, 22, 25, 27, 45, 49, 88, -1, 29, 30, 31, 47, 53, 82, 90]]
    ),
    (
      Call(name: "send", request: .addOffsetsToTransaction),
      [.abortable: [5, 6, 10, 22, 25, 27, 45, 49, 88, -1, 82], .fatal: [29, 30, 31, 47, 53, 90], .fatalAtNextBegin: [-195]]
    ),
    (
      Call(name: "send", request: .transactionOffsetCommit),
      [.abortable: [5, 6, 10, 22, 25, 27, 45, 88, -1, 82], .fatal: [29, 30, 31, 47, 49, 53, 90], .fatalAtNextBegin: [-195]]
    ),
    // librdkafka closes the connection to a broker that is no longer the coordinator.
    (
      Call(name: "commit", request: .endTransaction),
      [
        .abortable: [3, 5, 6, 10, 22, 25, 27, 45, 49, 88, -1, 82], .fatal: [7, 29, 30, 31, 47, 53, 90],
        .fatalAtNextBegin: [15, 16, -195],
      ]
    ),
    (
      Call(name: "abort", request: .endTransaction),
      [
        .abortable: [3, 5, 6, 10, 22, 25, 27, 45, 88, -1, 82], .fatal: [7, 29, 30, 31, 47, 53, 90],
        .fatalAtNextBegin: [15, 16, -195],
      ]
    ),
  ]

  @Test func classOfEveryErrorAndTheNextTransaction() {
    let cases = Self.calls.flatMap { call, expected in
      Self.codes.map { code in (call: call, code: code, expected: expected.first { $0.value.contains(code) }?.key ?? .nothing) }
    }
    let next = Atomic(0)
    let found = Mutex<[String]>([])
    let group = DispatchGroup()
    // librdkafka mostly waits before it retries a request, so run many trials in parallel.
    for _ in 0..<16 {
      group.enter()
      Thread {
        defer { group.leave() }
        while case let index = next.add(1, ordering: .relaxed).oldValue, index < cases.count {
          let (call, code, expected) = cases[index]
          let problem: String?
          do {
            let seen = try Trial().seen(of: code, in: call)
            problem = seen == expected ? nil : "\(call), \(code): \(seen) instead of \(expected)"
          } catch {
            problem = "\(call), \(code): \(error)"
          }
          if let problem { found.withLock { $0.append(problem) } }
        }
      }.start()
    }
    group.wait()
    let problems = found.withLock { $0.sorted() }
    #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
  }

  /// One error on its own cluster.
  private final class Trial {
    private let cluster: MockCluster
    private let configuration: Configuration
    /// Created after the producer is initialised. It also looks up its coordinator, and would get the error meant for the producer.
    private var group: Consumer?
    private var producer: TransactionalProducer
    private let positions = [TopicPartition(topic: "billing", partition: 0): Int64(42)]

    init() throws {
      cluster = try MockCluster()
      try cluster.createTopic("rewards", partitions: 1)
      let properties = MockCluster.clientProperties.merging(["retry.backoff.ms": "10", "reconnect.backoff.ms": "10"]) { $1 }
      configuration = Configuration(bootstrap: cluster.bootstrap, properties: properties, log: { _ in })
      producer = try Trial.make(configuration)
    }

    private static func make(_ configuration: Configuration) throws -> TransactionalProducer {
      try TransactionalProducer(configuration, transactionalID: "ledger-1", topics: ["rewards"])
    }

    func seen(of code: Int32, in call: Call) throws -> Seen {
      var seen = try first(code, call)
      do { try transaction() } catch TransactionFailure.fatal(_) where seen == .nothing {
        seen = .fatalAtNextBegin
        try renew()
        try transaction()
      }
      let left = try cluster.errorsLeft(call.request, ofBroker: 1)
      guard left == 0 else { throw BrokerFailure("no request received the error") }
      return seen
    }

    /// Runs the transaction with the error, up to the point where the next one may begin.
    private func first(_ code: Int32, _ call: Call) throws -> Seen {
      func inject(_ name: String) throws {
        if call.name == name { try cluster.pushErrors(call.request, [code], ofBroker: 1) }
      }
      var seen = Seen.nothing
      func attempt(_ body: () throws -> Void) throws {
        do { try body() } catch TransactionFailure.retriable(_) {
          seen = .retriable
          try body()
        }
      }
      do {
        try inject("initialise")
        try attempt { try producer.initialise(timeoutMilliseconds: 5_000) }
        try producer.begin()
        try inject("flush")
        try producer.produce(topic: "rewards", partition: 0, key: nil, value: bytes("x"))
        try producer.flush(timeoutMilliseconds: 5_000)
        let metadata = try self.metadata()
        try inject("send")
        try attempt { try producer.send(offsets: positions, metadata, timeoutMilliseconds: 5_000) }
        try inject(call.name == "abort" ? "abort" : "commit")
        try attempt {
          if call.name == "abort" {
            try producer.abort(timeoutMilliseconds: 5_000)
          } else {
            try producer.commit(timeoutMilliseconds: 5_000)
          }
        }
        return seen
      } catch TransactionFailure.abortable {
        try producer.abort(timeoutMilliseconds: 5_000)
        return .abortable
      } catch TransactionFailure.fatal {
        try renew()
        return .fatal
      }
    }

    private func metadata() throws -> GroupMetadata {
      let consumer = try group ?? Consumer(configuration, group: "ledger")
      group = consumer
      return try consumer.groupMetadata()
    }

    private func renew() throws {
      producer = try Trial.make(configuration)
      try producer.initialise(timeoutMilliseconds: 5_000)
    }

    private func transaction() throws {
      try producer.begin()
      try producer.produce(topic: "rewards", partition: 0, key: nil, value: bytes("next"))
      try producer.flush(timeoutMilliseconds: 5_000)
      try producer.send(offsets: positions, try metadata(), timeoutMilliseconds: 5_000)
      try producer.commit(timeoutMilliseconds: 5_000)
    }
  }
}
