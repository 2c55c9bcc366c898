import Contracts

/// The parameters of a landing URL, read leniently because links arrive mangled (rows A1, C2, C4; DECISIONS A1). Text that is not a URL
/// has none.
struct LandingURL {
  /// Percent-decoded names and values in order: first those of the query, then those of the fragment.
  let parameters: [(name: String, value: String)]

  init(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "#"), maxSplits: 1, omittingEmptySubsequences: false)
    let query = parts.first.flatMap(Self.afterQuestionMark).map(Self.parameters) ?? []
    // An app with hash routing has its parameters in the fragment.
    let fragment = parts.count > 1 ? Self.parameters(Self.afterQuestionMark(parts[1]) ?? parts[1]) : []
    parameters = query + fragment
  }

  /// The non-empty values of a parameter, without blanks around them and without one trailing slash (DECISIONS R7).
  func values(of name: String) -> [String] {
    parameters.filter { $0.name.isEqual(to: name) }.map { Self.withoutSlash($0.value.trimmingBlanks) }.filter { !$0.isEmpty }
  }

  /// The first parameter of the URL that has one of these names, with or without a value. Its name is returned as the URL spells it.
  func first(of names: [String]) -> String? {
    parameters.first { parameter in names.contains { parameter.name.isEqual(to: $0) } }?.name
  }

  private static func withoutSlash(_ value: String) -> String {
    value.hasSuffix("/") ? String(value.dropLast()).trimmingBlanks : value
  }

  private typealias Part = Substring.UTF8View.SubSequence

  private static func afterQuestionMark(_ text: Part) -> Part? {
    text.firstIndex(of: UInt8(ascii: "?")).map { text[text.index(after: $0)...] }
  }

  /// Reads a second `?` as `&`, and also `&amp;`, which gets into links that are copied from a page's source.
  private static func parameters(_ text: Part) -> [(name: String, value: String)] {
    var found: [(name: String, value: String)] = []
    var rest = text
    var isAfterAmpersand = false
    while true {
      let end = rest.firstIndex { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: "?") }
      var pair = rest[..<(end ?? rest.endIndex)]
      if isAfterAmpersand, pair.starts(with: "amp;".utf8) { pair = pair.dropFirst(4) }
      if !pair.isEmpty {
        let name = pair.prefix { $0 != UInt8(ascii: "=") }
        found.append((decoded(name), decoded(pair.dropFirst(name.count + 1))))
      }
      guard let end else { return found }
      isAfterAmpersand = rest[end] == UInt8(ascii: "&")
      rest = rest[rest.index(after: end)...]
    }
  }

  /// Percent-decodes. A percent sign without two hexadecimal digits after it is kept as it is.
  private static func decoded(_ text: Part) -> String {
    guard text.contains(UInt8(ascii: "%")) else { return String(decoding: text, as: UTF8.self) }
    let bytes = Array(text)
    var out: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = hexadecimal(bytes[index + 1]),
        let low = hexadecimal(bytes[index + 2])
      {
        out.append(high << 4 | low)
        index += 3
      } else {
        out.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension String {
  /// Compares names of parameters, ignoring the case of ASCII letters.
  fileprivate func isEqual(to name: String) -> Bool {
    func small(_ byte: UInt8) -> UInt8 { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte }
    return utf8.count == name.utf8.count && zip(utf8, name.utf8).allSatisfy { small($0) == small($1) }
  }
}
