import CommandKit
import Contracts
import Deployment
import Foundation
import RocksStore
import Streaming
import Terms
import TermsFiles
import TestSupport
import Testing
import Words

@testable import BusCommands

/// What `laurel explain` says about the examples of the demo and of the contract.
@Suite struct ExplainTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let file: String
    let subject: Explain.Subject
    let id: String
    var until: String?
    /// Sentences that must occur in this order, possibly with others between.
    let reports: [String]

    init(_ file: String, _ subject: Explain.Subject, _ id: String, until: String? = nil, _ reports: String...) {
      (self.file, self.subject, self.id, self.until, self.reports) = (file, subject, id, until, reports)
    }

    var testDescription: String { "\(file): \(subject.rawValue) \(id)" }
  }

  private static func path(_ file: String) -> String {
    let demo = "\(Example.demo)/\(file).jsonl"
    return FileManager.default.fileExists(atPath: demo) ? demo : Example.examples.appending(path: "\(file).jsonl").path
  }

  private func chronicle(_ file: String, until: String? = nil) throws -> Chronicle {
    try Chronicle(
      events: Self.path(file), TermsFiles.load(directory: Example.terms), until: until.flatMap(Instant.init(written:)))
  }

  @Test(arguments: payments + referrals + companies + withdrawals)
  func story(_ given: Case) throws {
    let stories = try Explain.stories(given.subject, given.id, chronicle(given.file, until: given.until), only: nil)
    // As one line, without line breaks.
    let text = stories.flatMap(\.lines).flatMap { $0.split(whereSeparator: \.isWhitespace) }.joined(separator: " ")
    var rest = text[...]
    for sentence in given.reports {
      let place = try #require(rest.firstRange(of: sentence), "'\(sentence)' is missing after the earlier sentences:\n\(text)")
      rest = rest[place.upperBound...]
    }
  }

  static let payments = [
    Case(
      "bonus", .payment, "p1",
      "beta was referred by acme",
      "beta paid 300,000.00 KZT for business-year (plan, Business) and 105,000.00 KZT for onboarding (service)",
      "300,000.00 of plan lines + 105,000.00 of service lines = 405,000.00 KZT", "405,000.00 × 10 % = 40,500.00 KZT",
      "credited 14 days after the payment (on 24 Jan 2026 09:00 UTC)", "40,500.00 KZT are credited to acme",
      "Its 40,500.00 KZT have become part of the available balance of acme"),
    Case("a9-refund-before-credit", .payment, "p3", "topup does not count", "0.50 KZT will be credited on 30 Jan 2026 09:00 UTC"),
    Case(
      "cash", .payment, "h3", "the referee had paid 100.00 USD before, more than 75.00: its status is Bronze",
      "10.00 × 1 % = 0.10 USD",
      "usable 30 days after the payment (from 14 Mar 2026 09:00 UTC)"),
    Case(
      "c5-60-40-10", .payment, "p1", until: "2026-01-15",
      "the referee had paid 0.00 USD before, not more than 75.00: it has no status yet",
      "can be used from"),
    // Rejected, each reason with its facts.
    Case(
      "c6-promo-and-discounts", .payment, "p4", "earns nothing", "promo code X, which excludes the whole payment",
      "a was sold with a sale discount, so it does not count", "That is final"),
    // Refunded: the arithmetic of the remainder.
    Case(
      "a9-refund-before-credit", .payment, "p1", "(9.99 − 3.33 refunded of lines that earn) × 10 % = 0.67 KZT",
      "Nothing is left of the reward"),
    Case(
      "every-order", .payment, "p2", "50.00 KZT of payment p2 were refunded", "beta paid 100.00 KZT",
      "100.00 × (100.00 received − 50.00 refunded) ÷ 100.00 × 10 % = 5.00 KZT",
      "5.00 KZT will be credited on 21 Jan 2026 09:00 UTC"),
    // Repeated and contradicted.
    Case(
      "every-duplicates", .payment, "p1", "(repeated: it changes nothing)", "rejected, in line 6", "conflicting-duplicate: "),
    Case("a1-attribution", .payment, "p2", "Nobody referred delta, so the payment earns nothing"),
    Case("b2-active", .payment, "p1", "The program rewards no payments"),
  ]

  static let referrals = [
    Case("b2-early-trial-end", .referral, "r1", "r1 paid 10.00 USD for plan", "payment p1 of 10 Jan 2026 09:00 UTC counts"),
    Case(
      "bonus", .referral, "beta", "naming the page \"https://doc.example/?ref=ACME\"", "named the code \"ACME\" of \"acme\"",
      "Its referrer is acme, unless an operator ends that"),
    Case(
      "a1-attribution", .referral, "eps", "is not attributed: unknown code", "the code \"NOPE\" belongs to nobody",
      "Nobody referred eps; its payments earn nothing unless an operator assigns it"),
    Case("a1-attribution", .referral, "zeta", "has no code in \"ref\", and none was typed in"),
    Case("a1-attribution", .referral, "gamma", "Its offer of 10 % for Business or Start+ is open until 26 Jan 2026 10:00 UTC"),
    Case(
      "a1-attribution", .referral, "beta", "already attributed",
      "the account is already attributed to \"acme\", and only an operator",
      "1 payment in KZT earned acme 1.00 KZT"),
    Case("r7-blanks-and-case", .referral, "r1", #"naming the code "\tACME\n""#, #"named the code "ACME" of"#),
    Case(
      "a1e-assign", .referral, "beta", "op-1 assigns beta to the referrer acme (a1)",
      #""op-1" assigned its referrer (request "a1")"#),
    Case("a1e-assign", .referral, "gamma", "gamma is not assigned to ghost (op-1, a3)", #""ghost" has no code"#),
  ]

  static let companies = [
    Case(
      "b7-voided-invoice", .company, "a", "invoice i1 was voided on 30 Jan 2026 09:00 UTC",
      "first invoice to arrive since the discount of 28 Jan 2026 00:00 UTC was given back",
      "invoice i3 was voided on 2 Mar 2026 09:00 UTC",
      "Its 5 % are taken off the first invoice issued before the next run, on 28 Mar 2026"),
    Case(
      "r1-run-all-reasons", .company, "a", until: "2026-01-28", "overdue: invoice i1",
      "no company of the owner is active; every subscription canceled or expired: a", "1 active referral is fewer than the 5"),
    Case(
      "tiers", .company, "north", "5 of the owner's 25 active referrals count for this company (20 at most)",
      "it is number 2 of the companies, in the order that the owner set", "invoice north-2026-05 of company north is 5 % cheaper",
      "the next run is on 28 May 2026 00:00 UTC"),
    Case(
      "b4-15-golden", .company, "b", until: "2026-01-28", "company b of own gets nothing in 2026-01",
      "15 active referrals went to companies before it"),
    Case(
      "b7-next-invoice", .company, "a", until: "2026-03-28", "in the order of their first subscriptions",
      "no invoice used the discount of 28 Feb 2026",
      "Its 5 % are taken off the first invoice issued before the next run, on 28 Apr 2026 00:00 UTC"),
  ]

  static let withdrawals = [
    Case(
      "cash", .withdrawal, "w1", "olena requested a withdrawal of 10.10 USD to",
      "10.10 USD are not more than 500.00, so no approval is needed",
      "the provider has paid w1#1", "It is closed: the money has arrived"),
    Case(
      "c9-c10-withdrawal", .withdrawal, "w1", "less was available than was requested",
      "requested 5.00 USD, available 0.00"),
    Case(
      "c10-approval-currencies", .withdrawal, "w1",
      "the terms have no limit in its currency, so an operator decides about 0.01 UAH"),
    Case(
      "c10c-returned", .withdrawal, "w1", "the provider has paid w1#1: \"tx-1\"", "the provider returned the money of w1#1",
      "contradicts-result", "It is closed: the provider returned the money. It is back on the balance and can be withdrawn again"),
    Case(
      "banned-cash", .withdrawal, "w1", "the account was closed as banned on 11 Feb 2026 09:00 UTC",
      "acme was banned, and may ask again once the account is reopened"),
    Case("c9-c10-withdrawal", .withdrawal, "w3", "withdrawal w2 of the same account was still open"),
    Case(
      "c9-c10-withdrawal", .withdrawal, "w5", "The provider was instructed to pay 1.00 USD", "It is due on 23 Feb 2026 10:00 UTC"),
  ]

  /// An invoice that arrives late is listed at its own date.
  @Test func aCompanyIsReportedInOrderOfTime() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: uniqueName("company"))
    defer { try? FileManager.default.removeItem(at: file) }
    func line(_ type: String, _ data: String) -> String {
      #"{"specversion":"1.0","id":"\#(StableHash.hex128(of: data))","source":"/t","type":"\#(type)","program":"tiers","time":"2026-02-01T00:00:00Z","data":\#(data)}"#
    }
    let lines = [
      line(
        "subscription.changed.v1",
        #"{"subscription":"s","account":"own","company":"c","plan":"Business","changedAt":"2026-01-20T00:00:00Z","status":"active"}"#
      ),
      line(
        "invoice.issued.v1",
        #"{"invoice":"i","account":"own","company":"c","issuedAt":"2026-01-10T00:00:00Z","dueAt":"2026-01-30T00:00:00Z","amount":1,"currency":"USD"}"#
      ),
    ]
    try Data(lines.joined(separator: "\n").utf8).write(to: file)
    let chronicle = try Chronicle(events: file.path, TermsFiles.load(directory: Example.terms), until: nil)
    let story = try #require(Explain.stories(.company, "c", chronicle, only: nil).first)
    #expect(story.passages.compactMap(\.at).map(\.description) == ["2026-01-10T00:00:00.000Z", "2026-01-20T00:00:00.000Z"])
  }

  /// The text of a subject's only story, from a history of `bonus` or `cash`.
  private func text(_ subject: Explain.Subject, _ id: String, _ lines: [String], until: String) throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: uniqueName("story"))
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(lines.joined(separator: "\n").utf8).write(to: file)
    let chronicle = try Chronicle(
      events: file.path, TermsFiles.load(directory: Example.terms), until: Instant(written: until))
    let story = try #require(Explain.stories(subject, id, chronicle, only: nil).first)
    return story.lines.flatMap { $0.split(whereSeparator: \.isWhitespace) }.joined(separator: " ")
  }

  @Test func aSpendWithTheIDOfAWithdrawalDoesNotEndIt() throws {
    typealias History = BacktestScenario
    let lines =
      History.referral("cash") + [
        History.payment("cash", "p1", 60_000, "USD", on: "2026-01-10"),
        History.event(
          "cash", "withdrawal.requested.v1", "2026-03-15",
          #"{"request":"17","account":"acme","requestedAt":"2026-03-15T09:00:00Z","amount":1000,"currency":"USD","destination":"c"}"#
        ),
        History.event(
          "cash", "bonus.spendRequested.v1", "2026-03-16",
          #"{"request":"17","account":"acme","requestedAt":"2026-03-16T09:00:00Z","amount":1,"currency":"USD","invoice":"i","kinds":["plan"]}"#
        ),
      ]
    let text = try text(.withdrawal, "17", lines, until: "2026-03-17")
    #expect(text.contains("The provider was instructed to pay 10.00 USD") && !text.contains("is declined"), "\(text)")
  }

  @Test func aPaymentThatWasRejectedOrCameBeforeItsReferralSaysSo() throws {
    typealias History = BacktestScenario
    func settled(_ id: String, by account: String, amounts: [Int64]) -> String {
      let lines = amounts.map { #"{"sku":"s","kind":"plan","plan":"Business","amount":\#($0)}"# }.joined(separator: ",")
      return History.event(
        "bonus", "payment.settled.v1", "2026-01-10",
        #"{"payment":"\#(id)","account":"\#(account)","paidAt":"2026-01-10T09:00:00Z","currency":"USD","lines":[\#(lines)]}"#)
    }
    let lines =
      History.referral("bonus") + [
        settled("big", by: "beta", amounts: [.max, .max]),
        History.event(
          "bonus", "account.registered.v1", "2026-01-09", #"{"account":"lumen","registeredAt":"2026-01-09T09:00:00Z"}"#),
        settled("early", by: "lumen", amounts: [100]),
        History.event(
          "bonus", "referral.assignRequested.v1", "2026-01-11",
          #"{"request":"a1","account":"lumen","referrer":"acme","decidedAt":"2026-01-11T09:00:00Z","operator":"maria"}"#),
      ]
    let big = try text(.payment, "big", lines, until: "2026-02-01")
    #expect(big.contains("It was rejected, and counts for nothing"), "\(big)")
    let early = try text(.payment, "early", lines, until: "2026-02-01")
    #expect(early.contains("It came before lumen was assigned to a referrer"), "\(early)")
  }

  /// Also across a timer that was due between two events.
  @Test func aStoryIsInOrder() throws {
    typealias History = BacktestScenario
    let lines =
      History.referral("bonus") + [
        History.payment("bonus", "p1", 10_000, "USD", on: "2026-01-10"),
        History.refund("bonus", of: "p1", 5000, "USD", on: "2026-03-10"),
        History.event(
          "bonus", "payment.refundFailed.v1", "2026-03-12",
          #"{"refund":"r-p1","payment":"p1","account":"beta","failedAt":"2026-03-12T09:00:00Z"}"#),
      ]
    var rest = try text(.payment, "p1", lines, until: "2026-04-01")[...]
    for part in ["24 Jan 2026 09:00 UTC → ", "50.00 USD of payment p1 were refunded", "refund r-p1 of payment p1 to beta failed"]
    {
      let place = try #require(rest.firstRange(of: part), "'\(part)' in \(rest)")
      rest = rest[place.upperBound...]
    }
  }

  // MARK: Unknown ids

  @Test(arguments: [
    (Explain.Subject.payment, "p9", "knows no payment 'p9'; did you mean 'p1'?"),
    (.payment, "beta", "'beta' is a referral: try 'laurel explain referral beta'"),
    (.withdrawal, "w1", "knows no withdrawal 'w1', nor any other"),
    (.referral, "somebody", "it knows 'beta'"),
  ])
  func anUnknownIDIsAnsweredWithKnownOnes(_ subject: Explain.Subject, _ id: String, _ says: String) throws {
    let failure = #expect(throws: CommandFailure.self) {
      try Explain.stories(subject, id, self.chronicle("bonus"), only: nil)
    }
    #expect(failure?.description.contains(says) == true, "\(failure?.description ?? "")")
  }

  // MARK: Every because

  /// Every entry of `because` in the worked examples has its own sentence, with at least one fact.
  @Test func everyBecauseIsASentence() throws {
    var codes: Set<String> = []
    let files = try Example.exampleFiles() + ["bonus", "cash", "tiers"].map(Self.path)
    for message in try files.flatMap({ try Example.simulated($0) }).map(\.message) {
      let notice = try #require(message as? any Notice)
      #expect(!notice.because.isEmpty, "\(type(of: notice).type)")
      for because in notice.because {
        codes.insert(because.code)
        #expect(!because.facts.isEmpty, "\(type(of: notice).type): \(because.code)")
        let sentence = BecauseText.sentence(because, currency: "USD")
        #expect(!sentence.contains("?") && !sentence.hasPrefix(because.code + ":"), "\(sentence)")
      }
    }
    #expect(codes.count > 20)
  }

  /// Every code of a stage has a readable sentence.
  @Test func everyCodeOfTheStagesIsKnown() throws {
    let services = Example.repository.appending(path: "Services")
    var codes: Set<String> = []
    for service in ["Accrual", "Attribution", "Discounts", "Payouts"] {
      let stages = services.appending(path: "\(service)/Stages")
      for name in try FileManager.default.contentsOfDirectory(atPath: stages.path) {
        let text = try String(contentsOf: stages.appending(path: name), encoding: .utf8)
        for match in text.matches(of: /(?:Because|size|self\.init)\(\s*"([a-z-]+)"/) { codes.insert(String(match.output.1)) }
      }
    }
    #expect(codes.count > 30)
    let reasons =
      AttributionReason.allCases.map(\.rawValue) + RewardReason.allCases.map(\.rawValue) + BonusReason.allCases.map(\.rawValue)
      + WithdrawalReason.allCases.map(\.rawValue) + SkipReason.allCases.map(\.rawValue) + VoidReason.allCases.map(\.rawValue)
      + CodeReason.allCases.map(\.rawValue) + ClickReason.allCases.map(\.rawValue)
    for code in codes.union(reasons) { #expect(BecauseText.sentence(Because(code), currency: "USD") != code) }
  }

  /// Attribution and discounts give this reason, with different facts.
  @Test func anEndedReferralIsExplainedWithWhatIsKnown() {
    let facts: [(String, Because.Fact)] = [("operator", "op-1"), ("request", "r1")]
    #expect(
      BecauseText.sentence(Because("ended-by-operator", facts), currency: nil)
        == #""op-1" ended the referral (request "r1")"#)
    #expect(
      BecauseText.sentence(Because("ended-by-operator", facts + [("endedAt", "2026-01-28T00:00:00Z")]), currency: nil)
        == #""op-1" ended the referral on 28 Jan 2026 00:00 UTC (request "r1")"#)
  }

  // MARK: A state folder

  /// The services' state after a file, as in their stores. It is read while the stores are open.
  @Test func aStateFolderReportsToo() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: uniqueName("state")).path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let programs = try TermsFiles.load(directory: Example.terms)
    let resources = RocksResources(blockCacheBytes: 1 << 20, writeBufferBytesPerStore: 1 << 20)
    let simulation = try Simulation(
      services: Deployment.services(programs), programs: programs.ids,
      store: { try RocksStore(directory: "\(folder)/\($0.rawValue)/0", resources: resources) }, notice: { _ in },
      rejected: { _ in })
    for (name, until) in [("bonus", "2026-01-12T00:00:00Z"), ("c9-c10-withdrawal", nil), ("tiers", "2026-04-29T00:00:00Z")] {
      let end = until.flatMap(Instant.init(written:))
      let file = try EventFile(path: Self.path(name))
      while let entry = try file.next() {
        guard case .event(let event) = entry, end.map({ event.time < $0 }) ?? true else { continue }
        try simulation.take(InputRecord(event.envelope, topic: event.topic, data: event.data, number: Int64(event.line)))
      }
      if let end { try simulation.advance(to: end) }
    }
    let early = PaymentSettled(
      payment: "early", account: "stranger", paidAt: Instant(milliseconds: 1_767_603_600_000), currency: "KZT",
      lines: [PaymentLine(sku: "plan", kind: .plan, amount: 100)])
    try simulation.take(
      InputRecord(
        Envelope(id: "early", source: "/billing", type: PaymentSettled.type, program: ProgramID("bonus")), topic: .billing,
        data: early.jsonBytes(), number: 1))
    let refund = PaymentRefunded(
      refund: "r", payment: "earlier", account: "stranger", refundedAt: early.paidAt, currency: "KZT", amount: 100)
    try simulation.take(
      InputRecord(
        Envelope(id: "refund", source: "/billing", type: PaymentRefunded.type, program: ProgramID("bonus")), topic: .billing,
        data: refund.jsonBytes(), number: 2))
    try simulation.commit()
    let before = try files(folder)
    func rows(_ id: String) throws -> [(ServiceName, StageRow)] { try StateFolder(path: folder).rows(naming: id) }
    let waiting = try rows("stranger").compactMap { try Deployment.waiting($1, of: $0) }
    #expect(
      waiting == [
        "payment \"early\" waits until the attribution of \"stranger\" is decided",
        "payment.refunded.v1 of payment \"earlier\" waits until the attribution of \"stranger\" is decided",
      ])
    let balances = try BalanceReport.all(of: "acme", rows("acme"), nil, noticesMax: 5)
    #expect(balances.map(\.program) == ["bonus", "cash"] && balances[0].balance.available == 4_050_000)
    let text = balances.flatMap(\.lines).joined(separator: "\n")
    #expect(text.contains("pending") && text.contains("40,500.00 KZT") && text.contains("no open withdrawal"))
    #expect(text.contains("acme requested a withdrawal of 1.00 USD to card:1111; it is with the provider"))
    #expect(balances.map { $0.withdrawals.map(\.request) } == [[], ["w5"]], "\(text)")
    #expect(try files(folder) == before, "reading writes nothing")
  }

  private func files(_ folder: String) throws -> [String: Date] {
    var found: [String: Date] = [:]
    let names = FileManager.default.enumerator(atPath: folder)
    while let name = names?.nextObject() as? String {
      found[name] = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.modificationDate] as? Date
    }
    return found
  }
}
