import Testing

@testable import Streaming

/// Comparing eight bytes at a time gives the order of the bytes.
@Suite struct RowKeyOrderTests {
  @Test func isTheOrderOfTheBytes() {
    var random = SplitMix(state: 7)
    for _ in 0..<20_000 {
      let shared = (0..<Int.random(in: 0...20, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      func key() -> [UInt8] {
        shared + (0..<Int.random(in: 0...12, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      }
      let (left, right) = (key(), key())
      #expect(RowKeyOrder.precedes(left, right) == left.lexicographicallyPrecedes(right))
      #expect(!RowKeyOrder.precedes(left, left))
    }
  }
}
