import Contracts
import JSON
import Kafka
import Streaming

/// Reads the progress of a partition's task from the end of its changelog, without the rest of its state.
package enum ChangelogTail {
  /// Length of the first read. Further reads go back further, until one finds the task's progress.
  private static let firstLength: Int64 = 2_000

  /// Checks that a changelog which ends before a store's position has not lost what the store holds. If it has, the store is the only
  /// copy.
  ///
  /// - Parameter progress: the last progress in the changelog.
  /// - Throws: `Disagreement`.
  static func check(_ changelog: TopicPartition, _ progress: Progress?, against store: Progress, in directory: String) throws {
    for (topic, offset) in store.positions.sorted(by: { $0.key < $1.key }) {
      let read = progress?.positions[topic] ?? 0
      guard read >= offset else {
        throw Disagreement(
          description: """
            \(changelog) has lost records: the state has read \(topic) up to offset \(read), the folder \(directory) up to \(offset). \
            Was the topic deleted and created again? Nothing was processed, and the folder stays as it is: ops/docs/RUNBOOK.md, \
            "Topics created again"
            """)
      }
    }
  }

  /// The last committed progress; `nil` if there is none.
  ///
  /// - Parameter stable: the last stable offset.
  /// - Throws: `KafkaError`; it is `_TIMED_OUT` if no broker answers in time.
  package static func progress(
    in changelog: TopicPartition, low: Int64, stable: Int64, _ configuration: Kafka.Configuration, group: String,
    timeoutMilliseconds: Int32
  ) throws -> Progress? {
    let parser = JSONParser()
    var length = firstLength
    var progress: Progress?
    repeat {
      let start = max(low, stable - length)
      try PartitionScan(configuration, group: group, readCommitted: true, timeoutMilliseconds).read([changelog: start..<stable]) {
        record in
        guard let key = record.key, let value = record.value else { return }
        if let found = try Progress.record(key: key, value: value, parser: parser) { progress = found }
      }
      length *= 8
      if start == low { break }
    } while progress == nil
    return progress
  }
}
