import CommandKit
import Contracts
import ServiceKit
import Terms
import TermsFiles
import Words

/// `laurel terms`: checks and explains terms files.
package enum TermsCheck {
  package static let command = Command(
    "terms", summary: "Check and explain terms files",
    example: "laurel terms check ops/terms",
    subcommands: [check])

  private static let check = Command(
    "check", summary: "Validate terms files, and explain them for proofreading",
    discussion: """
      Explains version by version who may refer, what a payment earns and when, how rewards can be used, the discounts and their \
      calendar, and what each version changes. Below each program are warnings, which are probably mistakes, and notes, which are \
      good to know.

      An invalid file is reported as FILE:LINE:COLUMN: FIELD: MESSAGE, and the command exits with 1. With --strict, it also exits \
      with 1 if there are warnings.
      """,
    example: """
      laurel terms check ops/terms
      # before a new version takes effect: check as of the day before, and fail on warnings
      laurel terms check ops/terms/bonus.yaml --at 2026-12-31 --strict
      """,
    options: [
      Option(
        "at", placeholder: "INSTANT", kind: .instant, help: "Check as of this instant (default: now)"),
      Option("strict", help: "Exit with 1 if there are warnings"),
      Option("quiet", help: "Print only warnings and notes"),
    ],
    operands: [Operand("FILE", help: "A terms file, or a folder of them (*.yaml)")], run: run)

  private static func run(_ invocation: Invocation) throws -> Int32 {
    let path = invocation.operands.first ?? ""
    let now = invocation.instant("at") ?? .now
    let files = try TermsFiles.files(at: path)
    var lines: [String] = []
    var warnings = 0
    for (index, file) in files.enumerated() {
      let concerns = TermsConcerns.of(file.program, at: now)
      warnings += concerns.count { $0.weight == .warning }
      if !invocation.flag("quiet") {
        if index > 0 { lines.append("") }
        lines += TermsReport.lines(file.program, file: file.name, at: now)
        if !concerns.isEmpty { lines += ["", "Worth a second look"] }
      }
      lines += concerns.map {
        "\(file.problem(version: $0.version, field: $0.field, "\($0.weight.rawValue): \($0.message)"))"
      }
    }
    try ResultOutput().print(lines)
    return warnings > 0 && invocation.flag("strict") ? 1 : 0
  }
}

/// A program's terms as text.
enum TermsReport {
  private static let width = 110

  static func lines(_ program: Program, file: String, at now: Instant) -> [String] {
    var lines = ["Program \(program.id) (\(file)), \(counted(program.versions.count, "version"))"]
    for (index, version) in program.versions.enumerated() {
      let next = index + 1 < program.versions.count ? program.versions[index + 1].effectiveFrom : nil
      lines += ["", title(version, until: next, at: now)]
      let before = index > 0 ? program.versions[index - 1] : nil
      if let before { lines += changes(from: before, to: version) }
      for section in TermsWords.sections(of: version, after: before, from: now, until: next) {
        lines += ["", "  \(section.title)"]
        lines += section.sentences.map { sentence in
          // Rows of a table are indented deeper than the sentence above it.
          let indent = sentence.hasPrefix("- ") ? 6 : 4
          return String(repeating: " ", count: indent) + wrapped(sentence, to: width, indent: indent)
        }
      }
    }
    return lines
  }

  private static func title(_ version: TermsVersion, until end: Instant?, at now: Instant) -> String {
    let start = version.effectiveFrom.readable
    let isOver = end.map { $0 <= now } ?? false
    let standing = isOver ? "ended" : version.effectiveFrom <= now ? "in force" : "future"
    return "Version \(version.version) (\(standing)): from \(start)" + (end.map { " until \($0.readable)" } ?? "")
  }

  private static func changes(from old: TermsVersion, to new: TermsVersion) -> [String] {
    let changes = TermsChanges.sentences(from: old, to: new)
    let heading = changes.isEmpty ? "No changes from version \(old.version)" : "Changes from version \(old.version)"
    return ["", "  \(heading)"] + changes.map { "    " + wrapped($0, to: width, indent: 4) }
  }
}
