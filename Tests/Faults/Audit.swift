import Contracts
import FaultBench
import JSON
import Kafka
import TestSupport
import Testing

/// Checks the guarantees for notices, read committed in the order of their partitions: once each, numbered without a gap.
struct Audit {
  private let records: [Record]
  private let prefix: String
  private let parser = JSONParser()

  init(_ installation: Installation) throws {
    // A producer may have ended its own hanging transaction. That record is not a notice.
    records = try installation.records([.referrals, .rewards, .discounts, .payouts]).filter { $0.key != TransactionEnd.key }
    prefix = installation.prefix
  }

  func notices<N: Notice>(_ type: N.Type) throws -> [N] {
    try records.filter { $0.header("ce_type") == N.type }.map { try parser.decode(type, from: $0.value ?? []) }
  }

  /// No id occurs twice. Sequences count 1, 2, 3, … for each program, topic and key.
  func checkIDsAndSequences() throws {
    var ids: [String: Int] = [:]
    var last: [String: Int64] = [:]
    var gaps: [String] = []
    for record in records {
      ids[record.header("ce_id") ?? "", default: 0] += 1
      let key = String(decoding: record.key ?? [], as: UTF8.self)
      let place = "\(record.topic.dropFirst(prefix.count)) \(record.header("ce_program") ?? "") \(key)"
      let number = record.header("ce_sequence").flatMap { Int64($0) } ?? 0
      if number != last[place, default: 0] + 1 { gaps.append("\(place): \(number) after \(last[place, default: 0])") }
      last[place] = number
    }
    let repeated = ids.filter { $0.value > 1 }
    try #require(repeated.isEmpty, "\(repeated.count) ids occur more than once: \(repeated.prefix(5))")
    try #require(gaps.isEmpty, "\(gaps.count) gaps: \(gaps.prefix(5))")
  }

  /// One notice per referee, payment and reward, the right amounts, and the last balances of the reference.
  func check(_ load: Payments) throws {
    try checkIDsAndSequences()
    let referees = (0..<load.referees).map { "e\($0)" }
    try once(referees, try notices(ReferralAttributed.self).map(\.referee.value), "attributed")
    try once(referees, try notices(OfferOpened.self).map(\.account.value), "offers opened")
    try once(referees, try notices(OfferExpired.self).map(\.account.value), "offers expired")
    try once(
      (0..<load.referees).map { "w\($0)" }, try notices(WithdrawalDeclined.self).map(\.request.value), "withdrawals declined")

    let accrued = try notices(RewardAccrued.self)
    let credited = try notices(RewardCredited.self)
    try once((0..<load.count).map(load.payment), accrued.map(\.payment.value), "accrued")
    try once(accrued.map(\.reward.value), credited.map(\.reward.value), "credited")
    let amounts = Dictionary(uniqueKeysWithValues: accrued.map { ($0.payment.value, $0.amount) })
    try #require(amounts == Dictionary(uniqueKeysWithValues: (0..<load.count).map { (load.payment($0), load.reward($0)) }))
    var last: [String: Balance] = [:]
    for notice in credited { last[notice.referrer.value] = notice.balance }
    try #require(last.mapValues(\.available) == load.balances, "the last balances differ")
    try #require(last.values.allSatisfy { $0.pending == 0 })
  }

  private func once(_ wanted: [String], _ found: [String], _ what: String) throws {
    let counts = found.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
    let wantedSet = Set(wanted)
    let twice = counts.filter { $0.value > 1 }.keys.sorted()
    let missing = wanted.filter { counts[$0] == nil }
    let strange = counts.keys.filter { !wantedSet.contains($0) }
    try #require(
      twice.isEmpty && missing.isEmpty && strange.isEmpty,
      "\(what): \(twice.count) twice \(twice.prefix(5)), \(missing.count) never \(missing.prefix(5)), \(strange.count) unasked")
  }
}
