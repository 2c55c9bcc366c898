import Contracts
import FaultBench
import Foundation
import JSON
import Kafka
import Streaming
import TestSupport
import Testing

/// Unreadable records are kept with their reason and place, and their neighbours are processed.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"), .serialized)
struct GarbageTests {
  /// A record that must not be accepted, and the reason; nil if it is skipped without a dead letter.
  struct Garbage {
    let name: String
    let reason: DeadLetterReason?
    let value: [UInt8]?
    let headers: [Header]

    init(
      _ name: String, _ reason: DeadLetterReason?, _ value: String?, type: String = PaymentSettled.type,
      program: String? = "bonus",
      more: [Header] = []
    ) {
      self.init(name, reason, bytes: value.map { Array($0.utf8) }, headers: Self.headers(name, type, program) + more)
    }

    init(_ name: String, _ reason: DeadLetterReason?, bytes: [UInt8]?, headers: [Header]? = nil) {
      self.name = name
      self.reason = reason
      value = bytes
      self.headers = headers ?? Self.headers(name, PaymentSettled.type, "bonus")
    }

    private static func headers(_ id: String, _ type: String, _ program: String?) -> [Header] {
      let program = program.flatMap { ProgramID($0) }
      return Envelope(id: id, source: "/garbage", type: type, program: program).headers
        .map { Header(name: $0.0, value: Array($0.1.utf8)) }
    }
  }

  /// A payment of an hour ago as text, which cases can break.
  private static func payment(_ id: String, paidAt: String = hourAgo, amount: String = "1000", more: String = "") -> String {
    """
    {"payment":"\(id)","account":"e0","paidAt":"\(paidAt)","currency":"KZT",\
    "lines":[{"sku":"plan","kind":"plan","amount":\(amount)}]\(more)}
    """
  }

