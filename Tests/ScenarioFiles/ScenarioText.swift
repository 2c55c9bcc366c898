import Contracts
import Foundation

/// Parses words, amounts and instants of scenario files.
enum ScenarioText {
  /// Matches a text with a form: `{name}` is one word, `{name*}` is the rest. nil if it does not match.
  static func match(_ form: String, _ text: String) -> [String: String]? {
    var found: [String: String] = [:]
    var words = text.split(separator: " ")[...]
    for part in form.split(separator: " ") {
      guard let word = words.first else { return nil }
      guard part.hasPrefix("{"), let end = part.firstIndex(of: "}") else {
        guard word == part else { return nil }
        words.removeFirst()
        continue
      }
      let name = part[part.index(after: part.startIndex)..<end]
      if name.hasSuffix("*") {
        found[String(name.dropLast())] = words.joined(separator: " ")
        return found
      }
      let punctuation = part[part.index(after: end)...]
      guard word.hasSuffix(punctuation) else { return nil }
      let value = word.dropLast(punctuation.count)
      guard !value.isEmpty, value.last.map({ !",;:".contains($0) }) ?? false else { return nil }
      found[String(name)] = String(value)
      words.removeFirst()
    }
    return words.isEmpty ? found : nil
  }

  static func list(_ text: String?) -> [String] { (text ?? "").components(separatedBy: ", ") }

  /// `300.00` in minor units; every currency here has two digits.
  static func amount(_ text: String?) -> Int64? {
    guard let text, let parts = text.wholeMatch(of: /(-?)(\d+)\.(\d\d)/) else { return nil }
    return Int64(parts.output.1 + parts.output.2 + parts.output.3)
  }

  static func amount(_ minor: Int64) -> String {
    let digits = String(minor.magnitude)
    let padded = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    return (minor < 0 ? "-" : "") + padded.dropLast(2) + "." + padded.suffix(2)
  }

  /// `2026-01-28 09:00` in UTC, with seconds and milliseconds if needed.
  static func instant(_ text: String) -> Instant? {
    let parts = text.split(separator: " ")
    guard parts.count == 2 else { return nil }
    return Instant(rfc3339: "\(parts[0])T\(parts[1].count == 5 ? parts[1] + ":00" : parts[1])Z")
  }

  static func instant(_ instant: Instant) -> String {
    var text = "\(instant)".replacingOccurrences(of: "T", with: " ").replacingOccurrences(of: "Z", with: "")
    if text.hasSuffix(".000") { text.removeLast(4) }
    if text.hasSuffix(":00"), text.count == 19 { text.removeLast(3) }
    return text
  }
}
