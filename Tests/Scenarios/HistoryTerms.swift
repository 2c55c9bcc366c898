import Foundation
import ScenarioFiles
import Terms
import TermsFiles
import TestSupport

/// The terms of a history: those of `ops/terms` plus some of their optional parameters. There is no refund window, because it drops late
/// arrivals whatever their date, and the auditor drops nothing (RefundWindowProperties).
enum HistoryTerms {
  /// Texts of terms files, one per program.
  static func make(seed: UInt64) throws -> [String] {
    var random = SplitMix64(seed: seed ^ 0x7E25)
    return try usual().map { text in
      var lines = text.split(separator: "\n").map(String.init)
      for edit in edits(&random) where random.chance(30) { lines = lines.flatMap { edited($0, edit.line, edit.becomes) } }
      // Statuses are allowed only beside a rate.
      if !lines.contains(where: { $0.hasPrefix("      rate: ") }) {
        lines.removeAll { $0.contains("status") || $0.contains("{name: ") }
      }
      return lines.joined(separator: "\n")
    }
  }

  /// The terms of `ops/terms`.
  static func usual() throws -> [String] {
    try ["bonus", "tiers", "cash"].map { program in
      try String(contentsOf: Examples.terms.appending(path: "\(program).yaml"), encoding: .utf8)
    }
  }

  /// The lines that differ from `ops/terms`.
  static func added(to terms: [String]) throws -> [String] {
    let usual = Set(try self.usual().flatMap { $0.split(separator: "\n") })
    return terms.flatMap { text in text.split(separator: "\n").filter { !usual.contains($0) }.map { "terms: \($0)" } }
  }

  /// Replacements for lines. No line is removed.
  private static func edits(_ random: inout SplitMix64) -> [(line: String, becomes: [String])] {
    let rewards = [
      ["amount: {KZT: 5000, USD: 40}"],
      ["rates:", "  - {plan: Business, rate: 20%}", "  - {kind: plan, rate: 7%}", "  - {category: domain, rate: 5%}"],
      ["rates:", "  - {category: shared-hosting, rate: 3%}", "  - {kind: service, rate: 50%}"],
    ]
    let limits = [
      "maxPayments: \(1 + random.upTo(3))", "earnsFor: \(random.pick([1, 5, 20]))d",
      "maxPerReferee: {KZT: \(random.pick([150, 5000, 61_001])), USD: \(random.pick([1, 751, 60_000]))}",
    ]
    return [
      ("parameter: ref", ["parameter: ref", random.pick(["leeway: 1h", "leeway: 72h", "codePattern: \"[A-Z]{3}\""])]),
      ("parameter: page", ["parameter: page", random.pick(["leeway: 1h", "leeway: 72h", "codePattern: \"[A-Z]{3}\""])]),
      ("rate: 10%", ["rate: 10%"] + limits.shuffled(using: &random).prefix(1 + random.upTo(2))),
      ("rate: 10%", random.pick(rewards)),
      ("approvalAbove: {USD: 50000}", random.pick([[], ["approvalAbove: none"], ["approvalAbove: {USD: 0, EUR: 700}"]])),
      ("dueSoonAfter: 7d", ["minimum: {USD: \(random.pick([1, 99, 751]))}", "dueSoonAfter: 7d"]),
    ]
  }

  private static func edited(_ text: String, _ line: String, _ becomes: [String]) -> [String] {
    guard text.trimmingCharacters(in: [" "]) == line else { return [text] }
    let indentation = text.prefix { $0 == " " }
    return becomes.map { indentation + $0 }
  }
}

extension History {
  func programs() throws -> Programs { Programs(try terms.map { try TermsFiles.parse($0, file: "terms.yaml") }) }
}
