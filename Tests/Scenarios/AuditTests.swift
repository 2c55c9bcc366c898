import Contracts
import Foundation
import ScenarioFiles
import Testing

/// Compares the stages with a second implementation of the same rules, on generated histories. `LAUREL_HISTORIES` sets the number per
/// program, `LAUREL_HISTORY` runs a single seed.
@Suite struct AuditTests {
  static let programs = ["bonus", "tiers", "cash", "mixed"]

  static var seeds: [UInt64] { seeds(byDefault: 100) }

  /// The number that the environment sets, or a small one for every day.
  static func seeds(byDefault count: UInt64) -> [UInt64] {
    let environment = ProcessInfo.processInfo.environment
    if let one = environment["LAUREL_HISTORY"].flatMap(UInt64.init) { return [one] }
    return Array(1...(environment["LAUREL_HISTORIES"].flatMap(UInt64.init) ?? count))
  }

  private static func terms(in example: String) throws -> [AuditedTerms] {
    try ["bonus", "tiers", "cash"].map { program in
      let text = try String(contentsOf: Examples.terms(of: program, in: example), encoding: .utf8)
      return try #require(AuditedTerms(text), "\(program) of \(example)")
    }
  }

  /// The second implementation itself must give the expected notices of the worked examples.
  @Test(arguments: Examples.names)
  func auditorAgreesWithTheExamples(name: String) throws {
    let expected = try ComparedNotices(lines: Examples.expected(name))
    let actual = try ComparedNotices(
      lines: Auditor.notices(
        Examples.events(name), terms: Self.terms(in: name), until: Examples.until(name)?.milliseconds))
    let differences = actual.differences(from: expected)
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
  }

  @Test(arguments: programs)
  func stagesAgreeWithTheAuditor(program: String) throws {
    var failures = 0
    for seed in Self.seeds where failures < 5 {
      let history = try History.make(program: program, seed: seed)
      let differences = try Self.differences(history)
      if differences.isEmpty { continue }
      failures += 1
      let small = try Self.shrunk(history)
      let reported = try Self.differences(small)
      let parts = try [HistoryTerms.added(to: small.terms), small.lines, reported].map { $0.joined(separator: "\n") }
      Issue.record("\(program), seed \(seed)\n\(parts.joined(separator: "\n"))")
    }
  }

  static func differences(_ history: History) throws -> [String] {
    let terms = try history.terms.map { text in try #require(AuditedTerms(text), "\(text)") }
    let expected = try ComparedNotices(lines: Auditor.notices(history.lines, terms: terms, until: history.until))
    let said = try ExampleTests.simulate(
      history.lines, until: Instant(milliseconds: history.until), programs: history.programs()
    ).notices
    return try ComparedNotices(lines: said).differences(from: expected)
  }

  /// Removes events while the same type of notice still differs.
  static func shrunk(_ history: History) throws -> History {
    func kinds(_ differences: [String]) -> Set<String> {
      Set(differences.compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) })
    }
    let wanted = kinds(try differences(history))
    var history = history
    var size = max(1, history.events.count / 2)
    while true {
      var index = 0
      var hasShrunk = false
      while index < history.events.count {
        var smaller = history
        smaller.events.removeSubrange(index..<min(index + size, history.events.count))
        if try !kinds(differences(smaller)).isDisjoint(with: wanted) {
          history = smaller
          hasShrunk = true
        } else {
          index += size
        }
      }
      if size == 1, !hasShrunk { return history }
      size = max(1, size / 2)
    }
  }
}
