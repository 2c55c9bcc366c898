import Contracts
import Streaming
import Terms
import TermsFiles
import Testing

/// Rows that grow with valid inputs must fit into a record. A row that no broker accepts would stop its partition for good. The fuzzed
/// inputs are too short to test that.
@Suite struct RecordSizeTests {
  private func record(_ id: String, _ type: String, _ data: String) -> InputRecord {
    let envelope = Envelope(id: id, source: "/fuzz", type: type, program: "bonus")
    return InputRecord(
      topic: .accounts, partition: 0, offset: 0, key: nil, value: Array(data.utf8),
      headers: envelope.headers.map { (name: $0.0, value: Array($0.1.utf8)) })
  }

  /// While an account's first registration is being decided, others wait, each in its own row.
  @Test(arguments: [1, 1000])
  func registrationsThatWaitFitTheirRows(identities: Int) throws {
    let bus = try MemoryBus(TermsFiles.load(directory: FuzzTarget.terms.path), isSlow: true)
    let long = String(repeating: "x", count: 240_000 / identities)
    let list = Array(repeating: "\"\(long)\"", count: identities).joined(separator: ",")
    for number in 0..<120 {
      let at = Instant(milliseconds: 1_767_603_600_000 + Int64(number))
      try bus.take(
        record(
          "\(number)", AccountRegistered.type,
          #"{"account":"a","registeredAt":"\#(at)","identities":[\#(list)],"referral":{"code":"CODE"}}"#))
    }
    try bus.advance(by: .days(1))
    #expect(bus.deadLetters.count > 100)
    #expect(bus.deadLetters.allSatisfy { $0.rejection.reason == .conflictingDuplicate })
    #expect(bus.outputs.contains { $0.envelope.type == ReferralRejected.type })
  }
}
