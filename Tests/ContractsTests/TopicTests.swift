import Contracts
import Testing

@Suite("Topics")
struct TopicTests {
  @Test("The catalogue is complete and names nothing twice")
  func catalogue() {
    #expect(
      Set(Topic.catalogue.map(\.name)) == [
        "accounts", "clicks", "billing", "requests", "decisions", "payout-results", "clock", "referrals", "rewards", "discounts",
        "payouts",
        "attribution.claims", "attribution.answers", "accrual.earnings", "accrual.answers",
        "discounts.activity",
        "attribution.rekeyed", "accrual.rekeyed", "discounts.rekeyed", "payouts.rekeyed",
        "attribution.changelog",
        "accrual.changelog", "discounts.changelog", "payouts.changelog", "attribution.dead-letters", "accrual.dead-letters",
        "discounts.dead-letters", "payouts.dead-letters",
      ])
    #expect(Topic.catalogue.count == 28)
  }

  @Test("Only changelogs are compacted, and what is internal is named after its service")
  func kinds() {
    for topic in Topic.catalogue {
      #expect(topic.compacted == (topic.kind == .changelog))
      #expect(Topic.named(topic.name) == topic)
      let services = ServiceName.allCases.map(\.rawValue)
      switch topic.kind {
      case .input, .clock: #expect(!services.contains(topic.writtenBy))
      case .notices: #expect(services.contains(topic.writtenBy))
      case .internal, .changelog, .deadLetters: #expect(topic.name.hasPrefix(topic.writtenBy + "."))
      }
    }
    #expect(Topic.named("nothing") == nil)
  }
}
