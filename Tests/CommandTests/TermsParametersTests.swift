import Foundation
import Terms
import TermsFiles
import TestSupport
import Testing

@testable import Words

/// Every parameter of a terms file is in words: `laurel terms check` explains it, and a change of it is a difference.
@Suite struct TermsParametersTests {
  /// By parameter: text of the sound terms, and what it becomes. A parameter of two sections is here once.
  private static let changes: [String: (old: String, new: String)] = [
    "judgedBy": ("    attribution:", "    judgedBy: attribution-time\n    attribution:"),
    "link": ("?ref={code}", "?a=1&ref={code}"),
    "parameter": ("?ref={code}\"\n      parameter: ref", "?page={code}\"\n      parameter: page"),
    "codePattern": ("parameter: ref", "parameter: ref\n      codePattern: \"[A-Z]{6}\""),
    "paidAdParameters": ("parameter: ref", "parameter: ref\n      paidAdParameters: [gclid]"),
    "refusesPriorAccounts": ("parameter: ref", "parameter: ref\n      refusesPriorAccounts: true"),
    "kinds": ("parameter: ref", "parameter: ref\n      referrer: {kinds: [individual]}"),
    "countries": ("parameter: ref", "parameter: ref\n      referrer: {countries: [UA]}"),
    "leeway": ("parameter: ref", "parameter: ref\n      leeway: 1h"),
    "lines": ("kinds: [plan]}", "kinds: [plan, service]}"),
    "categories": ("kinds: [plan]}", "kinds: [plan], categories: [x]}"),
    "requiresPlanLine": ("kinds: [plan]}", "kinds: [plan], requiresPlanLine: true}"),
    "refusesPromoCodes": ("rate: 10%", "rate: 10%\n      refusesPromoCodes: true"),
    "excludedDiscounts": ("rate: 10%", "rate: 10%\n      excludedDiscounts: [promo]"),
    "rate": ("rate: 10%", "rate: 12%"),
    "statuses": ("        - {name: B, above: {USD: 200, EUR: 200}, rate: 1%}\n", ""),
    "name": ("name: A", "name: C"),
    "above": ("above: {USD: 100, EUR: 100}", "above: {USD: 150, EUR: 100}"),
    "amount": (pay, "amount: {USD: 500}\n"),
    "rates": (pay, "rates: [{kind: plan, rate: 3%}]\n"),
    "plan": (pay, "rates: [{plan: X, rate: 3%}]\n"),
    "kind": (pay, "rates: [{kind: service, rate: 3%}]\n"),
    "category": (pay, "rates: [{category: x, rate: 3%}]\n"),
    "maxPayments": ("rate: 10%", "rate: 10%\n      maxPayments: 3"),
    "earnsFor": ("rate: 10%", "rate: 10%\n      earnsFor: 365d"),
    "maxPerReferee": ("rate: 10%", "rate: 10%\n      maxPerReferee: {USD: 5000}"),
    "creditAfter": ("creditAfter: 1d", "creditAfter: 0d"),
    "availableAfter": ("availableAfter: 2d", "availableAfter: 3d"),
    "refundWindow": ("availableAfter: 2d", "availableAfter: 2d\n      refundWindow: 30d"),
    "approvalAbove": ("approvalAbove: {USD: 5, EUR: 5}", "approvalAbove: none"),
    "minimum": ("dueSoonAfter: 1d", "minimum: {USD: 3}, dueSoonAfter: 1d"),
    "dueSoonAfter": ("dueSoonAfter: 1d", "dueSoonAfter: 36h"),
    "dueAfter": ("dueAfter: 2d", "dueAfter: 3d"),
    "percent": ("percent: 10, plans", "percent: 15, plans"),
    "plans": ("plans: [X]", "plans: [X, Y]"),
    "within": ("within: 21d", "within: 14d"),
    "tiers": ("        - {from: 20, percent: 20}\n", ""),
    "from": ("from: 5,", "from: 4,"),
    "maxPerCompany": ("maxPerCompany: 20", "maxPerCompany: 30"),
    "day": ("day: 28", "day: 1"),
    "zone": ("day: 28", "day: 28\n      zone: Europe/Kyiv"),
  ]

  private static let pay = """
    rate: 10%
          statuses:
            - {name: A, above: {USD: 100, EUR: 100}, rate: 5%}
            - {name: B, above: {USD: 200, EUR: 200}, rate: 1%}

    """

  /// Parts of a file that are no parameters themselves.
  private static let sections: Set = [
    "program", "versions", "version", "effectiveFrom", "attribution", "referrer", "reward", "spending", "withdrawal",
    "welcomeOffer", "discounts",
  ]

  private func version(_ change: (old: String, new: String)?) throws -> TermsVersion {
    var text = TermsWordsTests.sound
    if let change {
      try #require(text.contains(change.old), "\(change)")
      text = text.replacing(change.old, with: change.new, maxReplacements: 1)
    }
    return try TermsFiles.parse(text, file: "p.yaml").versions[0]
  }

  private func words(_ version: TermsVersion) -> [String] {
    TermsWords.sections(of: version, from: TermsWordsTests.now, until: nil).flatMap(\.sentences)
  }

  @Test(arguments: changes.keys.sorted())
  func aChangedParameterChangesTheWords(_ parameter: String) throws {
    let (before, after) = (try version(nil), try version(Self.changes[parameter]))
    #expect(!TermsChanges.sentences(from: before, to: after).isEmpty)
    #expect(words(before) != words(after))
  }

  /// The names that the reader of terms files knows.
  @Test func everyParameterIsHere() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = root.appending(path: "Shared/TermsFiles", directoryHint: .isDirectory)
    var known: Set<String> = []
    for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
      let text = try String(contentsOf: file, encoding: .utf8)
      for list in text.matches(of: #/known(?::| =) \[([^\]]*)\]/#) {
        known.formUnion(list.output.1.matches(of: #/"([A-Za-z]+)"/#).map { String($0.output.1) })
      }
    }
    #expect(known.count > 40)
    #expect(known.subtracting(Self.sections) == Set(Self.changes.keys))
  }
}
