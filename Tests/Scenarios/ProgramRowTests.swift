import Contracts
import Foundation
import ScenarioFiles
import Testing

/// Every row of the programs, case by case: `Rows/*.scenario`.
@Suite struct ProgramRowTests {
  static let scenarios = Result { try Scenario.all() }
  /// All scenarios, each run once.
  static let runs = Result { try scenarios.get().map { ($0, try ScenarioRun($0)) } }

  @Test func everyCaseGoesAsWritten() throws {
    for (scenario, run) in try Self.runs.get() {
      #expect(run.differences.isEmpty, "\(scenario)\n\(run.differences.joined(separator: "\n"))")
      let properties = NoticeProperties(run.notices)
      properties.balancesAddUp("\(scenario)")
      properties.sequencesAreContiguous("\(scenario)")
      properties.payoutsHappenOnce("\(scenario)")
      // It knows only the tiers of the program's own terms.
      if scenario.edits.isEmpty { properties.discountsAreDealtOnce("\(scenario)") }
    }
  }

  /// The second implementation gives the expected notices too, for terms that it supports.
  @Test func theAuditorSaysTheSame() throws {
    for (scenario, run) in try Self.runs.get() {
      guard let terms = AuditedTerms(try scenario.terms(as: scenario.program)) else { continue }
      // It does not derive codes for requests without a vanity.
      if scenario.steps.contains(where: { $0.text.hasSuffix("asks for a code") }) { continue }
      let lines = scenario.steps.compactMap { $0.event?.line(program: scenario.program) }
      let expected = try ComparedNotices(
        lines: Auditor.notices(lines, terms: [terms], until: scenario.steps.last?.instant.milliseconds))
      let differences = try ComparedNotices(lines: run.notices).differences(from: expected)
      #expect(differences.isEmpty, "\(scenario)\n\(differences.joined(separator: "\n"))")
    }
  }

  @Test func everyRowHasItsPlainCaseItsEdgeAndItsRejection() throws {
    let rows =
      (1...9).map { "A\($0)" } + (1...10).flatMap { ["B\($0)", "C\($0)"] }
      + ["duplicates", "order", "version", "self", "base", "reversal", "closed", "why", "correction", "terms"].map {
        "every-\($0)"
      }
    let found = Dictionary(grouping: try Self.scenarios.get(), by: \.row)
    #expect(Set(found.keys) == Set(rows))
    for row in rows {
      let kinds = Set(found[row, default: []].map(\.kind))
      #expect(kinds.count == Scenario.Kind.allCases.count, "\(row) has only \(kinds)")
    }
    let titles = try Self.scenarios.get().map(\.description)
    #expect(Set(titles).count == titles.count)
  }
}
