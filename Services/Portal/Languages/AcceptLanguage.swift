extension Language {
  /// The one of our languages that a browser's `Accept-Language` header (RFC 9110, section 12.5.4) prefers. `nil` if it names none.
  static func preferred(_ header: String) -> Code? {
    var best: (code: Code, quality: Double)?
    for part in header.split(separator: ",").prefix(32) {
      let pieces = part.split(separator: ";").map { $0.filter { !$0.isWhitespace } }
      guard let tag = pieces.first, let primary = tag.split(separator: "-").first,
        let code = Code(rawValue: primary.lowercased())
      else { continue }
      let quality = pieces.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
      if quality > 0, quality > best?.quality ?? 0 { best = (code, quality) }
    }
    return best?.code
  }
}
