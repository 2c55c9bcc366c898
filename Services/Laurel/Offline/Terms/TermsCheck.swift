import CommandKit
import Contracts
import ServiceKit
import Terms
import TermsFiles
import Words

/// `laurel terms`: what the terms files say.
package enum TermsCheck {
  package static let command = Command(
    "terms", summary: "Say in words what terms files mean",
    example: "laurel terms check ops/terms",
    subcommands: [check])

  private static let check = Command(
    "check", summary: "Validate terms files, and explain them for proof-reading",
    discussion: """
      Says version by version who may refer, what a payment earns and when, how it can be used, the discounts and their calendar, and \
      what a version changes in the one before. Below each program stands what its owner might regret: warnings, which are most likely \
      mistakes, and notes, which are good to know.

      What may not be written at all is reported as FILE:LINE:COLUMN: FIELD: MESSAGE, and the command ends with exit 1. Warnings do so \
      only with --strict.
      """,
    example: """
      laurel terms check ops/terms
      # before a new version is put into force: as of its eve, and no warning passes
      laurel terms check ops/terms/bonus.yaml --at 2026-12-31 --strict
      """,
    options: [
      Option(
        "at", placeholder: "INSTANT", kind: .instant, help: "What is past and what is to come is seen from here; now if absent"),
      Option("strict", help: "Warnings make the command fail (exit 1)"),
      Option("quiet", help: "Only warnings and notes"),
    ],
    operands: [Operand("FILE", help: "A terms file, or a folder of them (*.yaml)")])

  package static func run(_ invocation: Invocation, now: Instant) throws -> Int32 {
    let path = invocation.operands.first ?? ""
    let now = invocation.instant("at") ?? now
    let files = try TermsFiles.files(at: path)
    let output = ResultOutput()
    var warnings = 0
    for (index, file) in files.enumerated() {
      let concerns = TermsConcerns.of(file.program, at: now)
      warnings += concerns.count { $0.weight == .warning }
      if !invocation.flag("quiet") {
        if index > 0 { try output.line("") }
        for line in TermsReport.lines(file.program, file: file.name, at: now) { try output.line(line) }
        if !concerns.isEmpty { try output.line("\nWorth a second look") }
      }
      for concern in concerns {
        let place = file.problem(
          version: concern.version, field: concern.field, "\(concern.weight.rawValue): \(concern.message)")
        try output.line("\(place)")
      }
    }
    try output.flush()
    return warnings > 0 && invocation.flag("strict") ? 1 : 0
  }
}

/// A program's terms as a text to be read.
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
          // The rows of a table stand deeper than the sentence that begins it.
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
    let standing = isOver ? "over" : version.effectiveFrom <= now ? "in force" : "to come"
    return "Version \(version.version) (\(standing)): from \(start)" + (end.map { " until \($0.readable)" } ?? " on")
  }

  private static func changes(from old: TermsVersion, to new: TermsVersion) -> [String] {
    let changes = TermsChanges.sentences(from: old, to: new)
    let heading = changes.isEmpty ? "Nothing changes from version \(old.version)" : "What changes from version \(old.version)"
    return ["", "  \(heading)"] + changes.map { "    " + wrapped($0, to: width, indent: 4) }
  }
}
