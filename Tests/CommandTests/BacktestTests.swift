import CommandKit
import Contracts
import Foundation
import JSON
import Terms
import TermsFiles
import TestSupport
import Testing
import Words

@testable import BusCommands
@testable import OfflineCommands

/// The figures of a back-test: given a history and a proposal, both terms are run.
@Suite struct BacktestTests {
  typealias Given = BacktestScenario

  /// Given a proposal and payments of one referee: present and proposed net costs in minor units, and the sentence.
  @Test(
    arguments: [
      (
        Given(
          proposal: [("rate: 10%", "rate: 12%")],
          lines: Given.referral("bonus") + [Given.payment("bonus", "p1", 40_500_000, "KZT", on: "2026-01-10")],
          testDescription: "12 % instead of 10 %"), "KZT", [4_050_000, 4_860_000],
        "The proposal would have cost 20.0 % more: 48,600.00 KZT instead of 40,500.00 KZT."
      ),
      (
        Given(
          program: "cash", proposal: [("rate: 10%", "rate: 12%"), ("{USD: 7500}, rate: 1%", "{USD: 7500}, rate: 6%")],
          lines: Given.referral("cash") + [
            Given.payment("cash", "p1", 6000, "USD", on: "2026-02-10"),
            Given.payment("cash", "p2", 4000, "USD", on: "2026-02-11"),
            Given.payment("cash", "p3", 1000, "USD", on: "2026-02-12"),
          ], testDescription: "60, 40, 10 USD with a rate that falls in steps"), "USD", [1010, 1260],
        "The proposal would have cost 24.8 % more: 12.60 USD instead of 10.10 USD."
      ),
      (
        Given(
          proposal: [("rate: 10%", "rate: 5%")],
          lines: Given.referral("bonus") + [
            Given.payment("bonus", "p1", 10_000, "USD", on: "2026-01-10"),
            Given.refund("bonus", of: "p1", 5000, "USD", on: "2026-03-10"),
          ], testDescription: "half of it refunded after the credit"), "USD", [500, 250],
        "The proposal would have cost 50.0 % less: 2.50 USD instead of 5.00 USD."
      ),
      (
        Given(
          proposal: [("rate: 10%", "rate: 10%\n      maxPayments: 1")],
          lines: Given.referral("bonus") + [
            Given.payment("bonus", "p1", 10_000, "USD", on: "2026-01-10"),
            Given.payment("bonus", "p2", 10_000, "USD", on: "2026-01-11"),
          ], testDescription: "only the first payment earns"), "USD", [2000, 1000],
        "The proposal would have cost 50.0 % less: 10.00 USD instead of 20.00 USD."
      ),
      (
        Given(
          proposal: [("creditAfter: 14d", "creditAfter: 20d"), ("availableAfter: 14d", "availableAfter: 20d")],
          lines: Given.referral("bonus") + [Given.payment("bonus", "p1", 10_000, "USD", on: "2026-01-10")], until: "2026-03-01",
          testDescription: "later, not more"), "USD", [1000, 1000],
        "The proposal would have cost the same, 10.00 USD. 2 notices differ."
      ),
    ] as [(Given, Currency, [Int64], String)])
  func cost(_ example: (given: Given, currency: Currency, net: [Int64], conclusion: String)) throws {
    let report = try example.given.report()
    #expect(try report.cost(example.currency).net.pair == example.net)
    #expect(report.conclusion.joined(separator: " ") == example.conclusion)
  }

