import Kafka
import Testing

/// The coordinator's record of a transaction, byte by byte.
@Suite struct TransactionRecordTests {
  /// Version 1 as Apache Kafka 4.3.1 wrote it (topic names shortened): producer 15, epoch 0, 6 s, two partitions, two instants, tagged fields.
  private static func record(version: UInt8 = 1, state: UInt8) -> [UInt8] {
    [0, version, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 0, 0, 0x17, 0x70, state]
      + [3, 2, UInt8(ascii: "a"), 2, 0, 0, 0, 2, 0, 3, UInt8(ascii: "b"), UInt8(ascii: "c"), 3, 0, 0, 0, 0, 0, 0, 0, 1, 0]
      + [0, 0, 1, 0xa2, 0x26, 4, 6, 0xc5, 0, 0, 1, 0xa2, 0x26, 4, 6, 0xc5]
      + [1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 15]
  }

  private static let partitions = [("a", 2), ("bc", 0), ("bc", 1)].map { TopicPartition(topic: $0.0, partition: $0.1) }

  @Test(
    arguments: [
      (0, nil), (1, nil), (2, .committed), (3, .aborted), (4, nil), (5, nil), (6, nil), (7, nil),
    ] as [(UInt8, TransactionRecord.Outcome?)])
  func onlyADecisionIsAnOutcome(state: UInt8, outcome: TransactionRecord.Outcome?) throws {
    let record = try TransactionRecord(value: Self.record(state: state))
    #expect(record.outcome == outcome)
    #expect(record.partitions == Self.partitions)
    // 6 s after its beginning.
    let due: Int64? = state == 1 ? 0x01a2_2604_06c5 + 6_000 : nil
    #expect(record.dueMilliseconds == due)
  }

  @Test func theFirstVersionHasNoCompactFields() throws {
    let start: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 0, 0, 0x17, 0x70, 2]
    let instants = [UInt8](repeating: 0, count: 16)
    let record = try TransactionRecord(value: start + [0, 0, 0, 1, 0, 1, UInt8(ascii: "a"), 0, 0, 0, 1, 0, 0, 0, 2] + instants)
    #expect(record.outcome == .committed && record.partitions == Array(Self.partitions.prefix(1)))
    // After the transaction is complete.
    #expect(try TransactionRecord(value: start + [0xff, 0xff, 0xff, 0xff] + instants).partitions.isEmpty)
  }

  @Test func whatIsNotUnderstoodDecidesNothing() {
    #expect(throws: KafkaError.self) { try TransactionRecord(value: Self.record(version: 2, state: 2)) }
    #expect(throws: KafkaError.self) { try TransactionRecord(value: Self.record(state: 8)) }
    for length in 0..<55 {
      #expect(throws: KafkaError.self) { try TransactionRecord(value: Array(Self.record(state: 2).prefix(length))) }
    }
    #expect(throws: KafkaError.self) { try TransactionRecord.transactionalID(ofKey: [0, 1, 0, 1, UInt8(ascii: "x")]) }
    #expect(throws: KafkaError.self) { try TransactionRecord.transactionalID(ofKey: [0, 0, 0, 2, UInt8(ascii: "x")]) }
  }

  @Test func aKeyIsTheTransactionalID() throws {
    #expect(try TransactionRecord.transactionalID(ofKey: [0, 0, 0, 2, UInt8(ascii: "x"), UInt8(ascii: "1")]) == "x1")
  }
}
