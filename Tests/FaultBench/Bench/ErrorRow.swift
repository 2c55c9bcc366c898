import Contracts
import Foundation
import Kafka
import TestSupport

/// Broker errors: one pair of request and error per cycle, several times in a row while the services work.
///
/// The mock bus shows aborted transactions and keeps no transactional offsets, so this row does not test exactly-once. No process may
/// end, every service must recover by itself, and every notice must be emitted at least once, always with the same content.
///
/// Internal messages go through their topics here, because a batch that runs again numbers its messages in the order of their topics. If
/// some had been handed over, the second run could give other messages the numbers that readers have seen in the aborted transaction.
package final class BrokerErrors: Fault {
  private static let broker: Int32 = 1
  /// Per campaign: the mock drops everything above 5 MiB of a partition, and a changelog must be complete.
  private static let pairsMax = 20
  private static let throughTopics = "topics"
  private static let recoverySecondsMax = 60.0

  private let cluster: MockCluster
  private let pairs: [ErrorPair]
  private var unmet: [String] = []

  private init(_ cluster: MockCluster, _ pairs: [ErrorPair]) {
    self.cluster = cluster
    self.pairs = pairs
  }

  package func prepare(_ campaign: Campaign) throws {
    try campaign.startAll(fault: Self.throughTopics)
    try campaign.installation.waitReady()
  }

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow {
    let pair = pairs[cycle]
    let count = 1 + campaign.random.upTo(4)
    let what = "\(count) × \(pair)"
    campaign.trace(what)
    let before = try cluster.errorsLeft(pair.request, ofBroker: Self.broker)
    let since = ContinuousClock.now
    switch (pair.request, pair.moment) {
    case (.metadata, _): try blindMetadata(pair, campaign, cycle)
    case (_, .working):
      // The bench publishes on the same bus. Its records must have arrived before produce requests are answered with errors, but must not
      // be processed yet.
      let services = campaign.installation.services.values
      for service in services { service.freeze() }
      try campaign.pour(upTo: 0)
      try cluster.pushErrors(pair.request, Array(repeating: pair.code, count: count), ofBroker: Self.broker)
      for service in services { service.thaw() }
      try waitMet(pair, campaign)
    case (_, .starting):
      for attempt in 0..<3 {
        try restart(campaign, cycle + attempt) {
          guard attempt == 0 else { return }
          try cluster.pushErrors(pair.request, Array(repeating: pair.code, count: count), ofBroker: Self.broker)
        }
        try waitMet(pair, campaign)
        if try cluster.errorsLeft(pair.request, ofBroker: Self.broker) == 0 { break }
      }
    }
    let left = try cluster.errorsLeft(pair.request, ofBroker: Self.broker)
    if pair.request != .metadata, left >= before + count { unmet.append("\(pair): no request has met it") }
    try checkAlive(campaign, what)
    return Blow(what, ServiceName.allCases, since: since)
  }

  package func lift(from campaign: Campaign, cycle: Int) throws {
    try campaign.settle()
    try checkAlive(campaign, "\(pairs[cycle])")
  }

  /// Waits until every error was sent, for a limited time.
  private func waitMet(_ pair: ErrorPair, _ campaign: Campaign) throws {
    func isMet() -> Bool { (try? cluster.errorsLeft(pair.request, ofBroker: Self.broker)) == 0 }
    if pair.request == .produce {
      _ = waitUntil(.seconds(5), isMet)
    } else {
      try campaign.keepBusy(until: .seconds(10), isMet)
    }
  }

  /// Reports the topics of one service as faulty for a moment, while an instance of it starts.
  private func blindMetadata(_ pair: ErrorPair, _ campaign: Campaign, _ cycle: Int) throws {
    let service = campaign.victim(cycle).service
    let topics = [Topic.changelog(service), Topic.clock].map(campaign.installation.name)
    defer { for topic in topics { cluster.setTopicError(topic, 0) } }
    try restart(campaign, cycle) { for topic in topics { cluster.setTopicError(topic, pair.code) } }
    let (name, number) = campaign.victim(cycle)
    let process = try campaign.installation.service(name, number)
    let isHeld = waitUntil(.seconds(10)) { process.page("/readyz").map { $0.status == 503 } ?? false }
    if !isHeld { unmet.append("\(pair): \(process.name) did not wait") }
    _ = waitUntil(.milliseconds(500 + campaign.random.upTo(1500))) { !process.isRunning }
  }

  /// Stops an instance with SIGTERM and restarts it. A kill would leave half a transaction, which the mock bus shows forever.
  private func restart(_ campaign: Campaign, _ cycle: Int, between: () throws -> Void) throws {
    let (service, number) = campaign.victim(cycle)
    try campaign.installation.end(service, number, gracefully: true)
    try between()
    try campaign.installation.start(service, number, fault: Self.throughTopics)
  }

  private func checkAlive(_ campaign: Campaign, _ what: String) throws {
    let ended = campaign.installation.services.values.filter { !$0.isRunning }
    guard ended.isEmpty else {
      let words = ended.map { "\($0.name): \($0.log.split(separator: "\n").last ?? "")" }.sorted()
      throw BrokerFailure("\(what) has ended \(words.joined(separator: "; "))")
    }
  }

  // MARK: The row

  /// As many pairs as cycles, in the seed's order. Beyond the matrix it starts again.
  package static func run(_ plan: FaultPlan) throws -> FaultResult {
    var random = SplitMix64(seed: plan.seed)
    var order: [ErrorPair] = []
    while order.count < plan.cycles { order += ErrorPair.all.shuffled(using: &random) }
    let pairs = Array(order.prefix(plan.cycles))
    var result = FaultResult(cycles: 0)
    for start in stride(from: 0, to: pairs.count, by: pairsMax) {
      let some = pairs[start..<min(start + pairsMax, pairs.count)]
      result.add(try run(Array(some), plan, seed: plan.seed &+ UInt64(start)))
    }
    result.remark = "\(min(result.cycles, ErrorPair.all.count)) of \(ErrorPair.all.count) pairs"
    return result
  }

  /// One campaign on its own cluster. Pairs that leave half a transaction come last, because later notices cannot be checked.
  private static func run(_ pairs: [ErrorPair], _ plan: FaultPlan, seed: UInt64) throws -> FaultResult {
    let whole = pairs.filter { !$0.leavesHalf }
    let cluster = try MockCluster()
    let fault = BrokerErrors(cluster, whole + pairs.filter(\.leavesHalf))
    var plan = plan
    plan.cycles = pairs.count
    plan.seed = seed
    plan.size.showsAborted = true
    var result = try plan.campaign(on: Installation(mock: cluster), under: fault) { installation, course in
      let isAll = whole.count == pairs.count
      let sure = isAll ? course.notices.count : course.rounds[whole.count].noticesBefore
      let notices = try installation.records([.referrals, .rewards, .discounts, .payouts])
      var verdict = try Verdict(
        repeated: notices, expected: course.notices.prefix(sure), isAll: isAll, prefix: installation.prefix)
      let letters = try installation.records(ServiceName.allCases.map(Topic.deadLetters))
      if isAll, let letter = letters.first {
        verdict.add(["\(letters.count) dead letters: \(letter.header("laurel_detail") ?? "?")"])
      }
      return verdict.violations
    }
    result.violations += fault.unmet
    result.violations += result.recoveries.map(\.asSeconds).filter { $0 > recoverySecondsMax }.map { "a recovery took \($0) s" }
    return result
  }
}
