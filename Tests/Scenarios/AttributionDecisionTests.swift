import Attribution
import Contracts
import JSON
import Streaming
import Terms
import Testing

/// Operators' decisions about referrals while other claims are open (DECISIONS A1e). On the bus internal messages take time. The
/// simulation finishes one claim before the next begins (T2).
@Suite struct AttributionDecisionTests {
  /// Attribution whose internal messages are delivered only when the test asks for it.
  final class SlowHops {
    private let task: StageTask
    private var hops: [OutputRecord] = []
    private(set) var said: [String] = []
    private var number: Int64 = 0

    init() throws {
      let terms = TermsVersion(
        program: "tiers", version: 1, effectiveFrom: Instant(milliseconds: 0),
        attribution: AttributionTerms(link: "https://app.example/?ref={code}", parameter: "ref"))
      let programs = Programs([Program(id: "tiers", versions: [terms])])
      let stages = AttributionService.service(programs).stages
      task = try StageTask(service: .attribution, stages: stages, programs: programs.ids, store: MemoryStore())
    }

    func take(_ message: some Message) throws {
      number += 1
      let envelope = Envelope(id: "e\(number)", source: "/test", type: type(of: message).type, program: "tiers")
      task.run(
        task.admit(InputRecord(envelope, topic: type(of: message).topic, data: message.jsonBytes(), number: number)))
      try hear()
    }

    /// Delivers all pending messages in order, until none is left.
    func handOn() throws {
      while !hops.isEmpty {
        let hop = hops.removeFirst()
        task.run(task.admit(InputRecord(topic: hop.topic, partition: 0, offset: 0, memory: hop)))
        try hear()
      }
    }

    /// The dead letters of one message come first.
    private func hear() throws {
      guard let records = task.takeRecords() else { return }
      for letter in records.deadLetters { said.append("dead letter \(letter.rejection.reason.rawValue)") }
      for index in 0..<records.outbox.count {
        let record = records.outbox[index]
        guard record.topic.kind == .notices else {
          hops.append(record)
          continue
        }
        let (envelope, data) = try record.event()
        let parser = JSONParser()
        switch envelope.type {
        case ReferralAttributed.type:
          let notice = try parser.decode(ReferralAttributed.self, from: data)
          said.append("\(notice.referee) to \(notice.referrer)")
        case ReferralRejected.type:
          let notice = try parser.decode(ReferralRejected.self, from: data)
          said.append("\(notice.referee) not: \(notice.reasons.map(\.rawValue).joined(separator: ", "))")
        case ReferralEnded.type: said.append("\(try parser.decode(ReferralEnded.self, from: data).referee) ended")
        default: break
        }
      }
    }

    func heard() -> [String] {
      defer { said = [] }
      return said
    }
  }

  static func noon(_ day: Int) -> Instant { Instant(year: 2026, month: 1, day: day, hour: 12) ?? Instant(milliseconds: 0) }

  private func registered(_ account: AccountID, _ day: Int, code: String? = nil) -> AccountRegistered {
    AccountRegistered(
      account: account, registeredAt: Self.noon(day), referral: code.map { RegistrationReferral(code: $0) })
  }

  private func assign(_ account: AccountID, _ referrer: AccountID, _ day: Int, _ request: RequestID) -> ReferralAssignRequested {
    ReferralAssignRequested(request: request, account: account, referrer: referrer, operator: "op-1", decidedAt: Self.noon(day))
  }

  private func end(_ account: AccountID, _ day: Int, _ request: RequestID) -> ReferralEndRequested {
    ReferralEndRequested(request: request, account: account, operator: "op-1", decidedAt: Self.noon(day))
  }

  /// A, B and C have codes.
  private func started() throws -> SlowHops {
    let hops = try SlowHops()
    for (account, code) in [("a", "AAA"), ("b", "BBB"), ("c", "CCC")] as [(AccountID, String)] {
      try hops.take(CodeRequested(request: "code", account: account, requestedAt: Self.noon(1), vanity: code))
    }
    try hops.handOn()
    return hops
  }

  @Test func `What comes while a claim is on its way waits for the verdict, in order of arrival`() throws {
    let hops = try started()
    try hops.take(registered("x", 2, code: "AAA"))
    try hops.take(assign("x", "b", 3, "a1"))
    try hops.take(end("x", 4, "e1"))
    try hops.take(assign("x", "b", 5, "a2"))
    try hops.take(end("x", 6, "e2"))
    try hops.take(end("x", 6, "e3"))
    try hops.take(registered("x", 7, code: "CCC"))
    try hops.take(registered("x", 7))
    #expect(hops.heard() == [])
    try hops.handOn()
    #expect(
      hops.heard() == [
        "x to a", "x not: already-attributed", "x ended", "dead letter no-referral", "dead letter conflicting-duplicate",
        "x to b",
        "x ended", "x not: already-attributed",
      ])
  }

  @Test func `A rejected claim leaves an ended referral as it was`() throws {
    let hops = try started()
    try hops.take(registered("x", 2, code: "AAA"))
    try hops.handOn()
    try hops.take(end("x", 3, "e1"))
    try hops.take(assign("x", "ghost", 4, "a1"))
    try hops.handOn()
    try hops.take(end("x", 5, "e2"))
    try hops.take(registered("x", 6, code: "BBB"))
    try hops.take(assign("x", "b", 3, "a2"))
    try hops.handOn()
    #expect(
      hops.heard() == [
        "x to a", "x ended", "x not: unknown-code", "dead letter no-referral", "x not: already-attributed", "x to b",
      ])
  }

  /// Of two crossing claims the earlier one counts. The approval of the later one must not make a loop afterwards.
  @Test func `A claim that came to nothing is no loop later`() throws {
    let hops = try started()
    try hops.take(registered("a", 2, code: "BBB"))
    try hops.take(registered("b", 3, code: "AAA"))
    try hops.handOn()
    #expect(hops.heard() == ["a to b", "b not: loop"])
    try hops.take(end("a", 4, "e1"))
    try hops.take(assign("a", "b", 5, "a1"))
    try hops.handOn()
    #expect(hops.heard() == ["a ended", "a to b"])
    try hops.take(end("a", 6, "e2"))
    try hops.take(assign("b", "a", 7, "a2"))
    try hops.handOn()
    #expect(hops.heard() == ["a ended", "b to a"])
    try hops.take(assign("a", "b", 8, "a3"))
    try hops.handOn()
    #expect(hops.heard() == ["a not: loop"])
  }

  @Test func `A reopened account may refer again, from that instant on`() throws {
    let hops = try started()
    try hops.take(AccountClosed(account: "a", closedAt: Self.noon(3), reason: .banned))
    try hops.take(registered("x", 3, code: "AAA"))
    try hops.handOn()
    try hops.take(AccountReopened(account: "a", reopenedAt: Self.noon(4)))
    try hops.take(registered("y", 3, code: "AAA"))
    try hops.take(registered("z", 4, code: "AAA"))
    try hops.handOn()
    #expect(hops.heard() == ["x not: referrer-not-eligible", "y not: referrer-not-eligible", "z to a"])
  }
}
