import Contracts
import ServiceKit
import Words

/// What happened to one thing, why, and what comes next, ready to be printed.
struct Story {
  /// One thing that arrived or was decided.
  struct Passage {
    /// `nil` if the date is unknown.
    let at: Instant?
    var isDecision = false
    let text: String
    var because: [String] = []
  }

  let title: String
  var passages: [Passage]
  /// The clock's time.
  let asOf: Instant
  var next: [String]

  private static let width = 110
  /// The width of `28 Apr 2026 00:00:00 UTC` and two spaces.
  private static let dateWidth = 26

  var lines: [String] {
    var lines = [title, ""]
    for passage in passages {
      let date = passage.at?.readable ?? ""
      let gap = String(repeating: " ", count: max(1, Self.dateWidth - date.count))
      let text = (passage.isDecision ? "→ " : "  ") + wrapped(passage.text, to: Self.width, indent: Self.dateWidth + 2)
      lines.append(date + gap + text)
      for reason in passage.because {
        let indent = Self.dateWidth + 4
        lines.append(String(repeating: " ", count: indent) + "· " + wrapped(reason, to: Self.width, indent: indent + 2))
      }
    }
    if passages.isEmpty { lines.append("Nothing about it has arrived.") }
    lines.append("")
    lines.append("As of \(asOf.readable)")
    lines += next.map { "  " + wrapped($0.capitalizedFirst, to: Self.width, indent: 2) }
    return lines
  }

  /// Printed if what comes next depends on terms that were not given.
  static let withoutTerms = "what comes next depends on the terms: run the command again with --terms DIR"

  /// Passages of the same instant keep their order. Passages without an instant come last.
  static func inOrderOfTime(_ passages: [Passage]) -> [Passage] {
    // Swift's sort is stable, but does not promise it.
    passages.enumerated().sorted {
      ($0.element.at?.milliseconds ?? .max, $0.offset) < ($1.element.at?.milliseconds ?? .max, $1.offset)
    }.map(\.element)
  }

  // MARK: Notices

  /// The reasons for a notice, and the terms that it follows. A reason without an entry in `because` gets a sentence of its own.
  static func because(_ notice: any Notice, currency: Currency?) -> [String] {
    let reported = Set(notice.because.map(\.code))
    let bare = reasons(of: notice).filter { !reported.contains($0) && bareReasons.contains($0) }
    let sentences = (bare.map { Because($0) } + notice.because).map { BecauseText.sentence($0, currency: currency) }
    guard let first = sentences.first else { return [] }
    return ["by \(notice.terms): \(first)"] + sentences.dropFirst()
  }

  /// Reasons without an entry of their own. Their facts are in the entry about the request.
  private static let bareReasons: Set<String> = ["insufficient-balance", "not-spendable", "kind-not-allowed"]

  private static func reasons(of notice: any Notice) -> [String] {
    switch notice {
    case let n as BonusDeclined: n.reasons.map(\.rawValue)
    case let n as WithdrawalDeclined: n.reasons.map(\.rawValue)
    default: []
    }
  }
}
