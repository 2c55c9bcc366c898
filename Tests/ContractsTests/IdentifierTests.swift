import Contracts
import Testing

@Suite("Identifiers and hashes")
struct IdentifierTests {
  @Test("1 to 128 printable ASCII characters")
  func bounds() {
    let text = "a b~!"
    #expect(AccountID(text)?.value == text)
    #expect(AccountID(String(repeating: "x", count: 128)) != nil)
    for text in ["", String(repeating: "x", count: 129), "a\n", "a\u{7F}", "ä", "\u{0}"] { #expect(AccountID(text) == nil) }
  }

  @Test(
    "Derived ids",
    arguments: [
      (["p1", "acme", "payment"], "p1/acme/payment"), (["a/b", "c"], "a%2Fb/c"), (["a", "b/c"], "a/b%2Fc"),
      (["a%2Fb", "c"], "a%252Fb/c"), (["ü", "c"], "%C3%BC/c"), (["w2#1"], "w2#1"), (["a", "", "b"], "a//b"),
      ([String(repeating: "x", count: 128)], String(repeating: "x", count: 128)),
    ])
  func derived(_ parts: [String], _ expected: String) {
    #expect(derivedID(parts) == expected)
    #expect(RewardID(derivedFrom: parts).value == expected)
  }

  @Test("A long derived id is cut and told apart by its hash")
  func long() {
    let first = derivedID([String(repeating: "x", count: 128), "a"])
    let second = derivedID([String(repeating: "x", count: 128), "b"])
    #expect(first.hasPrefix(String(repeating: "x", count: 80) + "~"))
    #expect(first.utf8.count == 113 && second.utf8.count == 113 && first != second)
    #expect(RewardID(first) != nil)
    // Fixed forever, because ids in old notices must stay derivable.
    #expect(first == String(repeating: "x", count: 80) + "~" + StableHash.hex128(of: String(repeating: "x", count: 128) + "/a"))
  }

  /// The published values of XXH3 for empty input (xxHash 0.8), and the output of `xxhsum`.
  @Test("XXH3 is the published one")
  func published() {
    #expect(StableHash.hex128(of: "") == "99aa06d3014798d86001c324468d497f")
    #expect(StableHash.value64(of: "") == 0x2D06_8005_38D3_94C2)
    #expect(StableHash.hex128(of: "laurel") == "c95b292e1ebb19617a6c73db639a48ba")
    #expect(StableHash.value64(of: "laurel") == 0xCBED_2F00_9A31_E6A4)
    #expect(StableHash.value64(of: Array("laurel".utf8)) == StableHash.value64(of: "laurel"))
  }
}
