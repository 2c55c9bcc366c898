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
    if let document = try? parser.parse(line.bytes) {
      if let name = try? document.decode(String.self, at: "type"), let type = MessageRegistry.type(named: name),
        type.topic.kind == .input
      {
        topic = type.topic
      }
      for field in ["account", "code", "referrer"] where key == nil { key = try? document.decode(String.self, at: "data", field) }
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
