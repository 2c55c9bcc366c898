import FaultBench
import TestSupport
import Testing

/// The provider's row detects what it is meant to detect.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct ProviderTests {
  /// A planted bug: the provider ignores ids, so it pays again at every call.
  @Test func payingTwiceIsSeen() throws {
    let installation = try Installation(bootstrap: KafkaBroker.forTest().bootstrap)
    let result = try FaultPlan(cycles: 2, seed: 1).campaign(on: installation, under: FaultyProvider(knowsIDs: false))
    #expect(result.violations.contains { $0.contains("was paid") && $0.hasSuffix("times") })
    #expect(result.violations.contains { $0.contains("the provider has paid") })
  }
}
