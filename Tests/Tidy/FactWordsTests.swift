import Foundation
import Testing

/// `laurel explain --state` leaves out a fact that has no sentence, so every code that the services give needs one.
@Suite struct FactWordsTests {
  @Test func everyFactOfARowHasASentence() throws {
    let services = ["Attribution", "Accrual", "Discounts", "Payouts"].map { "Services/\($0)/Inspection" }
    let codes = Set(
      try TidyTests.sources(in: services).flatMap { source in
        source.text.matches(of: #/Because\(\s*"([a-z-]+)"/#).map { String($0.output.1) }
      })
    #expect(codes.count > 10)
    let words = try ["Services/Laurel/Bus/Explain/StateText.swift", "Services/Laurel/Words/BecauseText.swift"].map {
      try String(contentsOf: TidyTests.root.appending(path: $0), encoding: .utf8)
    }.joined()
    #expect(codes.filter { !words.contains("\"\($0)\"") } == [])
  }
}
