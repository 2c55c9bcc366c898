import Contracts
import Foundation
import Terms
import TermsFiles
import Testing

/// The terms files of the three programs in ops/terms.
@Suite struct ProgramFiles {
  static let directory = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("ops/terms").path

  static let start = Instant(milliseconds: 1_577_836_800_000)  // 2020-01-01T00:00:00Z

  @Test func eachFileSaysWhatItsProgramIs() throws {
    let programs = try TermsFiles.load(directory: Self.directory)

    #expect(programs.ids == ["bonus", "tiers", "cash"])
    #expect(programs["bonus"] == Program(id: "bonus", versions: [try Self.bonus()]))
    #expect(programs["tiers"] == Program(id: "tiers", versions: [Self.tiers]))
    #expect(programs["cash"] == Program(id: "cash", versions: [try Self.cash()]))
  }

  static func bonus() throws -> TermsVersion {
    TermsVersion(
      program: "bonus", version: 1, effectiveFrom: start, judgedBy: .eventTime,
      attribution: AttributionTerms(link: "https://doc.example/?ref={code}", parameter: "ref"),
      reward: RewardTerms(
        lineKinds: [.plan, .service], requiresPlanLine: true, categories: nil, refusesPromoCodes: false, excludedDiscounts: [],
        pay: .rate(try #require(BasisPoints(1000)), statuses: []), creditAfter: .days(14), availableAfter: .days(14)),
      spending: SpendingTerms(kinds: ["plan", "service"]),
      welcomeOffer: WelcomeOfferTerms(percent: 10, plans: ["Business", "Start+"], within: .days(21)))
  }

  static let tiers = TermsVersion(
    program: "tiers", version: 1, effectiveFrom: start,
    attribution: AttributionTerms(link: "https://app.example/signup?ref={code}", parameter: "ref", refusesPriorAccounts: true),
    discounts: DiscountTerms(
      tiers: [
        .init(from: 5, percent: 5), .init(from: 10, percent: 10), .init(from: 15, percent: 20), .init(from: 20, percent: 40),
      ],
      maxPerCompany: 20, schedule: MonthlySchedule(day: 28, zone: .utc)))

  static func cash() throws -> TermsVersion {
    let reached = try #require(BasisPoints(100))
    return TermsVersion(
      program: "cash", version: 1, effectiveFrom: start, judgedBy: .eventTime,
      attribution: AttributionTerms(
        link: "https://hosting.example/?page={code}", parameter: "page",
        paidAdParameters: ["gclid", "gbraid", "wbraid", "gad_source"],
        referrer: Eligibility(kinds: [.individual], countries: ["UA"])),
      reward: RewardTerms(
        lineKinds: [.plan, .service], requiresPlanLine: false, categories: ["shared-hosting", "domain"], refusesPromoCodes: true,
        excludedDiscounts: [.promo, .sale, .manual],
        pay: .rate(
          try #require(BasisPoints(1000)),
          statuses: [
            .init(name: "Bronze", above: ["USD": 7500], rate: reached),
            .init(name: "Silver", above: ["USD": 18000], rate: reached),
            .init(name: "Gold", above: ["USD": 33000], rate: reached),
            .init(name: "Platinum", above: ["USD": 63000], rate: reached),
          ]),
        creditAfter: .zero, availableAfter: .days(30)),
      withdrawal: WithdrawalTerms(approvalAbove: .above(["USD": 50000]), dueSoonAfter: .days(7), dueAfter: .days(10)))
  }
}
