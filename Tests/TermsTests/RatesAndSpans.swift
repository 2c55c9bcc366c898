import Contracts
import Terms
import TermsFiles
import TestSupport
import Testing

/// Valid values, to the basis point and the millisecond.
@Suite struct RatesAndSpans {
  private func reward(_ old: String, _ new: String) throws -> RewardTerms {
    let program = try TermsFiles.parse(BrokenFiles.sound.replacing(old, with: new), file: "p.yaml")
    return try #require(program.versions[0].reward)
  }

  @Test(arguments: [
    ("10%", 1000), ("0.5%", 50), ("0.57%", 57), ("0.01%", 1), ("12.30%", 1230), ("1.000%", 100), ("0%", 0), ("100%", 10_000),
    ("100.00%", 10_000), ("1000bp", 1000), ("1bp", 1), ("\"10%\"", 1000),
  ])
  func rate(_ text: String, _ basisPoints: Int64) throws {
    #expect(try reward("rate: 10%", "rate: \(text)").rate?.value == basisPoints)
  }

  @Test(arguments: ["-0%", "+1%", "1,5%", ".5%", "5.%", "1.2.3%", "1 0%", "%", "bp", "1.5bp", "10 %", "٣%", "1e1%"])
  func noRate(_ text: String) {
    #expect(throws: TermsProblems.self) { try reward("rate: 10%", "rate: '\(text)'") }
  }

  @Test(arguments: [("0d", 0), ("1d", 86_400_000), ("24h", 86_400_000), ("90m", 5_400_000), ("30s", 30_000)])
  func span(_ text: String, _ milliseconds: Int64) throws {
    #expect(try reward("creditAfter: 1d", "creditAfter: \(text)").creditAfter.milliseconds == milliseconds)
  }

  /// Row C5: the status before the payment. A turnover exactly at the threshold is not above it.
  @Test(
    arguments: [
      (0, nil), (7500, nil), (7501, "Bronze"), (18_000, "Bronze"), (18_001, "Silver"), (33_001, "Gold"), (63_001, "Platinum"),
    ] as [(Int64, String?)])
  func status(_ turnover: Int64, _ name: String?) throws {
    let reward = try #require(try ProgramFiles.cash().reward)
    #expect(reward.status(turnover: turnover, in: "USD")?.name == name)
    #expect(reward.status(turnover: turnover, in: "UAH") == nil)
  }

  /// Row B3.
  @Test(arguments: [(0, 0), (4, 0), (5, 5), (9, 5), (10, 10), (14, 10), (15, 20), (19, 20), (20, 40), (1000, 40)])
  func tier(_ referrals: Int64, _ percent: Int64) throws {
    #expect(ProgramFiles.tiers.discounts?.percent(for: referrals) == percent)
  }
}
