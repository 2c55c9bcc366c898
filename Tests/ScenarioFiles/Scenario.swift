import Contracts
import Foundation

/// A case of one row of the programs: the events, step by step, and all notices that Laurel emits.
///
/// Scenario files are text (`Tests/Scenarios/Rows/*.scenario`), for people who run programs rather than write code:
///
///     row A4 of bonus: "Bonuses are credited 14 days after payment"
///
///     edge: not a millisecond before 14 x 24 hours
///       given acme refers beta
///       2026-03-10 09:00  beta pays p1: plan 300000.00, service 105000.00
///         -> accrued 40500.00 KZT to acme for p1: 10% of 405000.00, available 2026-03-24 09:00 | pending 40500.00
///       2026-03-24 08:59:59.999  nothing happens
///       2026-03-24 09:00  nothing happens
///         -> credited 40500.00 KZT to acme for p1 | available 40500.00
///
/// After each step come all notices and dead letters that it causes, in order. A step without any lines causes none. The balance follows
/// `|`, without parts that are 0. A notice with another instant than its step ends in `@ instant`; one from later terms than the first
/// ends in `by version 2`. The sentences are those of ``ScenarioEvent`` and ``NoticeSentences``; anything else is an error.
public struct Scenario: Sendable, CustomStringConvertible {
  public enum Kind: String, Sendable, CaseIterable { case plain, edge, rejection }

  /// `A4`, `every-order`.
  public let row: String
  public let kind: Kind
  public let title: String
  /// Whether it also runs on real Kafka.
  public let isOnBus: Bool
  public var program: String
  public var edits: [TermsEdit] = []
  public var steps: [Step] = []

  public var description: String { "\(row) \(kind.rawValue): \(title)" }

  public struct Step: Sendable {
    /// The text as written, including `given` lines.
    public let text: String
    public let instant: Instant
    /// nil if only the clock moves.
    public let event: ScenarioEvent?
    /// nil for a step of a `given`: it must succeed, and its notices are not listed.
    public var expected: [String]?
  }

  /// A line of the program's terms that this case replaces, from the beginning or from an instant on.
  public struct TermsEdit: Sendable {
    public let line: String
    public let becomes: String
    public let from: String?
  }
}

/// A sentence that cannot be read: the place, and the problem.
public struct ScenarioError: Error, CustomStringConvertible {
  public let description: String
  init(_ place: String, _ problem: String) { description = "\(place): \(problem)" }
}

// MARK: - Reading files

extension Scenario {
  public static let folder = Examples.scenarios.appending(path: "Rows", directoryHint: .isDirectory)

  /// The scenarios of all files, by row.
  public static func all() throws -> [Scenario] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "scenario" }.sorted { $0.lastPathComponent < $1.lastPathComponent }
      .flatMap { try read(String(contentsOf: $0, encoding: .utf8), file: $0.lastPathComponent) }
  }

  public static func read(_ text: String, file: String) throws -> [Scenario] {
    var scenarios: [Scenario] = []
    var row: (name: String, program: String)?
    for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let place = "\(file):\(index + 1)"
      let line = raw.trimmingCharacters(in: .whitespaces)
      if line.isEmpty || line.hasPrefix("#") { continue }
      let last = scenarios.count - 1
      switch (raw.prefix { $0 == " " }.count, last >= 0) {
      case (0, _):
        if let heading = line.wholeMatch(of: /row (\S+) of (\S+): .+/) {
          row = (String(heading.output.1), String(heading.output.2))
        } else if let heading = line.wholeMatch(of: /([a-z]+)( \(on the bus\))?: (.+)/), let row,
          let kind = Kind(rawValue: String(heading.output.1))
        {
          scenarios.append(
            Scenario(
              row: row.name, kind: kind, title: String(heading.output.3), isOnBus: heading.output.2 != nil, program: row.program))
        } else {
          throw ScenarioError(place, "expected `row …`, or a case `plain`, `edge` or `rejection`, not: \(line)")
        }
      case (2, true): try scenarios[last].read(line, place)
      case (4, true):
        guard line.hasPrefix("-> "), let step = scenarios[last].steps.indices.last,
          scenarios[last].steps[step].expected != nil
        else { throw ScenarioError(place, "a notice must follow a step and start with `->`: \(line)") }
        scenarios[last].steps[step].expected?.append(String(line.dropFirst(3)))
      default: throw ScenarioError(place, "indent steps by 2 and notices by 4: \(line)")
      }
    }
    return scenarios
  }

  private mutating func read(_ line: String, _ place: String) throws {
    if let program = line.wholeMatch(of: /program (\S+)/) {
      self.program = String(program.output.1)
    } else if let edit = line.wholeMatch(of: /terms (.+) becomes (.+?)( from (\S+))?/) {
      edits.append(
        TermsEdit(line: String(edit.output.1), becomes: String(edit.output.2), from: edit.output.4.map { String($0) }))
    } else if line.hasPrefix("given ") {
      guard let given = ScenarioGiven.steps(String(line.dropFirst(6)), program: program) else {
        throw ScenarioError(place, "unknown given: \(line)")
      }
      for (instant, text) in given { try add(instant, text, nil, place) }
    } else if let step = line.wholeMatch(of: /(\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d(?:\.\d{3})?)?)  (.+)/) {
      try add(String(step.output.1), String(step.output.2), [], place)
    } else {
      throw ScenarioError(place, "expected `given`, `terms`, `program` or a step `2026-01-28 09:00  what happens`, not: \(line)")
    }
  }

  private mutating func add(_ instant: String, _ text: String, _ expected: [String]?, _ place: String) throws {
    guard let at = ScenarioText.instant(instant) else { throw ScenarioError(place, "not an instant: \(instant)") }
    let step: Step
    if text == "nothing happens" {
      step = Step(text: "\(instant)  \(text)", instant: at, event: nil, expected: expected)
    } else {
      let before = steps.last { $0.event != nil }?.event
      guard let event = ScenarioEvent(text, at: at, number: steps.count + 1, before: before, program: program) else {
        throw ScenarioError(place, "unknown event: \(text)")
      }
      step = Step(text: "\(instant)  \(text)", instant: event.time, event: event, expected: expected)
    }
    let index = steps.lastIndex { $0.instant <= step.instant }.map { $0 + 1 } ?? 0
    // Steps of a `given` are sorted by time. Steps of the case itself must be in order.
    guard expected == nil || index == steps.count else { throw ScenarioError(place, "arrives before the step above it") }
    steps.insert(step, at: index)
  }
}
