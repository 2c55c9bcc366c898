import Contracts

/// A regular expression that a code must match as a whole (`attribution.codePattern`, DECISIONS A1).
///
/// No library can also derive codes from a pattern. So the pattern is compiled to an automaton with one state for each of its
/// characters, and the states that may follow each. Matching follows all paths at once, so no text makes it slow.
public struct CodePattern: Sendable, Equatable {
  /// The pattern as written.
  public let text: String

  private let states: [State]
  private let starts: [Int]
  /// How many codes begin at each state, by code length from 1. Ends at the length with enough codes to choose from.
  private let counts: [[UInt64]]

  struct State: Sendable {
    var characters: CodeCharacters
    var followers: Set<Int> = []
    var isLast = false
  }

  /// Longer texts never match, because no identifier is longer.
  private static let textMax = 128
  /// Maximum length of a derived code, the same as of a chosen one (DECISIONS A1b).
  private static let codeMax = 64
  /// Derived codes are only as long as needed to have this many. There are as many codes without a pattern.
  private static let enough: UInt64 = 1 << 40
  /// The maximum of a count, so that sums cannot overflow. Larger counts are only used to weigh paths against each other.
  private static let countMax: UInt64 = 1 << 48

  /// - Throws: the first fault of the pattern, with its character position.
  public init(_ text: String) throws(CodePatternFault) {
    var reader = CodePatternReader(text)
    var automaton = Automaton()
    let whole = try automaton.add(reader.whole())
    for state in whole.last { automaton.states[state].isLast = true }
    self.text = text
    states = automaton.states
    starts = whole.first.sorted()
    counts = Self.counts(states, starts)
  }

  public static func == (left: CodePattern, right: CodePattern) -> Bool { left.text == right.text }

  // MARK: Matching

  /// Whether the whole text is a code.
  public func matches(_ text: String) -> Bool {
    guard 1...Self.textMax ~= text.utf8.count else { return false }
    var isFirst = true
    var reached: Set<Int> = []
    for scalar in text.unicodeScalars {
      let next = isFirst ? Set(starts) : reached.reduce(into: []) { $0.formUnion(states[$1].followers) }
      reached = next.filter { states[$0].characters.holds(scalar) }
      isFirst = false
    }
    return reached.contains { states[$0].isLast }
  }

  // MARK: Deriving codes

  /// The number of codes that can be derived, up to 2^40. A code that the pattern allows in two ways counts twice.
  public var possibleCodes: UInt64 {
    min(counts.reduce(0) { sum, count in sum + starts.reduce(0) { $0 + count[$1] } }, Self.enough)
  }

  /// Derives a code of letters, digits, `-` and `_`, which need no escaping in a URL. The same seed always gives the same code.
  /// - Returns: `nil` if the pattern allows no such code.
  public func code(from seed: String) -> Code? {
    var step = 0
    /// Chooses an index by weight.
    func choice(_ weights: [UInt64]) -> Int? {
      let sum = weights.reduce(0, +)
      guard sum > 0 else { return nil }
      var rest = StableHash.value64(of: "\(seed)/\(step)") % sum
      step += 1
      for (index, weight) in weights.enumerated() {
        if rest < weight { return index }
        rest -= weight
      }
      return nil
    }
    guard let longest = choice(counts.map { count in starts.reduce(0) { $0 + count[$1] } }) else { return nil }
    var code = ""
    var ways = starts
    for left in stride(from: longest, through: 0, by: -1) {
      guard let chosen = choice(ways.map { counts[left][$0] }) else { return nil }
      let letters = states[ways[chosen]].characters.letters
      guard let letter = choice(letters.map { _ in 1 }) else { return nil }
      code.unicodeScalars.append(letters[letter])
      ways = states[ways[chosen]].followers.sorted()
    }
    return Code(code)
  }

  private static func counts(_ states: [State], _ starts: [Int]) -> [[UInt64]] {
    let letters = states.map { UInt64($0.characters.letters.count) }
    var counts: [[UInt64]] = []
    var sum: UInt64 = 0
    while counts.count < codeMax, sum < enough {
      let rest = counts.last
      let count = states.indices.map { state -> UInt64 in
        guard let rest else { return states[state].isLast ? letters[state] : 0 }
        return min(states[state].followers.reduce(0) { min($0 + rest[$1], countMax) } * letters[state], countMax)
      }
      counts.append(count)
      sum = starts.reduce(sum) { $0 + count[$1] }
    }
    return counts
  }
}