  /// Under the proposal the refund comes after the credit, and in the end it failed.
  @Test(arguments: [false, true])
  func aRefundBeforeAndAfterTheCreditIsTheSame(fails: Bool) throws {
    let failure = Given.event(
      "bonus", "payment.refundFailed.v1", "2026-01-16",
      #"{"refund":"r-p1","payment":"p1","account":"beta","failedAt":"2026-01-16T09:00:00Z"}"#)
    let given = Given(
      proposal: [("creditAfter: 14d", "creditAfter: 2d")],
      lines: Given.referral("bonus") + [
        Given.payment("bonus", "p1", 10_000, "USD", on: "2026-01-10"),
        Given.refund("bonus", of: "p1", 5000, "USD", on: "2026-01-15"),
      ] + (fails ? [failure] : []), until: "2026-03-01")
    let report = try given.report()
    let rows = try report.cost("USD").figures.filter { ["adjusted", "reversed"].contains($0.name) }
    // Rows without figures are left out.
    #expect(rows.map(\.values.pair) == (fails ? [] : [[-500, 0], [0, -500]]))
    #expect(report.programs.flatMap(\.reasons).filter { $0.reason == "refund" }.map(\.values.pair) == [[1, 1]])
    let takenBack = report.examples.filter { $0.notices.current is RewardAdjusted || $0.notices.proposed is RewardReversed }
    #expect(takenBack.map { [$0.notices.current != nil, $0.notices.proposed != nil] } == [[true, true]])
  }

  /// The proposal is a second version that starts in February, so January is unchanged.
  @Test func aVersionThatBeginsInTheMiddle() throws {
    let yaml = try String(contentsOfFile: "\(Example.terms)/bonus.yaml", encoding: .utf8)
    let first = try #require(yaml.range(of: "  - version: 1"))
    let second = yaml[first.lowerBound...].replacing("version: 1", with: "version: 2").replacing("2020-01-01", with: "2026-02-01")
      .replacing("rate: 10%", with: "rate: 20%")
    let report = try Given(
      proposal: [(String(yaml[first.lowerBound...]), String(yaml[first.lowerBound...]) + "\n" + second)],
      lines: Given.referral("bonus") + [
        Given.payment("bonus", "p1", 10_000, "USD", on: "2026-01-31"),
        Given.payment("bonus", "p2", 10_000, "USD", on: "2026-02-01"),
      ]
    ).report()
    #expect(
      try report.cost("USD").months.map { [$0.month.iso] + $0.net.pair.map(String.init) } == [
        ["2026-01", "1000", "1000"], ["2026-02", "1000", "2000"],
      ])
    let accrued = try report.counts("reward.accrued.v1")
    #expect((accrued.same, accrued.changed, accrued.fields) == (1, 1, ["amount": 1, "rate": 1]))
  }

  /// A refund is shown in its own month, below the axis, and in no month between.
  @Test func aRefundStandsInItsOwnMonth() throws {
    let report = try Given(
      proposal: [("rate: 10%", "rate: 20%")],
      lines: Given.referral("bonus") + [
        Given.payment("bonus", "p1", 10_000, "USD", on: "2026-01-10"),
        Given.refund("bonus", of: "p1", 5000, "USD", on: "2026-03-10"),
      ]
    ).report()
    let months = try report.cost("USD").months
    #expect(months.map(\.month.iso) == ["2026-01", "2026-02", "2026-03"])
    #expect(months.map(\.current) == [.init(accrued: 1000), .init(), .init(takenBack: -500)])
    #expect(months.map(\.proposed) == [.init(accrued: 2000), .init(), .init(takenBack: -1000)])
    #expect(try report.figure("reversed").pair == [-500, -1000])
    #expect(try report.figure("outstanding").pair == [500, 1000])
  }

  /// 25 active referrals and two companies: 40 % and 5 % under the present terms, 50 % and 5 % with another table.
  @Test func anotherTableOfTiers() throws {
    let example = try String(contentsOf: Example.examples.appending(path: "b4-25-golden.jsonl"), encoding: .utf8)
    let report = try Given(
      program: "tiers", proposal: [("{from: 20, percent: 40}", "{from: 20, percent: 50}")],
      lines: example.split(separator: "\n").map(String.init), until: "2026-06-01"
    ).report()
    let assigned = try report.counts("discount.assigned.v1")
    #expect(assigned.changed > 0 && assigned.fields == ["percent": assigned.changed])
    #expect(try report.figure("averagePercentAssigned").isChanged)
    #expect(try report.figure("discountsAssigned").difference == 0)
    #expect(!report.examples.isEmpty)
  }

  /// A reward on one side and a rejection on the other are shown side by side, each with its reasons.
  @Test func oppositeDecisionsStandTogether() throws {
    let report = try Given(
      proposal: [("rate: 10%", "rate: 10%\n      maxPayments: 1")],
      lines: Given.referral("bonus") + [
        Given.payment("bonus", "p1", 10_000, "USD", on: "2026-01-10"),
        Given.payment("bonus", "p2", 10_000, "USD", on: "2026-01-11"),
      ]
    ).report()
    let example = try #require(report.examples.first)
    #expect(report.examples.count == 1)
    #expect((example.notices.current as? RewardAccrued)?.payment == "p2")
    #expect((example.notices.proposed as? RewardDeclined)?.reasons == [.maxPayments])
    #expect(try report.counts("reward.accrued.v1").onlyIn == Sides(1, 0))
    #expect(try report.counts("reward.declined.v1").onlyIn == Sides(0, 1))
    #expect(try report.figure("rewardsDeclined").pair == [0, 1])
    #expect(report.programs[0].reasons.map(\.reason) == ["max-payments"])
  }

