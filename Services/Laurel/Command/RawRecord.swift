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
    let document = try? parser.parse(line.bytes)
    let type = (try? document?.decode(String.self, at: "type")).flatMap(MessageRegistry.type(named:))
    topic = type.map(\.topic).flatMap { $0.kind == .input ? $0 : nil } ?? fallback
    key = ["account", "code", "referrer"].lazy.compactMap { try? document?.decode(String.self, at: "data", $0) }.first
  }

  func send(on producer: Producer, bus: Bus, partitions: Int32, token: Int = 0) throws(KafkaError) {
    try producer.produce(
      topic: bus.name(topic), partition: key.map { Kafka.partition(forKey: Array($0.utf8), count: partitions) },
      key: key.map { Array($0.utf8) }, value: bytes,
      headers: [Header(name: "content-type", value: Array(Envelope.structuredContentType.utf8))], token: token)
  }
}
