import Contracts
import Markup
import Testing

@testable import Portal

/// External text is always shown as text and never executed.
@Suite struct EscapingTests {
  private static let hostile = "\"><script>alert('1')</script><img src=x onerror=alert(1)>&amp;\u{0}"

  /// Markup in a label, an id, an invoice, an operator's text or a link changes neither the elements of a page nor their attributes.
  @Test func markupStaysText() throws {
    func page(_ text: String) throws -> [[UInt8]] {
      let context = try SamplePages(.en).context("bonus")
      var summary = Summary()
      summary.codes = [IssuedCode(code: "A", link: text, at: context.now), IssuedCode(code: "B", link: text, at: context.now)]
      let referee = Referee(
        account: context.session.account, label: text, registeredAt: context.now, status: .rejected, reasons: [text])
      let entry = Entry(
        sequence: 1, type: "bonus.declined.v1", at: context.now, currency: "KZT", amount: 1, label: text, payment: text,
        refund: text,
        invoice: text, request: text, reasons: [text], terms: text,
        because: [Because("corrected", ["operator": "a", "reason": .text(text)]), Because(text)])
      let query = InvitedQuery(on: text, find: text)
      let status = RequestStatus(request: text, type: text, at: context.now, state: .answered, reasons: [text])
      return [
        context.overview(summary),
        context.invited(.init(items: [referee], next: text), counts: .init([.rejected: 1]), query: query),
        context.book(.init(items: [entry], next: text), currency: "KZT", currencies: ["KZT"], isContinued: true),
        context.why(entry), context.progress(of: status),
      ]
    }
    for (hostile, harmless) in zip(try page(Self.hostile), try page("x")) {
      let found = try #require(XMLDocumentCheck.parse(String(decoding: hostile, as: UTF8.self)))
      let expected = try #require(XMLDocumentCheck.parse(String(decoding: harmless, as: UTF8.self)))
      #expect(found.elements.map(\.name) == expected.elements.map(\.name))
      #expect(found.elements.map { $0.attributes.keys.sorted() } == expected.elements.map { $0.attributes.keys.sorted() })
      #expect(!String(decoding: hostile, as: UTF8.self).contains("<script>"))
    }
  }

  @Test func elements() {
    let part = tag("p", ["class": "a\"b", "id": nil, "hidden": ""]) {
      "<1> & "
      emptyTag("br")
      if false { "never" }
      for number in 1...2 { tag("b") { "\(number)" } }
    }
    #expect(part.markup == "<p class=\"a&quot;b\" hidden=\"\">&lt;1&gt; &amp; <br/><b>1</b><b>2</b></p>")
    #expect("а b/?&".percentEncoded == "%D0%B0%20b%2F%3F%26")
  }

  /// A colour that could end its CSS rule, or on which white is unreadable, is rejected.
  @Test(
    arguments: [
      ("#1b6b50", true), ("#000000", true), ("#777777", false), ("#767676", true), ("#ffffff", false), ("#ffff00", false),
      ("red", false), ("#fff", false), ("#1b6b5}", false), ("#1b6b50;", false), ("", false),
    ])
  func accents(_ row: (text: String, isOne: Bool)) throws {
    #expect((Accent(row.text) != nil) == row.isOne)
    // The option has the same check, so that no colour is replaced in silence.
    let required = ["--bootstrap", "b:1", "--terms", "t", "--state", "s", "--keys", "k"]
    let parsed = try? PortalSettings.command.parse(required + ["--accent", row.text], environment: [:])
    #expect((parsed != nil) == row.isOne)
  }
}
