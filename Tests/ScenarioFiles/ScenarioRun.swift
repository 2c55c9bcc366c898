import Contracts
import Deployment
import Foundation
import Streaming
import Terms
import TermsFiles

/// Runs a scenario in the simulation.
public struct ScenarioRun: Sendable {
  /// Structured CloudEvents, in order.
  public private(set) var notices: [String] = []
  public private(set) var rejections: [DeadLetterReason] = []
  /// One entry per step that differs: the step, the expected lines and the actual lines.
  public private(set) var differences: [String] = []

  /// Notices of a `given`. It must succeed, or the scenario does not start in its state.
  private static let given: Set<String> = [
    "code.issued.v1", "referral.attributed.v1", "offer.opened.v1", "offer.expired.v1", "reward.accrued.v1", "reward.credited.v1",
    "reward.unlocked.v1", "referral.activated.v1",
  ]

  /// - Parameter program: the program's name in this run; nil for the scenario's own.
  public init(_ scenario: Scenario, as program: String? = nil) throws {
    let program = program ?? scenario.program
    let terms = try TermsFiles.parseFile(Array(scenario.terms(as: program).utf8), file: "\(program).yaml").program
    let heard = Heard()
    let simulation = try Simulation(
      services: Deployment.services(Programs([terms])), programs: [terms.id],
      notice: { heard.notices.append(String(decoding: $0.structuredText(), as: UTF8.self)) },
      rejected: { heard.rejections.append($0.rejection.reason) })
    var sentences = NoticeSentences()
    for (number, step) in scenario.steps.enumerated() {
      if let event = step.event {
        try simulation.take(InputRecord(line: event.line(program: program), number: number))
      } else {
        try simulation.advance(to: step.instant)
      }
      let (said, rejected) = heard.take()
      let lines = try said.map { try sentences.sentence($0, step: step.instant) } + rejected.map { "dead letter: \($0.rawValue)" }
      if let expected = step.expected {
        if lines != expected { differences.append(Self.difference(step, lines)) }
      } else if !rejected.isEmpty || said.contains(where: { line in !Self.given.contains { line.contains("\"\($0)\"") } }) {
        differences.append(Self.difference(step, lines))
      }
      notices += said
      rejections += rejected
    }
  }

  private static func difference(_ step: Scenario.Step, _ lines: [String]) -> String {
    func list(_ lines: [String]) -> String { lines.map { "\n    -> \($0)" }.joined() }
    return "  \(step.text)\n   expected:\(list(step.expected ?? ["success"]))\n   actual:\(list(lines))"
  }

  private final class Heard {
    var notices: [String] = []
    var rejections: [DeadLetterReason] = []

    func take() -> ([String], [DeadLetterReason]) {
      defer { (notices, rejections) = ([], []) }
      return (notices, rejections)
    }
  }
}

extension Scenario {
  /// The program's terms file with this scenario's edits. ` & ` in an edit starts a new line.
  public func terms(as name: String) throws -> String {
    let file = Examples.terms.appending(path: "\(program).yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    try Self.edit(&lines, "program: \(program)", "program: \(name)")
    for edit in edits where edit.from == nil { try Self.edit(&lines, edit.line, edit.becomes) }
    guard let start = lines.firstIndex(where: { $0.hasPrefix("  - version: 1") }) else {
      throw ScenarioError(program, "the terms have no version")
    }
    let first = Array(lines[start...])
    var from: [String] = []
    for edit in edits { if let day = edit.from, !from.contains(day) { from.append(day) } }
    for (index, day) in from.enumerated() {
      var version = first
      try Self.edit(&version, "- version: 1", "- version: \(index + 2)")
      try Self.edit(&version, "effectiveFrom: 2020-01-01T00:00:00Z", "effectiveFrom: \(day)")
      for edit in edits where edit.from == day { try Self.edit(&version, edit.line, edit.becomes) }
      lines += version
    }
    return lines.joined(separator: "\n")
  }

  private static func edit(_ lines: inout [String], _ line: String, _ replacement: String) throws {
    let places = lines.indices.filter { lines[$0].trimmingCharacters(in: .whitespaces) == line }
    guard places.count == 1 else { throw ScenarioError("terms", "\(places.count) lines instead of one match: \(line)") }
    let indentation = String(lines[places[0]].prefix { $0 == " " })
    lines[places[0]] = replacement.components(separatedBy: " & ").map { indentation + $0 }.joined(separator: "\n")
  }
}
