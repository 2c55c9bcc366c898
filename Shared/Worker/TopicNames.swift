import Contracts
import Kafka
import Streaming

/// The names of a service's topics on this bus.
struct TopicNames {
  let prefix: String
  let partitions: Int32
  /// The topics that the service subscribes to: the inputs of its stages, its repartitioned records and the clock. Events of the
  /// same instant run in this order: decisions of Laurel's own services before events from outside.
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

  /// The catalogue's topic for a name on the bus.
  func topic(named name: String) -> Topic? { Topic.named(String(name.dropFirst(prefix.count))) }

  /// All topics that the service reads and writes, and so needs rights to.
  var all: [String] { inputs + written.filter { !inputs.contains($0) } }
}
