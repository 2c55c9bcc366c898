import Contracts
import Foundation
import JSON
import Kafka
import Streaming
import TestSupport
import Worker

/// Compares the notices on the bus with those of the simulation of the same history.
package struct Verdict {
  package private(set) var violations: [String] = []
  private let parser = JSONParser()

  /// - Parameters:
  ///   - records: every notice, read committed, in the order of its partition.
  ///   - answersEarly: answers may arrive while the events of their part are still being processed.
  ///   - isRepaired: notices may have been written again, and then come later than their number.
  package init(_ records: [Record], _ course: Course, prefix: String, answersEarly: Bool, isRepaired: Bool) throws {
    var said = try records.map { try Said($0, prefix: prefix, parser) }
    if isRepaired { said.sort { ($0.place, $0.sequence) < ($1.place, $1.sequence) } }
    let wanted = try course.notices.map { try Said($0) }
    compareOnce(said, wanted)
    compareNumbers(said)
    compareOrder(said, course, answersApart: !answersEarly)
    compareBalances(said, wanted)
  }

  /// For a bus that shows aborted transactions: every notice occurs at least once, and all with the same id have the same content.
  /// Balances and numbers depend on the records seen there and are not compared.
  /// - Parameters:
  ///   - expected: notices that no half transaction can have affected.
  ///   - isAll: these are all notices of the simulation, and no other may occur.
  package init(repeated records: [Record], expected: some Collection<KeptOutput>, isAll: Bool, prefix: String) throws {
    let said = try records.map { try Said($0, prefix: prefix, parser) }
    compareOnce(said, try expected.map { try Said($0) }, mayRepeat: true, isAll: isAll)
  }

  package mutating func add(_ more: [String]) { violations += more }

  /// Every expected dead letter occurs once with its reason, and no other occurs.
  package mutating func compareLetters(_ found: [BenchLetter], _ due: [BenchLetter]) {
    var counts: [BenchLetter: Int] = [:]
    for letter in due { counts[letter, default: 0] += 1 }
    for letter in found { counts[letter, default: 0] -= 1 }
    note("dead letters missing", counts.filter { $0.value > 0 }.map { "\($0.value) times \($0.key)" }.sorted())
    note("dead letters too many", counts.filter { $0.value < 0 }.map { "\(-$0.value) times \($0.key)" }.sorted())
  }

  /// The part of a notice that does not depend on the order in which a referrer's many referees were processed.
  private struct Said {
    let id: String
    let place: String
    let sequence: Int64
    /// Everything except the balance.
    let meaning: String
    /// The parts of the referrer's balance in this currency, by name.
    let balance: [String: Int64]?
    /// The owner of the balance.
    let account: String

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
      balance = found?.compactMapValues { ($0 as? NSNumber)?.int64Value }
      id = envelope.id
      place = "\(topic) \(envelope.program?.value ?? "") \(key)"
      account = "\(place) \(found?["currency"] as? String ?? "")"
      sequence = envelope.sequence ?? 0
      let text = try JSONSerialization.data(withJSONObject: fields, options: .sortedKeys)
      meaning =
        "\(place) \(envelope.type) \(envelope.time?.description ?? "") \(envelope.causationID ?? "") \(String(decoding: text, as: UTF8.self))"
    }
  }

  /// Every expected notice occurs once with the same content, and no other occurs.
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

  /// For each key, notices caused by a later part of the history come later, and notices caused by events of one key come in their order.
  /// The order between a referrer's referees within a part is random.
  private mutating func compareOrder(_ said: [Said], _ course: Course, answersApart: Bool) {
    let ranks = Dictionary(course.notices.enumerated().map { ($1.envelope.id, $0) }, uniquingKeysWith: { first, _ in first })
    var last: [String: Int] = [:]
    var wrong: [String] = []
    for notice in said {
      guard let rank = ranks[notice.id] else { continue }
      let lanes = [
        notice.place: course.part(ofNotice: rank, answersApart: answersApart),
        "\(notice.place) \(course.causingKey(ofNotice: rank))": rank,
      ]
      if lanes.contains(where: { $1 < last[$0, default: 0] }) { wrong.append(notice.meaning) }
      last.merge(lanes) { max($0, $1) }
    }
    note("out of order", wrong)
  }

  /// Each balance differs from the previous one by the simulation's difference for that notice, in each part.
  private mutating func compareBalances(_ said: [Said], _ wanted: [Said]) {
    func changes(_ notices: [Said]) -> [(Said, [String: Int64])] {
      var last: [String: [String: Int64]] = [:]
      return notices.compactMap { notice in
        guard let balance = notice.balance else { return nil }
        let before = last.updateValue(balance, forKey: notice.account) ?? [:]
        return (notice, balance.merging(before.mapValues { -$0 }, uniquingKeysWith: +))
      }
    }
    let due = Dictionary(changes(wanted).map { ($0.id, $1) }, uniquingKeysWith: { first, _ in first })
    func text(_ change: [String: Int64]) -> String {
      change.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
    note(
      "balance",
      changes(said).compactMap { notice, change in
        guard let due = due[notice.id], due != change else { return nil }
        return "changed by \(text(change)) instead of \(text(due)) with \(notice.meaning)"
      })
  }

  /// Records the number of cases of a kind, and the first few.
  private mutating func note(_ kind: String, _ cases: [String]) {
    guard !cases.isEmpty else { return }
    violations.append("\(cases.count) \(kind):\n    " + cases.prefix(3).joined(separator: "\n    "))
  }
}

/// A dead letter: which service rejected which record, and why.
package struct BenchLetter: Hashable, CustomStringConvertible {
  let service: ServiceName
  let topic: String
  let reason: String
  let id: String
  let key: [UInt8]?
  let value: [UInt8]?

  init(_ letter: DeadLetter, of service: ServiceName) {
    self.init(
      service: service, topic: letter.record.topic.name, reason: letter.rejection.reason.rawValue,
      id: letter.record.header("ce_id").map { String(decoding: $0, as: UTF8.self) } ?? "", key: letter.record.key,
      value: letter.record.value)
  }

  /// From its record in the service's dead-letter topic.
  init(_ record: Record, of service: ServiceName) {
    self.init(
      service: service, topic: record.header(PlaceHeader.topic) ?? "", reason: record.header(PlaceHeader.reason) ?? "",
      id: record.header("ce_id") ?? "", key: record.key, value: record.value)
  }

  init(service: ServiceName, topic: String, reason: String, id: String, key: [UInt8]?, value: [UInt8]?) {
    self.service = service
    self.topic = topic
    self.reason = reason
    self.id = id
    self.key = key
    self.value = value
  }

  package var description: String {
    "\(service) \(reason): \(id) of \(String(decoding: key ?? [], as: UTF8.self)) on \(topic), \(value?.count ?? 0) bytes"
  }
}