  private static let hourAgo = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000) - 3_600_000).description
  private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

  private static let garbage: [Garbage] = [
    Garbage("cut", .malformed, #"{"payment":"#),
    Garbage("empty", .malformed, ""),
    Garbage("not an object", .malformed, "[]"),
    Garbage("missing field", .malformed, #"{"payment":"g"}"#),
    Garbage("wrong type of field", .malformed, payment("g", amount: #""1000""#)),
    Garbage("fraction", .malformed, payment("g", amount: "10.5")),
    Garbage("oversized", .oversized, payment("g", more: #","note":""# + String(repeating: "x", count: 300 << 10) + "\"")),
    Garbage("duplicate key", .duplicateKey, payment("g", more: #","payment":"h""#)),
    Garbage("beyond Int64", .outOfRange, payment("g", amount: "9223372036854775808")),
    Garbage("not UTF-8", .notUTF8, bytes: text(#"{"payment":""#) + [0xC3, 0x28] + text(#""}"#)),
    Garbage("unknown program", .unknownProgram, payment("g"), program: "lottery"),
    Garbage("missing program", .missingProgram, payment("g"), program: nil),
    Garbage("far future", .futureTime, payment("g", paidAt: "2199-01-01T00:00:00.000Z")),
    Garbage("another body", .conflictingDuplicate, payment("good0", amount: "77")),
    Garbage(
      "sum beyond Int64", .overflow,
      #"""
      {"payment":"g","account":"e0","paidAt":"\#(hourAgo)","currency":"KZT","lines":[
      {"sku":"a","kind":"plan","amount":9223372036854775807},{"sku":"b","kind":"plan","amount":9223372036854775807}]}
      """#),
    Garbage("header twice", .malformed, payment("g"), more: [Header(name: "ce_id", value: text("again"))]),
    Garbage("header not UTF-8", .notUTF8, payment("g"), more: [Header(name: "ce_time", value: [0xFF])]),
    Garbage("no headers", .malformed, bytes: text("hello"), headers: []),
    Garbage("headers without a type", .malformed, bytes: text("{}"), headers: [Header(name: "ce_id", value: text("1"))]),
    Garbage("tombstone", nil, nil),
    Garbage("tombstone without headers", nil, bytes: nil, headers: []),
    Garbage("foreign type", nil, "whatever", type: "weather.changed.v1"),
    Garbage("misspelt type", .unknownType, "{}", type: "payment.setled.v1"),
  ]

  @Test func garbageIsKeptAndItsNeighboursPass() throws {
    try Installation.run { installation in
      let publisher = try Publisher(installation)
      let partition = Kafka.partition(forKey: Self.text("e0"), count: installation.partitions)
      try bind(installation, publisher)
      // A good record first, and another after each bad one. It would be missing if garbage stopped its partition or removed its
      // neighbours.
      try good(0, publisher, partition)
      for (number, garbage) in Self.garbage.enumerated() {
        try publisher.produce(.billing, partition: partition, key: "e0", value: garbage.value, headers: garbage.headers)
        try good(number + 1, publisher, partition)
      }
      // As when a file of events is piped into a producer: the whole event is the value.
      let structured = Envelope(id: "s", source: "/garbage", type: PaymentSettled.type, program: "bonus")
      try publisher.produce(
        .billing, partition: partition, key: "e0", value: structured.structuredText(data: Self.text(Self.payment("structured"))),
        headers: [])
      try publisher.produce(
        .billing, partition: partition, key: "e0", value: Self.text(Self.payment("unknown field", more: #","x":{"y":1}"#)),
        headers: Garbage("unknown field", nil, nil).headers)
      try publisher.flush()

      let wanted = Set((0...Self.garbage.count).map { "good\($0)" } + ["structured", "unknown field"])
      let reader = try installation.reader([.rewards])
      let parser = JSONParser()
      func accrued(_ records: [Record]) throws -> [String] {
        try records.filter { $0.header("ce_type") == RewardAccrued.type }
          .map { try parser.decode(RewardAccrued.self, from: $0.value ?? []).payment.value }
      }
      let came = try reader.read(for: .seconds(60)) { try accrued($0).count >= wanted.count }
      let found = try accrued(reader.records)
      try #require(came, "\(found.count) of \(wanted.count)")
      try #require(found.sorted() == wanted.sorted())

      let offsets = try offsetsByIdentity(installation)
      let letters = try installation.records([.deadLetters(.accrual)])
      for garbage in Self.garbage where garbage.reason != nil {
        let found = letters.filter { $0.value == garbage.value && $0.headers.starts(with: garbage.headers) }
        try #require(found.count == 1, "\(garbage.name): \(found.count) dead letters")
        let letter = found[0]
        #expect(
          letter.header("laurel_reason") == garbage.reason?.rawValue, "\(garbage.name): \(letter.header("laurel_detail") ?? "")")
        #expect(letter.header("laurel_topic") == Topic.billing.name)
        #expect(letter.header("laurel_partition") == String(partition))
        let offset = offsets[identity(garbage.value, garbage.headers)]
        #expect(offset != nil && letter.header("laurel_offset").flatMap { Int64($0) } == offset, "\(garbage.name)")
        #expect(letter.key == Self.text("e0"))
      }
      #expect(letters.count == Self.garbage.count { $0.reason != nil })
      let accrual = try installation.service(.accrual)
      #expect((accrual.metric("laurel_ignored_records_total") ?? 0) >= 3)
      #expect((accrual.metric("laurel_unknown_fields_total") ?? 0) >= 1)
      try installation.stopAll()
      try Audit(installation).checkIDsAndSequences()
    }
  }

  /// A producer with another hash: the record's key decides its partition.
  @Test func recordOnAWrongPartitionIsProcessedOnce() throws {
    try Installation.run { installation in
      let publisher = try Publisher(installation)
      let right = Kafka.partition(forKey: Self.text("e0"), count: installation.partitions)
      try bind(installation, publisher)
      for number in 0..<Int(installation.partitions) {
        try good(number, publisher, (right + Int32(number)) % installation.partitions)
      }
      try publisher.flush()
      let reader = try installation.reader([.rewards])
      let count = Int(installation.partitions)
      let came = try reader.read(for: .seconds(60)) { $0.count { $0.header("ce_type") == RewardAccrued.type } >= count }
      try #require(came, "\(reader.records.count) notices")
      #expect(try installation.service(.accrual).metric("laurel_repartitioned_records_total") == Double(count - 1))
      try installation.stopAll()
      let audit = try Audit(installation)
      try audit.checkIDsAndSequences()
      #expect(try audit.notices(RewardAccrued.self).map(\.payment.value).sorted() == (0..<count).map { "good\($0)" })
      #expect(try installation.records([.deadLetters(.accrual)]).isEmpty)
    }
  }

  /// Publishes what a payment of `e0` needs in order to earn.
  private func bind(_ installation: Installation, _ publisher: Publisher) throws {
    try installation.start(.attribution)
    try installation.start(.accrual)
    let at = try #require(Instant(rfc3339: Self.hourAgo)) - .hours(1)
    try publisher.publish(CodeRequested(request: "code", account: "r0", requestedAt: at, vanity: "CODE"))
    try publisher.flush()
    let reader = try installation.reader([.referrals])
    let issued = try reader.read(for: .seconds(60)) { $0.contains { $0.header("ce_type") == CodeIssued.type } }
    try #require(issued)
    try publisher.publish(
      AccountRegistered(account: "e0", registeredAt: at + .minutes(1), referral: RegistrationReferral(code: "CODE")))
    try publisher.flush()
    let attributed = try reader.read(for: .seconds(60)) { $0.contains { $0.header("ce_type") == ReferralAttributed.type } }
    try #require(attributed)
    try installation.waitReady()
  }

  private func good(_ number: Int, _ publisher: Publisher, _ partition: Int32) throws {
    let name = "good\(number)"
    // Anybody who writes to an input can claim that Laurel has numbered or repaired the record. That must have no effect.
    let claims = [("ce_hop", "0/1000"), (RepairMark.header, Topic.referrals.name)].map {
      Header(name: $0.0, value: Self.text($0.1))
    }
    try publisher.produce(
      .billing, partition: partition, key: "e0", value: Self.text(Self.payment(name)),
      headers: Garbage(name, nil, nil).headers + claims)
  }

  private func identity(_ value: [UInt8]?, _ headers: [Header]) -> String {
    let id = headers.first { $0.name == "ce_id" }?.value ?? []
    return "\(id) \(headers.count) \(value?.prefix(100) ?? [])"
  }

  private func offsetsByIdentity(_ installation: Installation) throws -> [String: Int64] {
    let records = try installation.records([.billing])
    return Dictionary(records.map { (identity($0.value, $0.headers), $0.offset) }, uniquingKeysWith: { first, _ in first })
  }
}
