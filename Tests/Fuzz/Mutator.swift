import TestSupport

/// Makes inputs from a corpus with a few mutations each, of kinds that decoders often handle wrongly.
struct Mutator {
  static let bytesMax = 8192

  let corpus: [[UInt8]]
  var random: SplitMix64

  /// - Parameter corpus: must not be empty.
  init(corpus: [[UInt8]], seed: UInt64) {
    self.corpus = corpus
    random = SplitMix64(seed: seed)
  }

  mutating func next() -> [UInt8] {
    var bytes = corpus.randomElement(using: &random) ?? []
    for _ in 0..<Int.random(in: 1...6, using: &random) { mutate(&bytes) }
    return Array(bytes.prefix(Self.bytesMax))
  }

  private mutating func mutate(_ bytes: inout [UInt8]) {
    switch Int.random(in: 0..<12, using: &random) {
    case 0: if let place = place(in: bytes) { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
    case 1: if let place = place(in: bytes) { bytes[place] = UInt8.random(in: 0...255, using: &random) }
    case 2: bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
    case 3: bytes.removeSubrange(range(in: bytes))
    case 4: duplicate(&bytes)
    case 5: splice(&bytes)
    case 6, 7: insert(Self.tokens.randomElement(using: &random) ?? [], into: &bytes)
    case 8: replaceNumber(&bytes)
    case 9: swapLines(&bytes)
    case 10: nest(&bytes)
    default: replaceToken(&bytes)
    }
  }

  private mutating func place(in bytes: [UInt8]) -> Int? { bytes.indices.randomElement(using: &random) }

  /// A random range, more often short than long.
  private mutating func range(in bytes: [UInt8]) -> Range<Int> {
    let start = Int.random(in: 0...bytes.count, using: &random)
    let longest = min(bytes.count - start, 1 << Int.random(in: 0...9, using: &random))
    return start..<start + Int.random(in: 0...longest, using: &random)
  }

  private mutating func insert(_ piece: some Collection<UInt8>, into bytes: inout [UInt8]) {
    bytes.insert(contentsOf: piece, at: Int.random(in: 0...bytes.count, using: &random))
  }

  private mutating func duplicate(_ bytes: inout [UInt8]) {
    let piece = Array(bytes[range(in: bytes)])
    for _ in 0..<Int.random(in: 1...3, using: &random) { insert(piece, into: &bytes) }
  }

  private mutating func splice(_ bytes: inout [UInt8]) {
    let other = corpus.randomElement(using: &random) ?? []
    bytes.replaceSubrange(range(in: bytes), with: other[range(in: other)])
  }

  private mutating func replaceNumber(_ bytes: inout [UInt8]) {
    let digits: ClosedRange<UInt8> = 0x30...0x39
    let starts = bytes.indices.filter { digits ~= bytes[$0] && ($0 == 0 || !(digits ~= bytes[$0 - 1])) }
    guard let start = starts.randomElement(using: &random) else { return }
    let end = bytes[start...].firstIndex { !(digits ~= $0) } ?? bytes.count
    bytes.replaceSubrange(start..<end, with: Self.numbers.randomElement(using: &random) ?? [])
  }

  private mutating func replaceToken(_ bytes: inout [UInt8]) {
    bytes.replaceSubrange(range(in: bytes), with: Self.tokens.randomElement(using: &random) ?? [])
  }

  /// Reorders events, and repeats one of them.
  private mutating func swapLines(_ bytes: inout [UInt8]) {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    guard let first = lines.indices.randomElement(using: &random), let second = lines.indices.randomElement(using: &random)
    else { return }
    if Bool.random(using: &random) { lines.swapAt(first, second) } else { lines.insert(lines[first], at: second) }
    bytes = Array(lines.joined(separator: [0x0A]))
  }

  private mutating func nest(_ bytes: inout [UInt8]) {
    let depth = Int.random(in: 1...70, using: &random)
    let (open, close) = Bool.random(using: &random) ? ("[", "]") : (#"{"a":"#, "}")
    let piece = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
    insert(Array(piece.utf8), into: &bytes)
  }

  // MARK: Dictionary

  private static let numbers: [[UInt8]] = [
    "0", "1", "-1", "-0", "00", "1.5", "1e3", "1e400", "1e-400", "2147483648", "9007199254740993", "9223372036854775807",
    "-9223372036854775808", "9223372036854775808", "18446744073709551615", "18446744073709551616", "4611686018427387904", "64",
    "65",
    "1000000000000000000000000000000", "1970", "2199", "9999",
  ].map { Array($0.utf8) }

  private static let tokens: [[UInt8]] =
    [
      "\u{1e}", "\u{1f}", "\0", "\u{7f}", "\u{feff}", "\u{2028}", "é", "e\u{301}", "\u{10ffff}", "\r\n", "\n", "\t", "\t\t", " ",
      "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u0000", "\\ud800", "\\udc00", "\\uD83D\\uDE00", "\\\"", "null", "true", "{}",
      "[]",
      "\"id\":\"1\",", "\"specversion\":\"1.0\"", "\"program\":\"cash\"", "\"sequence\":1", "\"sequence\":\"x\"", "ce_id=1",
      "content-type=application/cloudevents+json", "@billing\t", "@requests\t", "@accrual.rekeyed\t", "+1d\n", "+400d\n",
      "1970-01-01T00:00:00Z", "2199-12-31T23:59:59.999Z", "2024-02-29T23:59:60Z", "USD", "KZT", "0d", "36500d", "100%", "0bp",
      "%", "%00", "%F", "%%", "?", "&", "=", "#", "#5", "&a", "*a", "!t", "- ", ": ", "---\n", "|", ">", "~1",
    ].map { Array($0.utf8) } + [
      [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xEF, 0xBB, 0xBF],
    ]
}
