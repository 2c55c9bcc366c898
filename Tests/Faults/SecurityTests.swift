import Contracts
import Deployment
import FaultBench
import Foundation
import Kafka
import Synchronization
import TestSupport
import Testing

/// TLS client certificates, ACLs and SASL on a real broker.
///
/// One broker and one test for all of it, because a broker starts slowly. At first nobody has a right, then each party has its own.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct SecurityTests {
  // The broker's error codes for a rejected topic, group, cluster and transactional id.
  private static let topicRejected: Int32 = 29
  private static let groupRejected: Int32 = 30
  private static let transactionalIDRejected: Int32 = 53

  @Test func eachDoesWhatItNeedsAndNothingMore() throws {
    try SecuredBus.run { bus, installation in
      let load = try Disturbance(installation, cycles: 1, payments: 60, referees: 20)
      for service in ServiceName.allCases {
        try installation.start(service, extra: bus.arguments(service, as: service.rawValue))
      }
      try servicesWithoutRightsSayWhatTheyLack(bus, installation)

      // They were waiting, and continue by themselves.
      try atOnce([
        { try bus.grantRights() }, { try aCertificateOfNobodyIsReported(bus) }, { try passwordsWork(bus) },
      ])
      try load.run { _ in }
      try load.finish()

      var parts: [@Sendable () throws -> Void] = [{ try aForeignGroupIsReported(bus) }, { try theDeskWorks(bus) }]
      for service in ServiceName.allCases { parts.append { try isRejectedWhatIsOfOthers(service, bus) } }
      for party in SecuredBus.parties { parts.append { try holdsToItsTopics(party, bus) } }
      try atOnce(parts)
    }
  }

  private func servicesWithoutRightsSayWhatTheyLack(_ bus: SecuredBus, _ installation: Installation) throws {
    for service in ServiceName.allCases {
      let process = try installation.service(service)
      let needed = [Topic.clock, .changelog(service), .deadLetters(service)].map(bus.name)
      let page = readiness(of: process) { page in needed.allSatisfy(page.contains) }
      try require(needed.allSatisfy(page.contains) && page.contains("'laurel topics acls --bootstrap"), page)
      try require(!page.contains(bus.name(.changelog(service == .payouts ? .accrual : .payouts))), page)
      try require(process.isRunning && process.page("/livez")?.status == 200, "\(service) is not alive")
      try require(process.log.contains("give this principal no right"), process.log)
    }
  }

  /// The party can read and write exactly the topics of the catalogue to which it has rights.
  private func holdsToItsTopics(_ party: Access.Party, _ bus: SecuredBus) throws {
    let rights = bus.access.rights(of: party).filter { $0.resource == .topic }
    let readable = Set(rights.filter { $0.operation == .read }.map(\.name))
    let writable = Set(rights.filter { $0.operation == .write }.map(\.name))
    let all = Topic.catalogue.map(bus.name)
    let configuration = bus.configuration(party.name)
    let hidden = try Admin(configuration).hidden(of: all)
    try require(hidden == Set(all).subtracting(rights.map(\.name)), "\(party.name) does not see \(hidden.sorted())")
    let seen = all.filter { !hidden.contains($0) }
    let (read, rejected) = try answers(of: seen, configuration)
    try require(
      read == readable.intersection(all) && rejected == Set(seen).subtracting(readable), "\(party.name) reads \(read.sorted())")

    // From Kafka's own topics it can read only those in its rights.
    let foreign = readable.subtracting(all)
    if !foreign.isEmpty {
      try require(try answers(of: foreign.sorted(), configuration).read == foreign, "\(party.name): \(foreign)")
    }

    let producer = try Producer(configuration, topics: all)
    for topic in all where !writable.contains(topic) {
      var code: Int32?
      do throws(KafkaError) {
        try producer.produce(topic: topic, partition: 0, key: [1], value: [2])
        try producer.flush(timeoutMilliseconds: 10_000)
      } catch { code = error.code }
      try require(code == Self.topicRejected, "\(party.name) writes \(topic): \(code ?? 0)")
    }
    // The producer works, and is not one to which everything is forbidden.
    try producer.produce(topic: writable.sorted()[0], partition: 0, key: [1], value: [2])
    try producer.flush(timeoutMilliseconds: 10_000)
  }

  /// Reads the first partition of each topic. Returns the topics that answered, even with only the end, and those that were rejected.
  private func answers(of topics: [String], _ configuration: Configuration) throws -> (read: Set<String>, rejected: Set<String>) {
    let consumer = try Consumer(configuration, group: "nobody", endEvents: true)
    defer { consumer.close() }
    try consumer.assignByHand(topics.map { (TopicPartition(topic: $0, partition: 0), offset: Offset.beginning) })
    var read: Set<String> = []
    var rejected: Set<String> = []
    let ended = waitUntil(.seconds(20)) {
      switch consumer.poll(timeoutMilliseconds: 100) {
      case .record(let record): read.insert(record.topic)
      case .end(let place, _): read.insert(place.topic)
      case .error(let error) where error.code == Self.topicRejected:
        // The longest match, because one name may be the beginning of another.
        if let topic = topics.filter({ error.reason.contains($0) }).max(by: { $0.count < $1.count }) { rejected.insert(topic) }
      case .error, .assigned, .revoked, .lost, .nothing: break
      }
      return read.count + rejected.count >= topics.count
    }
    try require(ended, "of \(topics.count) topics \(read.count) were read and \(rejected.count) rejected")
    return (read, rejected)
  }

  /// Tries others' groups and transactional ids, and a transaction that writes a topic with only a read right.
  private func isRejectedWhatIsOfOthers(_ service: ServiceName, _ bus: SecuredBus) throws {
    let prefix = bus.prefix
    let configuration = bus.configuration(service.rawValue)
    for other in ServiceName.allCases where other != service {
      let consumer = try Consumer(configuration, group: other.group(prefix: prefix))
      defer { consumer.close() }
      try consumer.subscribe([bus.name(.clock)])
      let rejected = waitUntil(.seconds(10)) {
        guard case .error(let error) = consumer.poll(timeoutMilliseconds: 100) else { return false }
        return error.code == Self.groupRejected && error.isFatal
      }
      try require(rejected, "\(service) joins the group of \(other)")
      let producer = try TransactionalProducer(
        configuration, transactionalID: other.transactionalIDs(prefix: prefix) + "x", topics: [])
      let failure = failure { () throws(TransactionFailure) in try producer.initialise(timeoutMilliseconds: 10_000) }
      try require(
        failure?.error.code == Self.transactionalIDRejected, "\(service) takes an id of \(other): \(failure?.description ?? "")")
    }
    let clock = bus.name(.clock)
    let producer = try TransactionalProducer(
      configuration, transactionalID: service.transactionalIDs(prefix: prefix) + "x", topics: [clock])
    try producer.initialise(timeoutMilliseconds: 10_000)
    try producer.begin()
    try producer.produce(topic: clock, partition: 0, key: [1], value: [2])
    let failure = failure { () throws(TransactionFailure) in try producer.flush(timeoutMilliseconds: 10_000) }
    guard case .fatal(let error) = failure, error.code == Self.topicRejected else {
      throw BrokerFailure("\(service) writes \(clock): \(failure?.description ?? "")")
    }
  }

  private func aForeignGroupIsReported(_ bus: SecuredBus) throws {
    let process = try bus.process(.accrual, as: "accrual", extra: ["--group", "another"])
    let page = readiness(of: process) { $0.contains("GROUP_AUTHORIZATION_FAILED") }
    try require(page.contains("the group another") && page.contains("'laurel topics acls --bootstrap"), "\(page)\n\(process.log)")
    try require(process.stop() == .status(0), process.log)
  }

  /// The desk's commands need no more than its rights.
  private func theDeskWorks(_ bus: SecuredBus) throws {
    for (arguments, status, text) in [
      (["withdrawals", "list"], 0, "withdrawal"), (["withdrawals", "show", "nothing"], 1, "knows no withdrawal 'nothing'"),
      (["payouts", "export"], 0, "payout,program,referrer"),
      (["referrals", "end", "nobody", "--program", "cash", "--operator", "maria", "--yes", "--wait", "0"], 3, "decisions/"),
    ] as [([String], Int32, String)] {
      let process = try bus.laurel(arguments, as: Access.Party.desk.name)
      let ending = process.ending(within: .seconds(60))
      try require(ending == .status(status) && process.log.contains(text), "\(arguments): \(ending) \(process.log)")
    }
  }

  private func aCertificateOfNobodyIsReported(_ bus: SecuredBus) throws {
    let process = try bus.process(.payouts, as: "stranger")
    let page = readiness(of: process) { $0.contains("alert certificate unknown") }
    try require(page.contains("alert certificate unknown") && page.contains("check the ssl."), "\(page)\n\(process.log)")
    try require(process.stop() == .status(0), process.log)
  }

  /// SASL/PLAIN, with the password in a file that services and the command share.
  private func passwordsWork(_ bus: SecuredBus) throws {
    let right = try list(bus, mechanism: "PLAIN", password: SecuredBus.password)
    try require(right.ending == .status(0) && right.log.contains(bus.name(.rewards)), right.log)
    let wrong = try list(bus, mechanism: "PLAIN", password: "another-s3cret")
    try require(wrong.ending == .status(1) && wrong.log.contains("Authentication failed"), wrong.log)
    try require(!wrong.log.contains("another-s3cret") && !right.log.contains(SecuredBus.password), "a password is told")
  }

  private func list(_ bus: SecuredBus, mechanism: String, password: String) throws -> (ending: ServiceProcess.Ending, log: String)
  {
    let name = uniqueName("console")
    let file = bus.folder.appending(path: "\(name).conf")
    try """
    bootstrap = \(bus.broker.addresses["SASL_PLAINTEXT"] ?? "")
    topic-prefix = \(bus.prefix)
    state = /only/services/have/this
    kafka = security.protocol=SASL_PLAINTEXT
    kafka = sasl.mechanism=\(mechanism)
    kafka = sasl.username=console
    kafka = sasl.password=\(password)
    """.write(to: file, atomically: true, encoding: .utf8)
    let process = try ServiceProcess(
      "laurel", name: name, arguments: ["topics", "list", "--config", file.path], folder: bus.folder)
    return (process.ending(within: .seconds(30)), process.log)
  }

  /// The text of `/readyz` as soon as `said` accepts it.
  private func readiness(of process: ServiceProcess, _ said: (String) -> Bool) -> String {
    var page = ""
    _ = waitUntil(.seconds(20)) {
      page = process.page("/readyz")?.body ?? ""
      return said(page)
    }
    return page
  }

  private func failure(_ body: () throws(TransactionFailure) -> Void) -> TransactionFailure? {
    do { try body() } catch { return error }
    return nil
  }

  /// `#require` works only on the test's own thread.
  private func require(_ condition: Bool, _ otherwise: String) throws {
    guard condition else { throw BrokerFailure(otherwise) }
  }

  /// Runs each part on its own thread, because they mostly wait.
  private func atOnce(_ parts: [@Sendable () throws -> Void]) throws {
    let failures = Failures()
    let group = DispatchGroup()
    for (index, part) in parts.enumerated() {
      DispatchQueue(label: "security \(index)").async(group: group) {
        do { try part() } catch { failures.texts.withLock { $0.append("\(error)") } }
      }
    }
    group.wait()
    let texts = failures.texts.withLock { $0 }
    try require(texts.isEmpty, texts.joined(separator: "\n"))
  }

  private final class Failures: Sendable {
    let texts = Mutex<[String]>([])
  }
}