/// A fault in a pattern.
public struct CodePatternFault: Error, Equatable {
  /// `character 5: "(?" …`
  public let message: String
}

/// The characters that match one place of a pattern.
struct CodeCharacters: Sendable, Equatable {
  private var ascii: (low: UInt64, high: UInt64) = (0, 0)
  /// Whether all characters outside ASCII match.
  private var others = false

  static let digits = CodeCharacters("0"..."9")
  static let word = CodeCharacters("0"..."9").union(CodeCharacters("A"..."Z")).union(CodeCharacters("a"..."z")).union(
    CodeCharacters("_"..."_"))
  /// All characters except line breaks, as usual in regular expressions.
  static let any = CodeCharacters("\n"..."\n").union(CodeCharacters("\r"..."\r")).inverted

  /// The ASCII characters of a range.
  init(_ range: ClosedRange<Unicode.Scalar>) {
    for value in range.lowerBound.value...range.upperBound.value where value < 128 {
      if value < 64 { ascii.low |= 1 << UInt64(value) } else { ascii.high |= 1 << UInt64(value - 64) }
    }
  }

  func union(_ other: CodeCharacters) -> CodeCharacters {
    var all = self
    all.ascii = (ascii.low | other.ascii.low, ascii.high | other.ascii.high)
    all.others = others || other.others
    return all
  }

  var inverted: CodeCharacters {
    var rest = self
    rest.ascii = (~ascii.low, ~ascii.high)
    rest.others.toggle()
    return rest
  }

  func holds(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<64: ascii.low >> UInt64(scalar.value) & 1 == 1
    case 64..<128: ascii.high >> UInt64(scalar.value - 64) & 1 == 1
    default: others
    }
  }

  /// The characters of this set that a derived code may have (DECISIONS A1b).
  var letters: [Unicode.Scalar] {
    (0x2D...0x7A).map { Unicode.Scalar(UInt8($0)) }.filter {
      holds($0) && (CodeCharacters.word.holds($0) || $0 == "-")
    }
  }

  static func == (left: CodeCharacters, right: CodeCharacters) -> Bool {
    left.ascii == right.ascii && left.others == right.others
  }
}

/// Builds the automaton by Glushkov's construction. Every state has a character, so each path through the states is one way to
/// write a code.
private struct Automaton {
  /// Whether a part of the pattern can be empty, and the states where it can begin and end.
  struct Ends {
    var isOptional = true
    var first: Set<Int> = []
    var last: Set<Int> = []
  }

  /// The maximum number of states. Repetitions are expanded, and nested ones multiply.
  private static let statesMax = 500

  var states: [CodePattern.State] = []

  mutating func add(_ part: CodePatternReader.Part) throws(CodePatternFault) -> Ends {
    switch part {
    case .one(let characters):
      guard states.count < Self.statesMax else {
        throw CodePatternFault(message: "its repetitions expand to more than \(Self.statesMax) characters")
      }
      states.append(CodePattern.State(characters: characters))
      return Ends(isOptional: false, first: [states.count - 1], last: [states.count - 1])
    case .sequence(let parts):
      var all = Ends()
      for part in parts {
        let next = try add(part)
        connect(all.last, next.first)
        if all.isOptional { all.first.formUnion(next.first) }
        all.last = next.isOptional ? all.last.union(next.last) : next.last
        all.isOptional = all.isOptional && next.isOptional
      }
      return all
    case .choice(let parts):
      var all = Ends(isOptional: false)
      for part in parts {
        let one = try add(part)
        all.isOptional = all.isOptional || one.isOptional
        all.first.formUnion(one.first)
        all.last.formUnion(one.last)
      }
      return all
    case .repeated(let part, let least, let most):
      // Each copy is entered only from the one before it. If copies are omitted, they are the last ones.
      var all = Ends(isOptional: least == 0)
      var before: Set<Int> = []
      let copies = most ?? max(least, 1)
      for number in 0..<copies {
        let next = try add(part)
        // It matches only the empty text, however often. Nested repetitions of it would go on for ages without a state.
        if next.first.isEmpty { return Ends() }
        connect(before, next.first)
        before = next.last
        if number == 0 {
          all.first = next.first
          all.isOptional = all.isOptional || next.isOptional
        }
        if number + 1 >= least || all.isOptional { all.last.formUnion(next.last) }
        if number + 1 == copies, most == nil { connect(next.last, next.first) }
      }
      return all
    }
  }

  private mutating func connect(_ ends: Set<Int>, _ starts: Set<Int>) {
    for end in ends { states[end].followers.formUnion(starts) }
  }
}
