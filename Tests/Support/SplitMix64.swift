/// A small generator of random numbers (SplitMix64): the same seed gives the same history on every machine.
public struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A random element of a non-empty list.
  public mutating func pick<Element>(_ list: [Element]) -> Element { list[Int(next() % UInt64(list.count))] }
  /// True in `percent` of 100 cases.
  public mutating func chance(_ percent: Int) -> Bool { next() % 100 < UInt64(percent) }
  /// 0 to `limit`.
  public mutating func upTo(_ limit: Int) -> Int { Int(next() % UInt64(limit + 1)) }
}
