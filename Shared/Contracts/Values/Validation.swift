extension KeyedDecodingContainer {
  /// Refuses a decoded value. A message is either wholly within CONTRACTS.md and DECISIONS R5 or a dead letter.
  func require(_ condition: Bool, _ key: Key, _ detail: @autoclosure () -> String) throws {
    if !condition { throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: detail()) }
  }

  /// A refund or a request moves something: at least one minor unit.
  func requirePositive(_ amount: Int64, _ key: Key) throws {
    try require(amount >= 1, key, "below 1")
  }

  func requireNotNegative(_ amount: Int64?, _ key: Key) throws {
    try require((amount ?? 0) >= 0, key, "below 0")
  }

  /// Bounds the work that one record can ask for.
  func requireBounded(_ count: Int?, _ key: Key) throws {
    try require((count ?? 0) <= maximumListLength, key, "more than \(maximumListLength) entries")
  }
}

/// The longest list of lines, identities or previous accounts in one message.
let maximumListLength = 1000
