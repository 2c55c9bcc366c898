import Foundation

/// Codes and links in the form in which people send them (A1, R7).
extension AuditedTerms {
  /// Unicode White_Space and invisible characters (R7).
  static func cut(_ text: String) -> String {
    func isBlank(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.isWhitespace || (0x200B...0x200D).contains(scalar.value) || [0x2060, 0xFEFF].contains(scalar.value)
    }
    let scalars = text.unicodeScalars.drop(while: isBlank)
    var cut = String.UnicodeScalarView()
    cut.append(contentsOf: scalars.prefix(scalars.count - scalars.reversed().prefix(while: isBlank).count))
    return String(cut)
  }

  /// Whether a value has the form of a code.
  func isCode(_ text: String) -> Bool {
    guard let codePattern else { return !text.isEmpty }
    guard let pattern = try? Regex(codePattern) else { return false }
    return text.wholeMatch(of: pattern) != nil
  }

  /// The code of a referral. It takes precedence over the link's code.
  func code(of referral: Facts) -> String? {
    let named = referral.text("code").map { [Self.cut($0)] } ?? []
    let linked = parameters(of: referral.text("landingURL")).filter { $0.name == parameter.lowercased() }.map { pair in
      let value = Self.cut(pair.value)
      return Self.cut(value.hasSuffix("/") ? String(value.dropLast()) : value)
    }
    return (named + linked).first(where: isCode)
  }

  /// C4.
  func isPaidAd(_ page: String?) -> Bool {
    let names = ads.map { $0.lowercased() }
    return parameters(of: page).contains { names.contains($0.name) }
  }

  /// The parameters of the query, then those of the fragment, with names in small letters.
  private func parameters(of page: String?) -> [(name: String, value: String)] {
    guard let page = page?.replacingOccurrences(of: "&amp;", with: "&") else { return [] }
    let halves = page.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    let query = halves[0].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).dropFirst().first ?? ""
    let fragment = halves.count > 1 ? halves[1] : ""
    let route = fragment.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    return [query, route.last ?? ""].flatMap { $0.split { $0 == "&" || $0 == "?" } }.map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { part in
        part.removingPercentEncoding ?? String(part)
      }
      return (parts[0].lowercased(), parts.count > 1 ? parts[1] : "")
    }
  }
}
