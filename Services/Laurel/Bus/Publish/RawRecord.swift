import CommandKit
import Contracts
import JSON

/// A line of a file as it stands, to be sent without having been understood.
struct RawRecord {
  /// What a producer and a broker take without further settings; more of a line is cut off.
  static let bytesMax = 900_000

  let line: Int
  let bytes: [UInt8]
  let topic: Topic
  /// What can be found in it; nil leaves the partition to chance.
  let key: String?

  /// - Parameter fallback: the topic of a line that tells none.
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
