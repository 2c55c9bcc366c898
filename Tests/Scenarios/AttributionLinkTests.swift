import Contracts
import Testing

@testable import Attribution

/// Reading a landing URL (rows A1, C2, C4), and the form of codes (DECISIONS A1b).
@Suite struct AttributionLinkTests {
  @Test(arguments: [
    ("https://site.example/?page=ABC", "ABC"),
    ("https://site.example/any/page/at/all?utm_source=x&page=ABC&lang=uk", "ABC"),
    ("https://site.example?page=ABC", "ABC"),
    ("/pricing?page=ABC", "ABC"),
    ("?page=ABC", "ABC"),
    ("https://site.example/?page=ABC#plans", "ABC"),
    ("https://site.example/?page=ABC#?page=XYZ", "ABC"),
    ("https://site.example/?page=ABC&page=XYZ", "ABC"),
    ("https://site.example/?page=&page=XYZ", "XYZ"),
    ("https://site.example/?page=A=B", "A=B"),
    ("https://site.example/?page=A%2FB%20c", "A/B c"),
    ("https://site.example/?p%61ge=ABC", "ABC"),
    ("https://site.example/?page=50%", "50%"),
    ("https://site.example/?page=%4", "%4"),
    ("https://site.example/?page=%zz", "%zz"),
    ("https://site.example/?next=/a?b&page=ABC", "ABC"),
    ("https://site.example/?&&page=ABC&", "ABC"),
    ("https://site.example/?page=abc", "abc"),
    ("https://site.example/?page=ABC DEF", "ABC DEF"),
    ("https://site.example/#/signup?page=ABC", "ABC"),
    ("https://site.example/#page=ABC", "ABC"),
    ("https://site.example/#?page=ABC", "ABC"),
    ("https://site.example/?utm=1#/x?utm=2&page=ABC", "ABC"),
    ("https://site.example/?page=#/x?page=ABC", "ABC"),
    ("https://site.example/#page=XYZ?page=ABC", "ABC"),
    ("https://site.example/?x=1&amp;page=ABC", "ABC"),
    ("https://site.example/?x=1&amp;page=ABC&amp;y=2", "ABC"),
    ("https://site.example/#/x?x=1&amp;page=ABC", "ABC"),
    ("https://site.example/?amp;page=XYZ&page=ABC", "ABC"),
    ("https://site.example/?x=1?page=ABC", "ABC"),
    ("https://site.example/?page=ABC?x=1", "ABC"),
    ("https://site.example/?page=ABC/", "ABC"),
    ("https://site.example/?page=ABC%2F", "ABC"),
    ("https://site.example/?page=ABC//", "ABC/"),
    ("https://site.example/?page=/&page=ABC", "ABC"),
    ("https://site.example/?page=%20ABC%20/%09", "ABC"),
    ("https://site.example/?page=%E2%80%8BABC%C2%A0", "ABC"),
    ("https://site.example/?PAGE=ABC", "ABC"),
    ("https://site.example/?pAge=ABC", "ABC"),
    ("https://xn--e1afmkfd.example/\u{43f}?page=\u{43f}", "\u{43f}"),
  ])
  func findsTheCode(url: String, code: String) { #expect(LandingURL(url).values(of: "page").first == code) }

  @Test(arguments: [
    "", "?", "#", "page=ABC", "https://site.example/", "https://site.example/page=ABC", "https://site.example/?page",
    "https://site.example/?page=", "https://site.example/?page=%20/", "https://site.example/?mypage=ABC",
    "https://site.example/?page%3DABC", "https://site.example/#/page=ABC", "https://site.example/#page=ABC?x=1",
  ])
  func findsNoCode(url: String) { #expect(LandingURL(url).values(of: "page") == []) }

  @Test(arguments: [
    ("https://site.example/?page=A&gclid=1", true), ("https://site.example/?gclid", true), ("https://site.example/?gclid=", true),
    ("https://site.example/?wbraid=x#top", true), ("https://site.example/?%67clid=1", true),
    ("https://site.example/?page=gclid", false), ("https://site.example/gclid=1", false),
    ("https://site.example/#?gclid=1", true), ("https://site.example/?page=A#gclid", true),
    ("https://site.example/?page=A&amp;gclid=1", true), ("https://site.example/?page=A?gclid=1", true),
    ("https://site.example/?GCLID=1", true), ("https://site.example/?xgclid=1", false),
  ])
  func reportsAPaidAd(url: String, isPaid: Bool) { #expect((LandingURL(url).first(of: ["gclid", "wbraid"]) != nil) == isPaid) }

  // MARK: Codes

  @Test(arguments: ["ACME", "a", "Acme-2026_x", String(repeating: "z", count: 64)])
  func aWishMayBe(wish: String) { #expect(CodeNames.vanity(wish)?.value == wish) }

  @Test func blanksAroundAWishAreCut() { #expect(CodeNames.vanity("\u{FEFF} ACME-2\u{2003}\n")?.value == "ACME-2") }

  @Test(arguments: [
    "", " ", "two words", "a&b", "a=b", "50%", "a/b", "caf\u{e9}", "a#b", "a/", String(repeating: "z", count: 65),
  ])
  func aWishMayNotBe(wish: String) { #expect(CodeNames.vanity(wish) == nil) }

  /// People get the text of a derived code, so it must never change.
  @Test func aDerivedCodeIsAlwaysTheSame() throws {
    let code = try #require(CodeNames.derived("bonus", "acme", attempt: 1, by: nil))
    #expect(code == "BVA05ZXG")
    #expect(code.value.utf8.count == 8 && code.value.allSatisfy { "0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains($0) })
    let others = [
      CodeNames.derived("cash", "acme", attempt: 1, by: nil), CodeNames.derived("bonus", "acme", attempt: 2, by: nil),
      CodeNames.derived("bonus", "acme2", attempt: 1, by: nil),
    ]
    #expect(!others.contains(code) && Set(others).count == 3)
  }

  @Test(arguments: [
    ("https://site.example/?ref={code}", "https://site.example/?ref=ACME"),
    ("https://site.example/{code}/in", "https://site.example/ACME/in"),
    ("https://site.example/", "https://site.example/"),
  ])
  func aLinkCarriesTheCode(template: String, link: String) { #expect(CodeNames.link(template, "ACME") == link) }
}
