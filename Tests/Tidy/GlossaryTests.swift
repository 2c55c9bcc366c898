import Foundation
import Testing

/// One word for one thing: words that have another one in the glossary stand in no name and no string of what ships.
@Suite struct GlossaryTests {
  /// The word, and what to use instead: in names and in strings.
  static let everywhere = [
    "refuse": "reject", "refused": "rejected", "refuses": "rejects", "refusal": "rejection", "rekey": "repartition",
    "rekeyed": "repartitioned", "reckon": "compute", "unbound": "unattributed", "unreferred": "unattributed", "anew": "again",
    "verdict": "decision",
  ]
  /// In names alone: a sentence may need the word.
  static let names = [
    "turn": "context", "tell": "report, log or notify", "tells": "reports", "told": "reported", "say": "report, log or notify",
  ]

  /// On the wire, in terms files or in other people's messages: these stay.
  static let kept = [
    "refusesPromoCodes", "refusesPriorAccounts", "ReservationRefused", "RewardRefused", "reservationRefused.v1",
    "rewardRefused.v1", "Connection refused",
    "connection refused",
    ".rekeyed", "attribution.verdict",
  ]

  @Test(arguments: try TidyTests.sources(in: ["Services", "Shared"]).filter { !$0.isGenerated })
  func noWordThatHasAnother(source: TidyTests.Source) {
    var isInText = false
    for (number, line) in source.lines.enumerated() {
      defer { if line.contains("\"\"\"") { isInText.toggle() } }
      var code = line.components(separatedBy: "//")[0]
      for name in Self.kept { code = code.replacing(name, with: "") }
      let found =
        Self.words(code).compactMap { word in Self.everywhere[word].map { (word, $0) } }
        + Self.words(isInText ? "" : code.replacing(/"[^"]*"/, with: "")).compactMap { word in Self.names[word].map { (word, $0) }
        }
      for (word, other) in found {
        Issue.record("\(source.path):\(number + 1) has '\(word)', which is '\(other)' in this repository")
      }
    }
  }

  /// `beginTurn(ofRun:)`: begin, turn, of, run.
  static func words(_ code: String) -> [String] {
    code.replacing(/([a-z0-9])([A-Z])/) { "\($0.output.1) \($0.output.2)" }.lowercased()
      .split { !$0.isLetter }.map(String.init)
  }

  @Test func wordsOfANameAreSeparated() {
    #expect(Self.words("beginTurn(ofRun: isOK2Do)") == ["begin", "turn", "of", "run", "is", "ok", "do"])
  }
}
