import Contracts
import Deployment
import JSON
import Kafka
import Streaming

/// Checks the notices of one partition of a service, in order: they are numbered 1, 2, 3 … for each program and key, their ids are
/// unique, and each balance follows from the one before. Keeps the last number and balance of each key.
final class NoticeBook {
  /// The fields of a notice about money.
  private struct Statement: JSONDecodable {
    let balance: Balance?
    let amount: Int64?

    init(json: JSONValue) throws(JSONError) {
      let notice = try json.object()
      balance = try notice.optional("balance")
      amount = try notice.optional("amount")
    }
  }

  let place: ServicePartition
  let topic: Topic
  private(set) var count = 0
  private var found = Findings()
  /// Whether older notices are gone from the topic. Then the first notice of a key may have any number.
  private let isCut: Bool
  private let rows: ScratchRows
  private let parser: JSONParser

  init(_ place: ServicePartition, topic: Topic, isCut: Bool = false, in rows: ScratchRows, parser: JSONParser) {
    self.place = place
    self.topic = topic
    self.isCut = isCut
    self.rows = rows
    self.parser = parser
  }

  /// The topic of a service's notices.
  static func topic(of service: ServiceName) -> Topic? {
    Topic.catalogue.first { $0.kind == .notices && $0.writtenBy == service.rawValue }
  }

  func take(_ record: Kafka.Record) throws {
    guard record.key != TransactionEnd.key else { return }
    count += 1
    let here = "\(topic.name)/\(record.partition) offset \(record.offset)"
    let envelope: Envelope
    let data: [UInt8]
    do {
      (envelope, data) = try Envelope.record(record, parser: parser, isBounded: false)
    } catch {
      return found.add("\(here): cannot be read: \(error)")
    }
    guard let program = envelope.program, let number = envelope.sequence, let bytes = record.key else {
      return found.add("\(here): \(envelope.type) has no program, number or key")
    }
    let key = String(decoding: bytes, as: UTF8.self)
    try takeID(envelope.id, here)
    let stateKey = StoredRow.sequenceKey(program: program, topic: topic, key: key)
    // A notice that was hidden comes late (`laurel repair`). The balances before and after its original place do not follow from
    // each other. If later notices have come, its balance is not the last one.
    let last = try self.number(stateKey)
    let isLate = record.headers.contains { $0.name == RepairMark.header }
    let follows = try take(number, stateKey, "\(here): \(program)/\(key)", isLate: isLate)
    guard topic == .rewards, !isLate || last.map({ number > $0 }) ?? true else { return }
    if !follows { currenciesSinceGap[stateKey] = [] }
    try takeBalance(envelope, data, program, key, here)
  }

  /// By key of the sequence: the currencies with a balance since the last gap in the numbers. The first balance of a currency after
  /// a gap cannot be compared with the one before.
  private var currenciesSinceGap: [[UInt8]: Set<Currency>] = [:]

  /// By key of the sequence: the numbers that are missing so far, each with the place where that was seen.
  private var gaps: [[UInt8]: [Int64: String]] = [:]

  /// All findings so far, including gaps that no repair has filled.
  var findings: Findings {
    var all = found
    for (number, text) in gaps.values.flatMap({ $0 }).sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) }) {
      all.add("\(text): number \(number) is missing")
    }
    return all
  }

  private func takeID(_ id: String, _ here: String) throws {
    let row = ScratchRows.prefix(.id, nil) + Array(id.utf8)
    if let known = try rows.value(for: row) {
      found.add("\(here): the id \(id) is that of \(String(decoding: known, as: UTF8.self)) too")
    } else {
      try rows.set(row, Array(here.utf8))
    }
  }

  /// - Returns: whether the number follows the one before it.
  private func take(_ number: Int64, _ stateKey: [UInt8], _ whose: @autoclosure () -> String, isLate: Bool) throws -> Bool {
    let last = try self.number(stateKey)
    if let last, number <= last {
      if !isLate || gaps[stateKey]?.removeValue(forKey: number) == nil {
        found.add("\(whose()): number \(number) follows \(last)")
      }
      return false
    }
    let first = last.map { $0 + 1 } ?? (isCut ? number : 1)
    for missing in first..<min(number, first + Self.gapMax) {
      gaps[stateKey, default: [:]][missing] = "\(whose()), number \(number)"
    }
    try rows.set(ScratchRows.prefix(.number, place) + stateKey, Array(String(number).utf8))
    return number == first
  }

  /// At most this many missing numbers of one gap are kept, so that a number that is far too large does not fill the memory.
  private static let gapMax: Int64 = 1_000

  /// Only an accrual adds to the total of a balance. All other movements move money within the balance.
  private func takeBalance(_ envelope: Envelope, _ data: [UInt8], _ program: ProgramID, _ key: String, _ here: String) throws {
    let statement: Statement
    do { statement = try parser.decode(Statement.self, from: data) } catch {
      return found.add("\(here): cannot be read: \(error)")
    }
    guard let balance = statement.balance else { return }
    let stateKey = Deployment.balanceKey(program: program, referrer: key, currency: balance.currency)
    let sequenceKey = StoredRow.sequenceKey(program: program, topic: topic, key: key)
    let follows = currenciesSinceGap[sequenceKey]?.insert(balance.currency).inserted != true
    let before = follows ? try self.balance(stateKey) ?? (isCut ? nil : Balance(currency: balance.currency)) : nil
    let added = envelope.type == RewardAccrued.type ? statement.amount ?? 0 : 0
    do {
      let accrued = try balance.accrued
      let wanted = try before.map { (before) throws(ArithmeticOverflow) in try Money.sum(try before.accrued, added) }
      if let wanted, accrued != wanted {
        found.add("\(here): the balance of \(program)/\(key) totals \(accrued), but should be \(wanted) by the one before")
      }
    } catch {
      found.add("\(here): the balance of \(program)/\(key) exceeds 64 bits")
    }
    try rows.set(ScratchRows.prefix(.balance, place) + stateKey, balance.jsonBytes())
  }

  // MARK: The last numbers and balances

  /// - Parameter stateKey: the key that the state has for the number.
  func number(_ stateKey: [UInt8]) throws -> Int64? {
    try rows.value(for: ScratchRows.prefix(.number, place) + stateKey).flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
  }

  func balance(_ stateKey: [UInt8]) throws -> Balance? {
    try rows.value(for: ScratchRows.prefix(.balance, place) + stateKey).map { try parser.decode(Balance.self, from: $0) }
  }

  /// Calls `body` with the state's key of each number and balance.
  func forEachKey(_ body: ([UInt8]) throws -> Void) throws {
    try rows.flush()
    for kind in [ScratchRows.Kind.number, .balance] {
      var cursor = rows.rows(ScratchRows.prefix(kind, place))
      while let row = try cursor.next() { try body(row.key) }
    }
  }
}
