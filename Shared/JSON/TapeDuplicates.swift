extension Tape {
  /// The first duplicate key of any object in the text, or nil if there is none.
  ///
  /// RFC 8259 (4) does not define which of two equal members counts, so two readers could book two different amounts.
  func duplicateKey() -> Int? {
    withUnsafeTemporaryAllocation(of: KeyPrint.self, capacity: Tape.pairwiseLimit) { prints in
      guard let prints = prints.baseAddress else { return nil }
      var index = Tape.root
      while index < count &- 1 {
        let kind = kind(index)
        if kind == .object {
          let size = size(index)
          if size > Tape.pairwiseLimit {
            if let key = duplicateInSet(index) { return key }
          } else if size > 1, let key = duplicatePairwise(index, prints) {
            return key
          }
        }
        index = kind == .object || kind == .array ? index &+ 1 : after(index)
      }
      return nil
    }
  }

  /// Up to this size, comparing all pairs is cheaper than hashing.
  private static let pairwiseLimit = 16

  private func duplicatePairwise(_ object: Int, _ prints: UnsafeMutablePointer<KeyPrint>) -> Int? {
    let end = close(object)
    var seen = 0
    /// A bit for the head of each key seen. Most keys find theirs clear, and need no comparison.
    var bits: UInt64 = 0
    var key = object &+ 1
    while key < end {
      let utf8 = utf8(key)
      let head = KeyPrint.head(utf8)
      let bit: UInt64 = 1 &<< ((head &* 0x9E37_79B9_7F4A_7C15) &>> 58)
      var earlier = bits & bit == 0 ? seen : 0
      bits |= bit
      while earlier < seen {
        if prints[earlier].head == head, self.utf8(prints[earlier].key).equals(utf8) { return key }
        earlier &+= 1
      }
      (prints + seen).initialize(to: KeyPrint(key: key, head: head))
      seen &+= 1
      key = after(key &+ 1)
    }
    return nil
  }

  private func duplicateInSet(_ object: Int) -> Int? {
    let end = close(object)
    var seen = Set<KeyBytes>()
    var key = object &+ 1
    while key < end {
      if !seen.insert(KeyBytes(utf8: utf8(key))).inserted { return key }
      key = after(key &+ 1)
    }
    return nil
  }
}

/// A key with its length and first bytes in one word, which distinguishes most keys.
private struct KeyPrint {
  let key: Int
  let head: UInt64

  static func head(_ utf8: UnsafeBufferPointer<UInt8>) -> UInt64 {
    guard let start = utf8.baseAddress else { return 0 }
    // Reads beyond a short key, but not beyond simdjson's string buffer, which is at least 64 bytes longer than its strings.
    let bytes = UInt64(littleEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt64.self))
    let kept = utf8.count < 7 ? bytes & ((1 &<< UInt64(utf8.count &* 8)) &- 1) : bytes & 0xFF_FFFF_FFFF_FFFF
    return kept | UInt64(truncatingIfNeeded: utf8.count) &<< 56
  }
}

private struct KeyBytes: Hashable {
  let utf8: UnsafeBufferPointer<UInt8>

  static func == (a: KeyBytes, b: KeyBytes) -> Bool { a.utf8.equals(b.utf8) }

  // Swift's hash is seeded per process, so a sender cannot provoke collisions.
  func hash(into hasher: inout Hasher) { hasher.combine(bytes: UnsafeRawBufferPointer(utf8)) }
}
