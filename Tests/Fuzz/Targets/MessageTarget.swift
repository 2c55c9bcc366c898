import Contracts
import JSON
import Words

/// A body under every message type. An accepted body is written unchanged, has a key that Kafka can hash, and has a sentence.
enum MessageTarget {
  static func run(_ bytes: [UInt8]) throws {
    for type in MessageRegistry.all { try check(type, bytes) }
  }

  private static func check<M: Message>(_ type: M.Type, _ bytes: [UInt8]) throws {
    let parser = JSONParser()
    let message: M
    do { message = try parser.decode(type, from: bytes) } catch {
      try EnvelopeTarget.check(Rejection(error))
      return
    }
    let text = message.jsonBytes()
    let again = try parser.decode(type, from: text)
    try hold(again == message, "\(M.type) reads as another message: \(String(decoding: text, as: UTF8.self))")
    try hold(again.jsonBytes() == text, "\(M.type) is written in two ways: \(String(decoding: text, as: UTF8.self))")
    try hold(Instant.range.contains(message.instant), "\(M.type) at \(message.instant)")
    try hold(message.businessID != "", "\(M.type) has an empty business id")
    // A tick without a partition has no key.
    try hold(
      (M.self == ClockMoved.self || !message.key.isEmpty) && message.key.utf8.count <= 128, "\(M.type) key '\(message.key)'")
    if message is any Notice { try hold(NoticeText.sentence(message) != nil, "\(M.type) has no sentence") }
  }
}
