import Contracts
import FaultBench
import Foundation
import ScenarioFiles

/// An example under its own program name, so that many can share a deployment without affecting each other.
struct BusExample {
  let program: String
  /// Its terms file.
  let terms: String
  /// Lines of an event file, in order of arrival.
  let events: [String]
  /// The example's own end. On the bus, time continues for the others.
  private let until: Instant
  /// The notices expected until then, under this program name.
  private let expected: Expected

  private enum Expected {
    /// Lines of an example, compared by the fields that carry meaning.
    case meaning([String])
    /// Compared byte by byte.
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

  /// The rows' cases that are marked for the bus.
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

  /// The differences between the expected notices and those on the bus.
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