  /// Winners, losers, and an order that depends only on the figures and the ids.
  @Test func referrersByDifference() throws {
    var lines: [String] = []
    for (referrer, amount) in [("zoe", 10_000), ("ann", 10_000), ("max", 30_000), ("tim", 4)] {
      lines += Given.referral("bonus", referrer: referrer, referee: "of-\(referrer)")
      lines.append(Given.payment("bonus", "p-\(referrer)", amount, "USD", on: "2026-01-10", by: "of-\(referrer)"))
    }
    let given = Given(proposal: [("rate: 10%", "rate: 12%")], lines: lines)
    let cost = try given.report().cost("USD")
    #expect(cost.referrers.map { "\($0.referrer) \($0.net.difference)" } == ["max 600", "ann 200", "zoe 200"])
    #expect((cost.gaining, cost.losing, cost.unchanged) == (3, 0, 0), "4 cents earn nothing under either terms")
    #expect(try given.report(top: 1).cost("USD").referrers.map(\.referrer) == ["max"])
  }

  /// The same terms give no difference and leave no notice unpaired. The money adds up: all earnings are owed, spent or paid.
  @Test func theSameTermsDifferInNothing() throws {
    let programs = try TermsFiles.load(directory: Example.terms)
    for file in try Example.exampleFiles() {
      let history = try ComparedHistory(
        Sides(both: programs), folders: Sides("a", "b"), file: file, made: Instant(milliseconds: 0))
      try history.run(EventFile(path: file), until: Instant(written: "2026-12-31")) {}
      let report = try history.report(top: 20)
      #expect(report.differingNotices == 0 && report.examples.isEmpty, "\(file)")
      #expect(report.notices.allSatisfy { !$0.counts.isChanged && $0.counts.total.current == $0.counts.same }, "\(file)")
      #expect(report.conclusion.first?.hasPrefix("The proposal would have changed nothing") ?? false, "\(file)")
      #expect(history.comparison.matching.waitingCount == 0, "\(file)")
      for cost in report.programs.flatMap(\.costs) {
        guard case .money = cost.unit else { continue }
        let parts = cost.uses.filter { ["outstanding", "spent", "paid"].contains($0.name) }
        #expect(parts.map(\.values.current).reduce(0, +) == cost.net.current, "\(file)")
        #expect(cost.months.map(\.net.current).reduce(0, +) == cost.net.current, "\(file)")
      }
    }
  }

  /// A spend that only a larger balance covers is not a difference between terms, because nobody knows what people would have requested.
  @Test func whatPeopleAskedForIsShownApart() throws {
    let spend = Given.event(
      "bonus", "bonus.spendRequested.v1", "2026-02-10",
      #"{"request":"s1","account":"acme","requestedAt":"2026-02-10T09:00:00Z","amount":1100,"currency":"USD","invoice":"i1","kinds":["plan"]}"#
    )
    let given = Given(
      proposal: [("rate: 10%", "rate: 12%")],
      lines: Given.referral("bonus") + [Given.payment("bonus", "p1", 10_000, "USD", on: "2026-01-10"), spend])
    let report = try given.report()
    #expect(!report.notices.contains { $0.type.hasPrefix("bonus.") } && report.notices.contains { $0.type == RewardAccrued.type })
    #expect(!report.examples.contains { $0.notices.current is BonusDeclined })
    #expect(report.programs[0].counts.allSatisfy { !$0.name.hasPrefix("spends") })
    #expect(try report.figure("spendsDeclined").pair == [1, 0])
    #expect(report.programs[0].reasons.isEmpty && report.programs[0].useReasons.map(\.values.pair) == [[1, 0]])
    for text in try [ReportText(report).lines.joined(separator: "\n"), ReportPage.html(report)] {
      let apart = try #require(text.firstRange(of: HistoryText.aboutUses))
      #expect(!text[..<apart.lowerBound].contains("Spends declined") && text[apart.upperBound...].contains("Spends declined"))
      for said in ["history.jsonl", "Made on 21 Jun 2026 00:00 UTC", "bonus differs: ", "12 %"] { #expect(text.contains(said)) }
    }
    let same = try Given(lines: given.lines).report()
    #expect(HistoryText.changes(same.history) == ["bonus: the same terms in both."])
    #expect(same.conclusion.count == 1)
  }

  /// Every new, removed or changed version is named.
  @Test func changesOfTermsAreReported() throws {
    let sound = try String(contentsOfFile: "\(Example.terms)/bonus.yaml", encoding: .utf8)
    let one = try TermsFiles.parse(sound, file: "a.yaml")
    var later = one.versions[0]
    later.effectiveFrom = Instant(rfc3339: "2027-01-01T00:00:00Z") ?? later.effectiveFrom
    later.version = 2
    later.spending = nil
    let two = Program(id: one.id, versions: one.versions + [later])
    #expect(
      TermsChanges.sentences(from: one, to: two) == [
        "Version 2 is new, from 1 Jan 2027 00:00 UTC.", "New: Rewards cannot be spent on invoices.",
        "No longer: The balance can pay plan lines and service lines of the account's own invoices. The amount is set aside first, then "
          + "spent or released. It may be a part of the invoice, but never more than is available.",
      ])
    #expect(TermsChanges.sentences(from: two, to: one) == ["Version 2 is removed."])
    #expect(TermsChanges.sentences(from: two, to: two) == [])
  }

