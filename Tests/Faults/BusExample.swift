import Contracts
import FaultBench
import Foundation
import ScenarioFiles

/// An example under a program of its own, so that many can share a deployment without knowing of each other.
struct BusExample {
  let program: String
  /// Its terms file.
  let terms: String
  /// Lines of an event file, in order of arrival.
  let events: [String]
  /// Where its own clock stops; on the bus, time goes on for the others.
  private let until: Instant
  /// What must be said until then, under the program's name here.
  private let expected: Expected

  private enum Expected {
    /// Lines of an example: compared in what carries meaning.
    case meaning([String])
    /// Every byte.
    case lines([String])
  }

  /// Every worked example of the contract.
  static func examples() throws -> [BusExample] {
    try Examples.names.map { name in
      let program = "example-\(name)"
      let events = try Examples.events(name)
      let first = try row(events[0])
      guard let original = first["program"] as? String else { throw NoProgram(line: events[0]) }
      let file = try String(contentsOf: Examples.terms(of: original, in: name), encoding: .utf8)
      let last = try events.compactMap { try row($0)["time"] as? String }.compactMap { Instant(rfc3339: $0) }.max()
      return BusExample(
        program: program, terms: file.replacing("program: \(original)\n", with: "program: \(program)\n"),
        events: try events.map { try renamed($0, from: original, to: program) },
        until: try Examples.until(name) ?? last ?? Instant(milliseconds: 0),
        expected: .meaning(try Examples.expected(name).map { try renamed($0, from: original, to: program) }))
    }
  }

  /// The cases of the rows that are marked for the bus.
  static func scenarios() throws -> [BusExample] {
    try Scenario.all().filter(\.isOnBus).enumerated().map { index, scenario in
      let program = "case-\(scenario.row.lowercased())-\(index + 1)"
      let run = try ScenarioRun(scenario, as: program)
      guard run.differences.isEmpty else { throw NotAsWritten(scenario: "\(scenario)") }
      return BusExample(
        program: program, terms: try scenario.terms(as: program),
        events: scenario.steps.compactMap { $0.event?.line(program: program) },
        until: scenario.steps.map(\.instant).max() ?? Instant(milliseconds: 0), expected: .lines(run.notices.sorted()))
    }
  }

  struct NoProgram: Error { let line: String }
  struct NotAsWritten: Error { let scenario: String }

  /// What a bus has said otherwise about it.
  func differences(from notices: [String]) throws -> [String] {
    let own = try notices.filter { line in
      let row = try Self.row(line)
      guard row["program"] as? String == program, let time = (row["time"] as? String).flatMap({ Instant(rfc3339: $0) }) else {
        return false
      }
      return time <= until
    }
    switch expected {
    case .meaning(let lines): return try ComparedNotices(lines: own).differences(from: ComparedNotices(lines: lines))
    case .lines(let lines):
      let missing = Set(lines).subtracting(own).sorted().map { "missing: \($0)" }
      let unasked = Set(own).subtracting(lines).sorted().map { "unasked: \($0)" }
      return missing + unasked + (own.count == lines.count ? [] : ["\(own.count) notices instead of \(lines.count)"])
    }
  }

  private static func row(_ line: String) throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
  }

  private static func renamed(_ line: String, from original: String, to program: String) throws -> String {
    var row = try row(line)
    guard row["program"] as? String == original else { throw NoProgram(line: line) }
    row["program"] = program
    return String(decoding: try JSONSerialization.data(withJSONObject: row, options: .sortedKeys), as: UTF8.self)
  }
}
