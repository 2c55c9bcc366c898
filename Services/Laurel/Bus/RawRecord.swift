import CommandKit
import Contracts
import JSON
import Kafka

/// A line of a file as it stands, to be sent without having been understood.
struct RawRecord {
  /// What a producer and a broker take without further settings; more of a line is cut off.
  static let bytesMax = 900_000

  let bytes: [UInt8]
  let topic: Topic
  /// What can be found in it; nil leaves the partition to chance.
  let key: String?

  /// - Parameter fallback: the topic of a line that tells none.
  init(_ line: Line, fallback: Topic, parser: JSONParser) {
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

  func send(on producer: Producer, bus: Bus, partitions: Int32, token: Int = 0) throws(KafkaError) {
    try producer.produce(
      topic: bus.name(topic), partition: key.map { Kafka.partition(forKey: Array($0.utf8), count: partitions) },
      key: key.map { Array($0.utf8) }, value: bytes,
      headers: [Header(name: "content-type", value: Array(Envelope.structuredContentType.utf8))], token: token)
  }
}
