import Contracts
import Kafka
import Streaming

/// A service's topics by the names they have on this bus.
struct TopicNames {
  let prefix: String
  let partitions: Int32
  /// What the service subscribes to: what its stages read, its re-keyed records and the clock.
  let inputs: [String]
  let changelog: String
  let deadLetters: String
  let repartitioned: String
  /// Every topic that the worker may write to.
  let written: [String]
  private let byName: [String: Topic]

  init(prefix: String, service: Service, partitions: Int32) {
    self.prefix = prefix
    self.partitions = partitions
    let read = service.inputs + [Topic.repartitioned(service.name), Topic.clock]
    inputs = read.map { prefix + $0.name }
    byName = Dictionary(read.map { (prefix + $0.name, $0) }, uniquingKeysWith: { first, _ in first })
    changelog = prefix + Topic.changelog(service.name).name
    deadLetters = prefix + Topic.deadLetters(service.name).name
    repartitioned = prefix + Topic.repartitioned(service.name).name
    written = Topic.written(by: service.name).map { prefix + $0.name }
  }

  /// All that the service reads and writes, and no other: what it needs rights to.
  var all: [String] { inputs + written.filter { !inputs.contains($0) } }

  /// An input topic by its name on the bus.
  func topic(named name: String) -> Topic? { byName[name] }

  func partition(of key: String) -> Int32 { Kafka.partition(forKey: Array(key.utf8), count: partitions) }
}