  /// Beyond the memory limit, notices are still recognised as equal, changed or alone, but not by field.
  @Test func fingerprintsReportTheSameAsBodies() throws {
    let notices = try Example.simulated("\(Example.demo)/bonus.jsonl").compactMap { $0.message as? any Notice }
    func matched(_ keptBytesMax: Int) throws -> [NoticeMatching.Counts] {
      var matching = NoticeMatching(parser: JSONParser(), keptBytesMax: keptBytesMax)
      for notice in notices { try matching.take(notice, data: try encoded(notice), program: "bonus", .current) }
      for notice in notices where !(notice is RewardCredited) {
        var changed = notice
        if var accrued = notice as? RewardAccrued {
          accrued.amount += 1
          changed = accrued
        } else if var reserved = notice as? BonusReserved {
          reserved.balance.available += 1
          changed = reserved
        }
        try matching.take(changed, data: try encoded(changed), program: "bonus", .proposed)
      }
      let counts = try matching.finished().counts.sorted { $0.key.type < $1.key.type }.map(\.value)
      return counts.map { counts in
        var counts = counts
        counts.fields = [:]
        return counts
      }
    }
    let kept = try matched(.max)
    #expect(kept == (try matched(0)))
    #expect(kept.map(\.changed).reduce(0, +) == 1 && kept.map(\.sameButBalance).reduce(0, +) == 1)
    #expect(kept.map(\.onlyIn.current).reduce(0, +) == 1)
  }

  private func encoded(_ notice: any Notice) throws -> [UInt8] {
    func open<N: Notice>(_ notice: N) throws -> [UInt8] { notice.jsonBytes() }
    return try open(notice)
  }

  /// A proposal with one program leaves out the others, and reports that.
  @Test func programsOfOneSideAreLeftOut() throws {
    let present = try TermsFiles.load(directory: Example.terms)
    let proposal = try TermsFiles.load(directory: "\(Example.demo)/proposal")
    let lines = try ["bonus", "cash"].flatMap {
      try String(contentsOfFile: "\(Example.demo)/\($0).jsonl", encoding: .utf8).split(separator: "\n").map(String.init)
    }
    let history = try Given.run(Sides(present, proposal), lines)
    let report = try history.report(top: 20)
    #expect(report.programs.map(\.program) == ["cash"])
    #expect(report.history.onlyIn == Sides(["bonus", "tiers"], []))
    #expect((report.history.events, report.history.eventsLeftOut) == (8, 5))
    #expect(history.troubles.summary == nil)
    #expect(throws: CommandFailure.self) {
      try Given.run(Sides(.init([try #require(present["bonus"])]), .init([try #require(present["cash"])])), [])
    }
  }

  /// An input that both sides reject is reported once.
  @Test func troublesAreReportedOnce() throws {
    let payment = Given.payment("bonus", "p1", 100, "USD", on: "2026-01-10")
    let history = try Given(
      lines: Given.referral("bonus") + [
        payment, payment, payment.replacing("100", with: "200"), "no event", payment.replacing("payment.s", with: "x."),
      ]
    ).run()
    #expect(
      history.troubles.summary
        == "laurel: history.jsonl: 1 line rejected, 1 event dead-lettered, 1 event of unknown types ignored")
  }

  @Test(
    arguments: [
      (0, 0, nil), (0, 5, nil), (1000, 1124, 124), (1000, 876, -124), (3, 4, 333), (3, 5, 667), (2000, 2001, 1), (2000, 1999, 0),
      (-200, -100, 500), (-200, -300, -500), (7, 7, 0),
    ] as [(Int64, Int64, Int64?)])
  func tenthsOfAPercentAreHalfUp(_ example: (current: Int64, proposed: Int64, perMille: Int64?)) throws {
    #expect(try Compared(Sides(example.current, example.proposed)).perMille == example.perMille)
  }

  @Test func aDifferenceBeyondInt64IsRejected() {
    #expect(throws: ArithmeticOverflow.self) { try Compared(Sides(.min, .max)) }
  }
}
