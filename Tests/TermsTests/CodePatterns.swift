import Contracts
import Terms
import Testing

/// Patterns of codes (DECISIONS A1): whole matches, generated codes, rejected patterns.
@Suite struct CodePatterns {
  struct Case: Sendable, CustomTestStringConvertible {
    let pattern: String
    let codes: [String]
    let others: [String]
    /// How many codes the pattern can generate; nil if there are too many to count.
    let count: UInt64?

    init(_ pattern: String, _ codes: [String], not others: [String], count: UInt64?) {
      (self.pattern, self.codes, self.others, self.count) = (pattern, codes, others, count)
    }

    var testDescription: String { pattern }
  }

  @Test(arguments: [
    Case("[A-Z]{4}", ["ACME", "ABCD"], not: ["", "ACM", "ACMEX", "acme", "AC1E", "ACME ", "\u{410}CME"], count: 456_976),
    Case("[A-Z0-9]{6}", ["ACME42", "000000"], not: ["ACME4", "ACME-4"], count: 2_176_782_336),
    Case("ACME", ["ACME"], not: ["ACMEACME", "A"], count: 1),
    Case("^ACME$", ["ACME"], not: ["XACME"], count: 1),
    Case("AC|BE", ["AC", "BE"], not: ["ACBE", "ABE", ""], count: 2),
    Case("(?:AC|B)[0-9]", ["AC1", "B2"], not: ["AC", "C1"], count: 20),
    Case("A(B|)C", ["ABC", "AC"], not: ["A", "ABBC"], count: 2),
    Case("A?B", ["AB", "B"], not: ["A", "AAB"], count: 2),
    Case("A{0}B", ["B"], not: ["AB"], count: 1),
    Case("A{2,4}", ["AA", "AAA", "AAAA"], not: ["A", "AAAAA"], count: 3),
    Case("(AB?){2}", ["AA", "ABA", "AAB", "ABAB"], not: ["A", "ABB"], count: 4),
    Case("(A?B?){2}", ["A", "B", "AB", "ABAB", "BA"], not: ["", "ABABA"], count: nil),
    Case("REF-\\d+", ["REF-1", "REF-123456"], not: ["REF-", "REF-1a"], count: nil),
    Case("A*", ["A", "AAAA"], not: ["", "B"], count: 64),
    Case("\\w{3,}", ["a_1", "abcd"], not: ["ab", "a-b"], count: nil),
    Case("[^a-z]{2}", ["A1", "--", "\u{e9}\u{e9}"], not: ["a1"], count: 38 * 38),
    Case("[A\\-\\]]", ["A", "-", "]"], not: ["B"], count: 2),
    Case("[-A]", ["-", "A"], not: ["B"], count: 2),
    Case("[\\dA-C]", ["5", "B"], not: ["D"], count: 13),
    Case("..", ["AB", "??"], not: ["A", "A\n"], count: 64 * 64),
    Case("A\\.B", ["A.B"], not: ["AxB"], count: 0),
    Case("[A-Z]{70}", [String(repeating: "A", count: 70)], not: ["A"], count: 0),
    Case("A(((((){128}){128}){128}){128}){128}", ["A"], not: ["AA"], count: 1),
    Case("( )*", [" "], not: ["A"], count: 0),
  ])
  func matches(given: Case) throws {
    let pattern = try CodePattern(given.pattern)
    for code in given.codes { #expect(pattern.matches(code), "\(code)") }
    for text in given.others { #expect(!pattern.matches(text), "\(text)") }
    if let count = given.count { #expect(pattern.possibleCodes == count) }
    #expect((pattern.code(from: "seed") == nil) == (pattern.possibleCodes == 0))
    for seed in 0..<50 {
      guard let code = pattern.code(from: "\(seed)") else { continue }
      #expect(pattern.matches(code.value) && code.value.utf8.count <= 64, "\(code)")
      #expect(code.value.wholeMatch(of: /[-_A-Za-z0-9]+/) != nil, "\(code)")
      #expect(pattern.code(from: "\(seed)") == code)
    }
  }

  /// People get these codes, so the code of a seed must never change. A small pattern generates all its codes. A pattern without a limit
  /// generates no longer codes than necessary.
  @Test func codesAreSpread() throws {
    let first = try CodePattern("[A-Z0-9]{6}").code(from: "bonus/acme/1")
    #expect(first == "KEVFJ6")
    let few = try CodePattern("[A-C][0-9]")
    #expect(Set((0..<1000).compactMap { few.code(from: "\($0)") }).count == 30)
    let open = try CodePattern("[A-Z]+")
    let codes = (0..<1000).compactMap { open.code(from: "\($0)")?.value }
    #expect(Set(codes).count == 1000 && codes.allSatisfy { $0.count <= 9 })
    // Counts that exceed every limit still weight the choices.
    let long = try CodePattern("[A-Z]{64}")
    #expect(Set((0..<100).compactMap { long.code(from: "\($0)")?.value.prefix(4) }).count > 90)
  }

  @Test(arguments: [
    ("[A-Z", "character 1: \"[\" is not closed"), ("(A", "character 1: \"(\" is not closed"),
    ("A)", "character 2: \")\" has no \"(\""), ("[]", "character 1: a class must contain a character"),
    ("[Z-A]", "character 2: a range such as A-Z must go from a character to a later one"),
    ("[\\d-Z]", "character 2: a range such as A-Z must go from a character to a later one"),
    ("[A[B]]", "character 3: write \\[ for the character"), ("*A", "character 1: there is nothing before \"*\" to repeat"),
    ("A**", "character 3: \"*\" repeats a repetition; group it in ( )"),
    ("A{4", "character 2: a repetition is written as {6}, {4,} or {4,8}"),
    ("A{4,2}", "character 2: a repetition is written as {6}, {4,} or {4,8}"),
    ("A{,2}", "character 2: a repetition is written as {6}, {4,} or {4,8}"),
    ("A{1000}", "character 2: no code is longer than 128 characters"),
    ("A{99999999999999999999}", "character 2: a repetition is written as {6}, {4,} or {4,8}"),
    ("(?i)A", "character 1: \"(?\" is supported only as \"(?:\""),
    ("A\\b", "character 2: \"\\b\" is not supported; use \\d or \\w"), ("A\\", "character 2: \"\\\" needs a character after it"),
    ("A$B", "character 2: \"$\" is allowed only at the end"), ("A^B", "character 2: \"^\" is allowed only at the beginning"),
    ("A}", "character 2: \"}\" has no opening bracket; write \\} for the character"),
    ("caf\u{e9}", "character 4: not printable ASCII, so no code can contain it"),
    ("(A{100}){100}", "its repetitions expand to more than 500 characters"),
    (String(repeating: "(", count: 50), "character 21: groups are nested more than 20 deep"),
  ])
  func isRejected(_ pattern: String, _ message: String) {
    let fault = #expect(throws: CodePatternFault.self) { try CodePattern(pattern) }
    #expect(fault?.message == message)
  }
}
