import Testing

@testable import Contracts

@Suite struct NearestTests {
  @Test(
    arguments: [
      ("bootstap", "bootstrap"), ("bootstrpa", "bootstrap"), ("Publish", "publish"), ("pub", "publish"), ("xyzzy", nil),
      ("p", nil),
      ("", nil), ("lsit", "list"),
    ] as [(String, String?)])
  func theNearestName(typed: String, meant: String?) {
    #expect(nearest(typed, among: ["publish", "list", "bootstrap"]) == meant)
  }

  @Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("ab", "ba", 1), ("kitten", "sitting", 3), ("same", "same", 0), ("abc", "ac", 1),
    ("ca", "abc", 3),
  ])
  func theDistanceIsDamerauLevenshteins(a: String, b: String, distance: Int) {
    #expect(editDistance(Array(a), Array(b)) == distance)
    #expect(editDistance(Array(b), Array(a)) == distance)
  }

  @Test func noNameOfMoreThan64LettersIsCompared() {
    let known = [64, 65].map { String(repeating: "a", count: $0) }
    #expect(nearest("b" + known[0].dropFirst(), among: known) == known[0])
    #expect(nearest("b" + known[1].dropFirst(), among: known) == nil)
  }
}
