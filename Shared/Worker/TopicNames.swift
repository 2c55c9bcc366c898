import Contracts
import Kafka
import Streaming

/// A service's topics by the names they have on this bus.
struct TopicNames {
  let prefix: String
  let partitions: Int32
  /// What the service subscribes to: what its stages read, its re-keyed records and the clock. At one instant their events go in this
  /// order: what Laurel's own services have decided goes before what comes from outside.
  let read: [Topic]
  let inputs: [String]
  let changelog: String
  let deadLetters: String
  let repartitioned: String
  /// Every topic that the worker may write to.
  let written: [String]

  init(prefix: String, service: Service, partitions: Int32) {
    self.prefix = prefix
    self.partitions = partitions
    let (outside, own) = (service.inputs.filter { $0.kind == .input }, service.inputs.filter { $0.kind != .input })
    read = own + outside + [Topic.repartitioned(service.name), Topic.clock]
    inputs = read.map { prefix + $0.name }
    changelog = prefix + Topic.changelog(service.name).name
    deadLetters = prefix + Topic.deadLetters(service.name).name
    repartitioned = prefix + Topic.repartitioned(service.name).name
    written = Topic.written(by: service.name).map { prefix + $0.name }
  }

  /// The catalogue's topic behind a name on the bus.
  func topic(named name: String) -> Topic? { Topic.named(String(name.dropFirst(prefix.count))) }

  /// All that the service reads and writes, and no other: what it needs rights to.
  var all: [String] { inputs + written.filter { !inputs.contains($0) } }
}
