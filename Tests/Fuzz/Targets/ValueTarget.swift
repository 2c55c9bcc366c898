import CommandKit
import Contracts
import Terms
import Words

@testable import Attribution

/// The small formats: instants, spans, identifiers, amounts, URLs.
enum ValueTarget {
  static func run(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    try checkInstant(text)
    try checkIdentifiers(text)
    try checkURL(text)
    try checkMoney(bytes)
  }

  private static func checkInstant(_ text: String) throws {
    if let instant = Instant(rfc3339: text) {
      // Cutting the text to milliseconds must not change the instant.
      try hold(Instant(rfc3339: instant.description) == instant, "\(instant) reads as another instant")
      // With an offset or in a leap second the text may differ.
      if text.uppercased().hasSuffix("Z"), text.dropFirst(17).prefix(2) != "60" {
        try hold(instant.description.prefix(19) == text.prefix(19).uppercased(), "\(text) reads as \(instant)")
      }
      try hold(instant.date.daysSince1970 * 86_400_000 <= instant.milliseconds, "\(instant) is before its day")
      _ = instant.readable
    }
    if let written = Instant(written: text) { try hold(Instant.range.contains(written), "\(written) out of range") }
    if let span = TimeSpan(text) {
      try hold(TimeSpan(span.description) == span, "\(text) is written as \(span)")
      for instant in [Instant.range.lowerBound, Instant.range.upperBound] {
        try hold(Instant.range.contains(instant + span) && Instant.range.contains(instant - span), "\(instant) and \(span)")
      }
    }
  }

  private static func checkIdentifiers(_ text: String) throws {
    if let id = AccountID(text) { try hold(id.value.utf8.elementsEqual(text.utf8), "an id that is not its text") }
    if !text.isEmpty {
      let derived = derivedID([text, "x"])
      try hold(AccountID(derived) != nil, "a derived id that is none: \(derived)")
      try hold(derived != derivedID([text + "/x"]), "two causes, one id: \(derived)")
    }
    if let code = CodeNames.vanity(text) {
      let link = CodeNames.link("https://x/?ref={code}", code)
      try hold(link == "https://x/?ref=\(code)", "the link of \(code)")
      try hold(LandingURL(link).values(of: "ref") == [code.value], "a code that its own link does not give back")
    }
    _ = Currency(text)
  }

  private static func checkURL(_ text: String) throws {
    let url = LandingURL(text)
    for (name, _) in url.parameters {
      let found = url.first(of: [name])
      try hold(found?.lowercased() == name.lowercased(), "a parameter that is not found")
      for value in url.values(of: name) { try hold(!value.isEmpty && value == value.trimmingBlanks, "a value that is not cut") }
    }
    if let pattern = try? CodePattern(text), let code = pattern.code(from: "x") {
      try hold(pattern.matches(code.value), "a code that does not match its own pattern: \(code)")
      try hold(CodeNames.vanity(code.value) == code, "a code that no vanity could be: \(code)")
    }
  }

  /// Sums beyond 64 bits are rejected, never wrapped. A share is between 0 and the whole.
  private static func checkMoney(_ bytes: [UInt8]) throws {
    var numbers: [Int64] = []
    for start in stride(from: 0, to: bytes.count - 7, by: 8) {
      numbers.append(Int64(bitPattern: bytes[start..<start + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }))
    }
    guard numbers.count >= 3 else { return }
    let (a, b, c) = (numbers[0], numbers[1], numbers[2])
    let exact = Int128(a) + Int128(b)
    try hold((try? Money.sum(a, b)) == Int64(exactly: exact), "\(a) + \(b)")
    let all = numbers.reduce(Int128(0)) { $0 + Int128($1) }
    try hold((try? Money.sum(numbers)) == Int64(exactly: all), "the sum of \(numbers)")
    try hold((try? Money.difference(a, b)) == Int64(exactly: Int128(a) - Int128(b)), "\(a) - \(b)")
    guard let rate = BasisPoints(Int64(bytes[0]) << 8 | Int64(bytes[1])) else { return }
    let share = Int128(Money.share(of: a, rate: rate))
    // Rounded half up, checked without division: |share × 10000 − a × rate| is at most half a unit.
    let rest = share * 10_000 - Int128(a) * Int128(rate.value)
    try hold(rest > -5000 && rest <= 5000, "\(rate) of \(a) is \(share)")
    if let scaled = try? Money.scaled(a, by: b, over: c, rate: .whole), b == c { try hold(scaled == a, "\(a) × \(b) ÷ \(c)") }
    if c > 0, a != .min, b != .min, let scaled = try? Money.scaled(a, by: b, over: c, rate: rate) {
      let magnitude = Int128(a).magnitude.multipliedFullWidth(by: UInt128(b.magnitude))
      if magnitude.high == 0 {
        try hold(UInt128(scaled.magnitude) <= magnitude.low / UInt128(c.magnitude) + 1, "\(a) × \(b) ÷ \(c) at \(rate)")
      }
    }
  }
}
