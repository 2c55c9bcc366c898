import Foundation
import Testing

/// Everything that the runbook and the alarms name exists, because people read them at night and type what they read.
@Suite struct RunbookTests {
  static func text(_ path: String) throws -> String {
    try String(contentsOf: TidyTests.root.appending(path: path), encoding: .utf8)
  }

  static let runbook = Result { try text("ops/docs/RUNBOOK.md") }
  static let alerts = Result { try text("ops/observability/alerts.yml") }
  static let programs = Result { try TidyTests.sources(in: ["Shared", "Services"]) }

  /// The same alarms in the same order, so that each alarm leads to its section.
  @Test func everyAlarmHasItsSection() throws {
    let alarms = try Self.alerts.get().matches(of: /(?m)^ *- alert: (\w+)$/).map { String($0.output.1) }
    let sections = try Self.runbook.get().matches(of: /(?m)^#+ (Laurel[A-Z]\w+)$/).map { String($0.output.1) }
    #expect(alarms.count > 10)
    #expect(alarms == sections)
  }

  @Test func everyMetricIsExported() throws {
    let exported = Set(
      try Self.programs.get().flatMap { $0.text.matches(of: /\.(?:counter|gauge|histogram)\(\s*"(laurel_[a-z_]+)"/) }
        .map { String($0.output.1) })
    let pages = [
      "ops/observability/alerts.yml", "ops/docs/RUNBOOK.md", "ops/docs/RUN.md", "ops/observability/grafana/laurel.json",
      "ops/kubernetes/base/service/scaling.yaml",
    ]
    let used = try pages.flatMap { try Self.text($0).matches(of: /\blaurel_[a-z_]+/).map { String($0.output) } }
    #expect(used.count > 10)
    for metric in Set(used) {
      #expect(exported.contains(metric.replacing(/_(bucket|sum|count)$/, with: "")), "nothing exports \(metric)")
    }
  }

  @Test(arguments: ["ops/docs/RUNBOOK.md", "ops/docs/DESK.md", "ops/docs/RUN.md"])
  func everyCommandIsThere(page: String) throws {
    let sources = try Self.programs.get()
    // explain's subcommands are made from the names of its subjects. Functions make some of the desk's.
    let subjects = sources.flatMap { $0.text.matches(of: /\bsubject\(\.([a-z]+), "/).map { String($0.output.1) } }
    let made = sources.flatMap {
      $0.text.matches(of: /\b(?:decision|result)\(\s*["\.]([a-z]+)"?, "[A-Z]/).map { String($0.output.1) }
    }
    let names = Set(sources.flatMap { Self.named("Command", in: $0.text) } + subjects + made)
    let options = Set(sources.flatMap { Self.named("Option", in: $0.text) })
    let program = try #require(sources.first { $0.path.hasSuffix("/LaurelProgram.swift") })
    let kinds = program.text.matches(of: /\b([A-Z]\w+)\.command\b/).map { String($0.output.1) }
    let first = Set(
      try kinds.map { kind in
        let source = sources.first { $0.text.contains("enum \(kind) {") && $0.text.contains("let command = Command(") }
        return try #require(source.flatMap { Self.named("Command", in: $0.text).first })
      })
    // In a file with subcommands, the first command is the parent.
    let parents = Set(
      sources.filter { $0.text.contains("subcommands:") }.compactMap { Self.named("Command", in: $0.text).first }
    ).intersection(first)
    #expect(parents.count >= 5 && first.count > parents.count)
    let lines = try Self.commandLines(Self.text(page))
    #expect(!lines.isEmpty)
    for line in lines {
      let words = line.split(separator: " ").map(String.init)
      let command = words.count > 1 ? words[1] : ""
      #expect(first.contains(command), "no such command: \(line)")
      if parents.contains(command) {
        #expect(words.count > 2 && names.contains(words[2]), "no such subcommand: \(line)")
      }
      for option in line.matches(of: /(?:^|\s)--([a-z-]+)/) {
        #expect(options.contains(String(option.output.1)), "no --\(option.output.1): \(line)")
      }
    }
  }

  /// The names given to values of a type, as in `Command("verify", …`, on the same line or the next.
  private static func named(_ type: String, in text: String) -> [String] {
    text.matches(of: /\b([A-Z]\w+)\(\s*"([a-z-]+)"/).filter { $0.output.1 == type }.map { String($0.output.2) }
  }

  /// Commands that start with the word laurel, on a line or within a sentence, up to the point where the shell would end them.
  private static func commandLines(_ text: String) -> [String] {
    text.matches(of: /(?m)(?:^ *|`|\| )(laurel [a-z][^`|#\n]*)/).map { String($0.output.1) }
  }
}
