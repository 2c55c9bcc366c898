/// Reads a pattern of codes: characters, `.`, `\d`, `\w`, classes such as `[A-Z0-9]`, groups with alternatives, and repetitions. All
/// dialects of regular expressions have these. Anything else is a fault.
struct CodePatternReader {
  indirect enum Part {
    case one(CodeCharacters)
    case sequence([Part])
    case choice([Part])
    /// `most` is `nil` if there is no limit.
    case repeated(Part, least: Int, most: Int?)
  }

  /// The maximum length of a code.
  private static let repetitionsMax = 128
  private static let depthMax = 20

  private let pattern: [Unicode.Scalar]
  private var place = 0
  private var depth = 0

  init(_ text: String) { pattern = Array(text.unicodeScalars) }

  private var next: Unicode.Scalar? { place < pattern.count ? pattern[place] : nil }

  private mutating func takes(_ character: Unicode.Scalar) -> Bool {
    guard next == character else { return false }
    place += 1
    return true
  }

  private func fault(_ message: String, at place: Int? = nil) -> CodePatternFault {
    CodePatternFault(message: "character \((place ?? self.place) + 1): \(message)")
  }

  /// Reads the whole pattern. `^` at the beginning and `$` at the end have no effect, because a pattern always matches whole codes.
  mutating func whole() throws(CodePatternFault) -> Part {
    _ = takes("^")
    let part = try choice()
    let end = place
    _ = takes("$")
    guard next == nil else { throw fault(next == ")" ? "\")\" has no \"(\"" : "\"$\" is allowed only at the end", at: end) }
    return part
  }

  private mutating func choice() throws(CodePatternFault) -> Part {
    var parts = [try sequence()]
    while takes("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence() throws(CodePatternFault) -> Part {
    var parts: [Part] = []
    while let next, next != "|", next != ")", next != "$" {
      let part = try one()
      parts.append(try repetition(of: part))
    }
    return .sequence(parts)
  }

  private mutating func one() throws(CodePatternFault) -> Part {
    let start = place
    guard let character = next else { throw fault("the pattern ends too early") }
    place += 1
    switch character {
    case ".": return .one(.any)
    case "[": return .one(try characterClass(from: start))
    case "\\": return .one(try escaped(from: start))
    case "(":
      if takes("?"), !takes(":") { throw fault("\"(?\" is supported only as \"(?:\"", at: start) }
      depth += 1
      guard depth <= Self.depthMax else { throw fault("groups are nested more than \(Self.depthMax) deep", at: start) }
      let inside = try choice()
      guard takes(")") else { throw fault("\"(\" is not closed", at: start) }
      depth -= 1
      return inside
    case "^": throw fault("\"^\" is allowed only at the beginning", at: start)
    case "*", "+", "?", "{": throw fault("there is nothing before \"\(character)\" to repeat", at: start)
    case "]", "}": throw fault("\"\(character)\" has no opening bracket; write \\\(character) for the character", at: start)
    default: return .one(try literal(character, at: start))
    }
  }

  private func literal(_ character: Unicode.Scalar, at place: Int) throws(CodePatternFault) -> CodeCharacters {
    guard 0x20...0x7E ~= character.value else { throw fault("not printable ASCII, so no code can contain it", at: place) }
    return CodeCharacters(character...character)
  }

  private mutating func escaped(from start: Int) throws(CodePatternFault) -> CodeCharacters {
    guard let character = next else { throw fault("\"\\\" needs a character after it", at: start) }
    place += 1
    switch character {
    case "d": return .digits
    case "D": return CodeCharacters.digits.inverted
    case "w": return .word
    case "W": return CodeCharacters.word.inverted
    case "a"..."z", "A"..."Z", "0"..."9": throw fault("\"\\\(character)\" is not supported; use \\d or \\w", at: start)
    default: return try literal(character, at: start)
    }
  }

  private mutating func characterClass(from start: Int) throws(CodePatternFault) -> CodeCharacters {
    let isInverted = takes("^")
    var all: CodeCharacters?
    while let character = next, character != "]" {
      let first = place
      let one = try member()
      guard next == "-", place + 1 < pattern.count, pattern[place + 1] != "]" else {
        all = all?.union(one.set) ?? one.set
        continue
      }
      place += 1
      let last = try member()
      guard let lower = one.character, let upper = last.character, lower <= upper else {
        throw fault("a range such as A-Z must go from a character to a later one", at: first)
      }
      let range = CodeCharacters(lower...upper)
      all = all?.union(range) ?? range
    }
    guard takes("]") else { throw fault("\"[\" is not closed", at: start) }
    guard let all else { throw fault("a class must contain a character", at: start) }
    return isInverted ? all.inverted : all
  }

  /// Reads one member of a class.
  /// - Returns: `character` is `nil` for `\d` and other sets.
  private mutating func member() throws(CodePatternFault) -> (set: CodeCharacters, character: Unicode.Scalar?) {
    let start = place
    guard let character = next else { throw fault("the pattern ends too early") }
    place += 1
    // Some dialects have nested classes, so the meaning is not clear.
    if character == "[" { throw fault("write \\[ for the character", at: start) }
    guard character == "\\" else { return (try literal(character, at: start), character) }
    let named = next
    let set = try escaped(from: start)
    return (set, named.flatMap { set == CodeCharacters($0...$0) ? $0 : nil })
  }

  private mutating func repetition(of part: Part) throws(CodePatternFault) -> Part {
    let start = place
    let repeated: Part
    switch next {
    case "?": repeated = .repeated(part, least: 0, most: 1)
    case "*": repeated = .repeated(part, least: 0, most: nil)
    case "+": repeated = .repeated(part, least: 1, most: nil)
    case "{":
      place += 1
      let least = number()
      let hasMost = takes(",")
      let most = hasMost ? number() : least
      guard let least, next == "}", most.map({ least <= $0 }) ?? true else {
        throw fault("a repetition is written as {6}, {4,} or {4,8}", at: start)
      }
      guard max(least, most ?? 0) <= Self.repetitionsMax else {
        throw fault("no code is longer than \(Self.repetitionsMax) characters", at: start)
      }
      repeated = .repeated(part, least: least, most: most)
    default: return part
    }
    place += 1
    if let next, ["?", "*", "+", "{"].contains(next) { throw fault("\"\(next)\" repeats a repetition; group it in ( )") }
    return repeated
  }

  private mutating func number() -> Int? {
    let start = place
    while let next, "0"..."9" ~= next { place += 1 }
    return Int(pattern[start..<place].map(String.init).joined())
  }
}
