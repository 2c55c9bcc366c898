import CommandKit
import Contracts
import JSON

/// A line of a file that is sent unchanged, even if it cannot be understood.
struct RawRecord {
  /// Producers and brokers accept this much by default. The rest of a longer line is cut off.
  static let bytesMax = 900_000

  let line: Int
  let bytes: [UInt8]
  let topic: Topic
  /// The key, if the line has one. Without a key, the partition is random.
  let key: String?

  /// - Parameter fallback: the topic for a line without a known type.
  init(_ line: Line, fallback: Topic, parser: JSONParser) {
    self.line = line.number
    bytes = line.bytes
    var topic = fallback
    var key: String?
    try? parser.read(line.bytes) { json throws(JSONError) in
      let event = try json.object()
      if let name = try? event.member("type")?.string(), let type = MessageRegistry.type(named: name), type.topic.kind == .input {
        topic = type.topic
      }
      let data = try event.member("data")?.object()
      key = try (data?.member("account") ?? data?.member("code") ?? data?.member("referrer"))?.string()
    }
    self.topic = topic
    self.key = key
  }
}
