import Kafka

/// Reads ranges of partitions.
package struct PartitionScan {
  private let configuration: Kafka.Configuration
  private let group: String
  private let readCommitted: Bool
  private let limit: Duration

  /// - Parameters:
  ///   - group: a group that the client has a right to. The reader never joins it, but librdkafka looks for its coordinator.
  ///   - timeoutMilliseconds: the longest time without a record of the ranges.
  package init(_ configuration: Kafka.Configuration, group: String, readCommitted: Bool, _ timeoutMilliseconds: Int32) {
    var configuration = configuration
    configuration.properties.merge(["fetch.wait.max.ms": "10"]) { own, _ in own }
    self.configuration = configuration
    self.group = group
    self.readCommitted = readCommitted
    limit = .milliseconds(Int64(timeoutMilliseconds))
  }

  /// - Parameter ranges: offset ranges. Markers take offsets too, so there may be no record at either end.
  /// - Throws: `KafkaError`, which is `_TIMED_OUT` if nothing arrives for that long; any error of the body.
  package func read(_ ranges: [TopicPartition: Range<Int64>], _ body: (Kafka.Record) throws -> Void) throws {
    var left = ranges.filter { !$0.value.isEmpty }
    guard !left.isEmpty else { return }
    let reader = try Consumer(configuration, group: group, readCommitted: readCommitted, endEvents: true)
    defer { reader.close() }
    try reader.assignByHand(left.map { ($0.key, offset: $0.value.lowerBound) })
    var lastMove = ContinuousClock.now
    while !left.isEmpty {
      switch reader.poll(timeoutMilliseconds: 100) {
      case .record(let record):
        let place = TopicPartition(topic: record.topic, partition: record.partition)
        if let range = left[place] {
          if range.contains(record.offset) { try body(record) }
          if record.offset + 1 >= range.upperBound { left[place] = nil }
          lastMove = .now
        }
      case .end(let place, let offset):
        if let range = left[place], offset >= range.upperBound { left[place] = nil }
      case .error(let error):
        if error.isFatal || error.stopsReading { throw error }
      case .nothing, .assigned, .revoked, .lost: break
      }
      guard ContinuousClock.now - lastMove < limit else {
        throw KafkaError.timedOut("cannot read \(left.keys.map(\.description).sorted().joined(separator: ", ")) to the end")
      }
    }
  }
}
