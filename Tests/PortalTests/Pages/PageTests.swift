import Contracts
import Foundation
import Testing

@testable import Portal

/// Every page in every language.
@Suite struct PageTests {
  private static let style = Assets.style(accent: .laurel)

  /// Well-formed, with all texts, in one language, with one first-level heading and no element that CSP forbids.
  @Test(arguments: Language.Code.allCases)
  func everyPageIsWhole(code: Language.Code) throws {
    let samples = try SamplePages.all(code)
    #expect(samples.count >= 50)
    for page in samples {
      let document = try #require(XMLDocumentCheck.parse(page.text), "\(page.name) is not well-formed")
      #expect(!page.text.contains("\u{27E6}"), "\(page.name) has a missing text")
      #expect(!page.text.contains("Optional("), "\(page.name)")
      #expect(document.elements.count { $0.name == "h1" } == 1, "\(page.name)")
      #expect(document.elements.first?.attributes["lang"] == code.rawValue, "\(page.name)")
      for (name, attributes) in document.elements {
        // `style-src 'self'; script-src 'self'`
        #expect(name != "style" && attributes["style"] == nil, "\(page.name): <\(name)>")
        #expect(name != "script" || attributes["src"] == "/referrals/assets/copy.js", "\(page.name)")
        #expect(!attributes.keys.contains { $0.hasPrefix("on") }, "\(page.name): <\(name)>")
        if name == "a" { #expect(attributes["href"]?.hasPrefix("javascript") == false, "\(page.name)") }
        if name == "img" { #expect(attributes["alt"] != nil, "\(page.name)") }
      }
      let ids = document.elements.compactMap { $0.attributes["id"] }
      #expect(Set(ids).count == ids.count, "\(page.name) has an id twice")
      try Self.everyFieldIsLabeled(document, page.name, ids: Set(ids))
    }
    if let folder = ProcessInfo.processInfo.environment["LAUREL_PORTAL_SAMPLES"] { try Self.write(samples, to: folder) }
  }

  /// Every label and description refers to an existing element. Every form of the portal has its token and its id.
  private static func everyFieldIsLabeled(_ document: XMLDocumentCheck, _ page: String, ids: Set<String>) throws {
    let labels = Set(document.elements.filter { $0.name == "label" }.compactMap { $0.attributes["for"] })
    for (name, attributes) in document.elements {
      if ["input", "select"].contains(name), attributes["type"] != "hidden" {
        let id = try #require(attributes["id"], "\(page): <\(name)> has no id")
        #expect(labels.contains(id), "\(page): \(id) has no label")
      }
      for described in attributes["aria-describedby"]?.split(separator: " ") ?? [] {
        #expect(ids.contains(String(described)), "\(page): \(described)")
      }
      if name == "th" { #expect(["col", "row"].contains(attributes["scope"]), "\(page)") }
    }
    let posts = document.elements.count { $0.name == "form" && $0.attributes["method"] == "post" }
    for field in ["form", "request"] {
      #expect(document.elements.count { $0.attributes["name"] == field && $0.attributes["type"] == "hidden" } == posts, "\(page)")
    }
    #expect(document.elements.count { $0.name == "table" } == document.elements.count { $0.name == "caption" }, "\(page)")
  }

  /// An order may contain only companies that the token lists, so without them there is nothing to move.
  @Test func onlyTheTokensCompaniesCanBeMoved() throws {
    var context = try SamplePages(.en).context("tiers", path: "/discounts")
    let companies = context.session.companies.compactMap { CompanyID($0.id) }.map { Discounts.Company(company: $0) }
    let discounts = Discounts(active: 1, companies: companies, orderedAt: context.now)
    func buttons() -> Int { String(decoding: context.discounts(discounts), as: UTF8.self).count(of: "name=\"move\"") }
    #expect(buttons() == 4)
    context.session.companies = []
    #expect(buttons() == 0)
  }

  /// The menu offers only programs that the deployment has.
  @Test func theMenuHasNoUnknownProgram() throws {
    var context = try SamplePages(.en).context("cash")
    func links() -> Int {
      String(decoding: context.overview(Summary()), as: UTF8.self).count(of: "href=\"/referrals/tiers\"")
    }
    #expect(links() == 1)
    context.programs = ["cash", "bonus"]
    #expect(links() == 0)
  }

  /// Every reason of a declined request has its own text.
  @Test func aReasonOfTheLedgerHasItsText() throws {
    let page = try #require(try SamplePages.all(.en).first { $0.name == "request-spend-only.en" })
    #expect(page.text.contains(Language.of(.en)("reason.bonus.not-withdrawable")))
  }

  /// At most 30 KB including the style sheet, and 2 KB of script.
  @Test func pagesAreSmall() throws {
    #expect(Self.style.count <= 12 * 1024)
    #expect(Assets.copyScript.count <= 2 * 1024)
    for code in Language.Code.allCases {
      for page in try SamplePages.all(code) {
        #expect(page.bytes.count + Self.style.count <= 30 * 1024, "\(page.name): \(page.bytes.count) + \(Self.style.count)")
      }
    }
  }

  private static func write(_ samples: [SamplePages.Sample], to folder: String) throws {
    let base = URL(filePath: folder)
    try FileManager.default.createDirectory(at: base.appending(path: "referrals/assets"), withIntermediateDirectories: true)
    try Data(style).write(to: base.appending(path: "referrals/assets/style.css"))
    try Data(Assets.copyScript).write(to: base.appending(path: "referrals/assets/copy.js"))
    for page in samples { try Data(page.bytes).write(to: base.appending(path: page.name + ".html")) }
  }
}

extension String {
  fileprivate func count(of part: String) -> Int { ranges(of: part).count }
}
