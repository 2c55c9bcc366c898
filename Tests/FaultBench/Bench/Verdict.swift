import Contracts
import Foundation
import JSON
import Kafka
import Streaming
import TestSupport

/// What the bus has said, held to what the simulation of the same history says.
package struct Verdict {
  package private(set) var violations: [String] = []
  private let parser = JSONParser()

  /// - Parameters:
  ///   - records: every notice, read committed, in the order of its partition.
  ///   - expected: what the simulation says.
  package init(_ records: [Record], expected: [KeptOutput], prefix: String) throws {
    let said = try records.map { try Said($0, prefix: prefix, parser) }
    let wanted = try expected.map { try Said($0) }
    compareOnce(said, wanted)
    compareNumbers(said)
    compareBalances(said, wanted)
    addUpBalances(said)
  }

  /// On a bus that shows aborted transactions: every notice at least once, and all of an id with the same words. Balances and numbers
  /// follow what is seen there, and are not looked at.
  /// - Parameters:
  ///   - expected: notices that no half transaction can have harmed.
  ///   - isAll: that is what the simulation says, and nothing else may be said.
  package init(repeated records: [Record], expected: some Collection<KeptOutput>, isAll: Bool, prefix: String) throws {
    let said = try records.map { try Said($0, prefix: prefix, parser) }
    compareOnce(said, try expected.map { try Said($0) }, mayRepeat: true, isAll: isAll)
  }

  package mutating func add(_ more: [String]) { violations += more }

  /// A notice as far as it does not depend on the order in which a referrer's many referees were worked off.
  private struct Said {
    let id: String
    let place: String
    let sequence: Int64
    /// Everything but the balance.
    let meaning: String
    let balance: String?
    let currency: String
    /// All that the referrer ever accrued, by the balance; by how much this notice makes it more.
    let accrued: Int64
    let more: Int64

    init(_ record: Record, prefix: String, _ parser: JSONParser) throws {
      let headers = record.headers.compactMap { header in header.value.map { (header.name, $0) } }
      let (envelope, data) = try Envelope.record(headers: headers, value: record.value ?? [], parser: parser)
      try self.init(
        envelope, topic: String(record.topic.dropFirst(prefix.count)), key: String(decoding: record.key ?? [], as: UTF8.self),
        data)
    }

    init(_ record: KeptOutput) throws {
      try self.init(record.envelope, topic: record.topic.name, key: record.key, record.data)
    }

    private init(_ envelope: Envelope, topic: String, key: String, _ data: [UInt8]) throws {
      var fields = try JSONSerialization.jsonObject(with: Data(data)) as? [String: Any] ?? [:]
      let found = fields.removeValue(forKey: "balance") as? [String: Any]
      currency = found?["currency"] as? String ?? ""
      balance = found.map { $0.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: " ") }
      accrued = found?.values.reduce(0) { $0 + (($1 as? NSNumber)?.int64Value ?? 0) } ?? 0
      more = envelope.type == RewardAccrued.type ? (fields["amount"] as? NSNumber)?.int64Value ?? 0 : 0
      id = envelope.id
      place = "\(topic) \(envelope.program?.value ?? "") \(key)"
      sequence = envelope.sequence ?? 0
      let text = try JSONSerialization.data(withJSONObject: fields, options: .sortedKeys)
      meaning =
        "\(place) \(envelope.type) \(envelope.time?.description ?? "") \(envelope.causationID ?? "") \(String(decoding: text, as: UTF8.self))"
    }
  }

  /// Every notice that is due, once, with the same words; nothing else.
  private mutating func compareOnce(_ said: [Said], _ wanted: [Said], mayRepeat: Bool = false, isAll: Bool = true) {
    let found = Dictionary(grouping: said, by: \.id)
    let due = Dictionary(wanted.map { ($0.id, $0.meaning) }, uniquingKeysWith: { first, _ in first })
    if due.count != wanted.count { violations.append("the simulation says \(wanted.count - due.count) notices twice") }
    note("lost", due.filter { found[$0.key] == nil }.values.sorted())
    let repeated = mayRepeat ? [:] : found.filter { $0.value.count > 1 }
    note("doubled", repeated.map { "\($0.value.count) times \($0.value[0].meaning)" }.sorted())
    let unasked = isAll ? found.filter { due[$0.key] == nil } : [:]
    note("unasked", unasked.map { $0.value[0].meaning }.sorted())
    note(
      "otherwise",
      found.compactMap { id, all in
        due[id].flatMap { meaning in
          all.first { $0.meaning != meaning }.map { "\($0.meaning)\n      instead of \(meaning)" }
        }
      }.sorted())
  }

  /// 1, 2, 3 … for each topic, program and key.
  private mutating func compareNumbers(_ said: [Said]) {
    var last: [String: Int64] = [:]
    var gaps: [String] = []
    for notice in said {
      if notice.sequence != last[notice.place, default: 0] + 1 {
        gaps.append("\(notice.place): \(notice.sequence) after \(last[notice.place, default: 0])")
      }
      last[notice.place] = notice.sequence
    }
    note("misnumbered", gaps)
  }

  /// What has accrued stands somewhere: every balance adds up to the one before and what the notice says has come.
  private mutating func addUpBalances(_ said: [Said]) {
    var last: [String: Int64] = [:]
    var wrong: [String] = []
    for notice in said where notice.balance != nil {
      let place = "\(notice.place) \(notice.currency)"
      if notice.accrued != last[place, default: 0] + notice.more {
        wrong.append("\(notice.accrued) in all instead of \(last[place, default: 0] + notice.more) after \(notice.meaning)")
      }
      last[place] = notice.accrued
    }
    note("sum of balance", wrong)
  }

  /// The last balance of each referrer and currency.
  private mutating func compareBalances(_ said: [Said], _ wanted: [Said]) {
    func last(_ notices: [Said]) -> [String: String] {
      notices.reduce(into: [:]) { last, notice in
        if let balance = notice.balance { last["\(notice.place) \(notice.currency)"] = balance }
      }
    }
    let found = last(said)
    let due = last(wanted)
    note(
      "balance",
      Set(found.keys).union(due.keys).sorted().filter { found[$0] != due[$0] }
        .map { "\($0): \(found[$0] ?? "none") instead of \(due[$0] ?? "none")" })
  }

  /// How many of a kind, and the first few.
  private mutating func note(_ kind: String, _ cases: [String]) {
    guard !cases.isEmpty else { return }
    violations.append("\(cases.count) \(kind):\n    " + cases.prefix(3).joined(separator: "\n    "))
  }
}
