import Contracts
import JSON
import Kafka
import TestSupport
import Testing

/// Holds notices, read committed in the order of their partitions, to what is promised of them: once each, numbered without a gap.
struct Audit {
  private let records: [Record]
  private let prefix: String
  private let parser = JSONParser()

  init(_ installation: Installation, _ topics: [Topic] = [.referrals, .rewards, .discounts, .payouts]) throws {
    records = try installation.records(topics)
    prefix = installation.prefix
  }

  func notices<N: Notice>(_ type: N.Type) throws -> [N] {
    try records.filter { $0.header("ce_type") == N.type }.map { try parser.decode(type, from: $0.value ?? []) }
  }

  /// No id twice; 1, 2, 3, … for each program, topic and key.
  func checkIDsAndSequences(_ location: SourceLocation = #_sourceLocation) throws {
    var ids: [String: Int] = [:]
    var last: [String: Int64] = [:]
    var gaps: [String] = []
    for record in records {
      ids[record.header("ce_id") ?? "", default: 0] += 1
      let place = "\(record.topic.dropFirst(prefix.count)) \(record.header("ce_program") ?? "") \(String(decoding: record.key ?? [], as: UTF8.self))"
      let number = record.header("ce_sequence").flatMap { Int64($0) } ?? 0
      if number != last[place, default: 0] + 1 { gaps.append("\(place): \(number) after \(last[place, default: 0])") }
      last[place] = number
    }
    let repeated = ids.filter { $0.value > 1 }
    try #require(repeated.isEmpty, "\(repeated.count) ids more than once: \(repeated.prefix(5))", sourceLocation: location)
    try #require(gaps.isEmpty, "\(gaps.count) gaps: \(gaps.prefix(5))", sourceLocation: location)
  }

  /// Each payment accrued once with its right amount, and credited once if `credited`; the last balances are the reference's.
  func check(_ payments: Payments, credited: Bool, _ location: SourceLocation = #_sourceLocation) throws {
    try checkIDsAndSequences(location)
    let accrued = try notices(RewardAccrued.self)
    var rewards: [String: Int64] = [:]
    var byPayment: [String: Int] = [:]
    var balances: [String: Balance] = [:]
    for notice in accrued {
      byPayment[notice.payment.value, default: 0] += 1
      rewards[notice.payment.value] = notice.amount
    }
    let wanted = Dictionary(uniqueKeysWithValues: (0..<payments.count).map { (payments.payment($0), payments.reward($0)) })
    let twice = byPayment.filter { $0.value > 1 }
    let missing = wanted.keys.filter { byPayment[$0] == nil }
    try #require(twice.isEmpty && missing.isEmpty, "accrued twice: \(twice.count), never: \(missing.count)", sourceLocation: location)
    try #require(rewards == wanted, sourceLocation: location)

    let credits = try notices(RewardCredited.self)
    let ids = Set(credits.map(\.reward))
    try #require(credits.count == (credited ? payments.count : 0), "credited: \(credits.count)", sourceLocation: location)
    try #require(ids.count == credits.count, "a reward was credited twice", sourceLocation: location)

    for record in records {
      switch record.header("ce_type") {
      case RewardAccrued.type:
        let notice = try parser.decode(RewardAccrued.self, from: record.value ?? [])
        balances[notice.referrer.value] = notice.balance
      case RewardCredited.type:
        let notice = try parser.decode(RewardCredited.self, from: record.value ?? [])
        balances[notice.referrer.value] = notice.balance
      default: break
      }
    }
    try #require(
      balances.mapValues { credited ? $0.available : $0.pending } == payments.balances, "the last balances", sourceLocation: location)
  }
}
