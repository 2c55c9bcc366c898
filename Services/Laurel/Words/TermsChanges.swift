import Contracts
import Terms

/// The differences between versions of the terms: the sentences of `TermsWords` that differ. Pure.
package enum TermsChanges {
  /// The differences between two versions, except number and start. Empty if there are none.
  package static func sentences(from old: TermsVersion, to new: TermsVersion) -> [String] {
    var gone: [String] = []
    var added: [String] = []
    for change in TermsWords.rules(of: new).difference(from: TermsWords.rules(of: old)) {
      switch change {
      case .remove(_, let sentence, _): gone.insert(sentence, at: 0)
      case .insert(_, let sentence, _): added.append(sentence)
      }
    }
    let changed = added.map { sentence in
      for (index, before) in gone.enumerated() {
        guard let text = marked(before, sentence) else { continue }
        gone.remove(at: index)
        return text
      }
      return "New: \(sentence)"
    }
    return changed + gone.map { "No longer: \($0)" }
  }

  /// The differences between two forms of a program, version by version. Empty if there are none.
  package static func sentences(from old: Program, to new: Program) -> [String] {
    (0..<max(old.versions.count, new.versions.count)).flatMap { index -> [String] in
      guard new.versions.indices.contains(index) else { return ["Version \(old.versions[index].version) is removed."] }
      let version = new.versions[index]
      guard old.versions.indices.contains(index) else {
        let before = index > 0 ? sentences(from: new.versions[index - 1], to: version) : []
        return ["Version \(version.version) is new, from \(version.effectiveFrom.readable)."] + before
      }
      let changes = sentences(from: old.versions[index], to: version)
      let start =
        old.versions[index].effectiveFrom == version.effectiveFrom
        ? []
        : ["It begins on \(version.effectiveFrom.readable), instead of \(old.versions[index].effectiveFrom.readable)."]
      return (start + changes).map { new.versions.count > 1 ? "Version \(version.version): \($0)" : $0 }
    }
  }

  /// The new sentence, with the words that differ: `The reward is 12 % (was 10 %) of that.` `nil` if most of it differs.
  private static func marked(_ old: String, _ new: String) -> String? {
    let (before, after) = (words(old), words(new))
    var gone: Set<Int> = []
    var added: Set<Int> = []
    for change in after.difference(from: before) {
      switch change {
      case .remove(let index, _, _): gone.insert(index)
      case .insert(let index, _, _): added.insert(index)
      }
    }
    guard 3 * (after.count - added.count) >= 2 * max(before.count, after.count) else { return nil }
    var text: [String] = []
    var (left, right) = (0, 0)
    while left < before.count || right < after.count {
      let was = before[left...].indices.prefix(while: gone.contains)
      let now = after[right...].indices.prefix(while: added.contains)
      (left, right) = (left + was.count, right + now.count)
      let (wasText, nowText) = (before[was].joined(separator: " "), after[now].joined(separator: " "))
      switch (was.isEmpty, now.isEmpty) {
      case (false, false): text.append("\(nowText) (was \(wasText))")
      case (true, false): text.append("(new: \(nowText))")
      case (false, true): text.append("(no longer: \(wasText))")
      case (true, true):
        text.append(after[right])
        (left, right) = (left + 1, right + 1)
      }
    }
    return text.joined(separator: " ").replacing(/\ ([,.;:])/) { $0.output.1 }.replacing("\u{A0}", with: " ")
  }

  /// Punctuation is a word of its own. A percentage is one word.
  private static func words(_ sentence: String) -> [String] {
    let text = sentence.replacing(" %", with: "\u{A0}%").replacing(/([,.;:])(?= |$)/) { " \($0.output.1)" }
    return text.split(separator: " ").map(String.init)
  }
}
