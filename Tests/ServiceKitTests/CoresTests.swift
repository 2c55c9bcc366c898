import Testing

@testable import ServiceKit

@Suite struct CoresTests {
  @Test(
    arguments: [
      ("max 100000\n", nil), ("200000 100000\n", 2), ("150000 100000\n", 2), ("50000 100000\n", 1), ("100000 100000", 1),
      ("1 100000", 1), ("", nil), ("\n", nil), ("200000", nil), ("200000 0", nil), ("0 100000", nil), ("-200000 100000", nil),
      ("two cores", nil), ("200000 100000 7", nil), ("2e5 1e5", nil),
    ] as [(String, Int?)])
  func whatAControlGroupPaysFor(_ text: String, _ cores: Int?) { #expect(Cores.quota(text) == cores) }

  @Test func thereIsAlwaysOne() { #expect(Cores.given >= 1) }
}
