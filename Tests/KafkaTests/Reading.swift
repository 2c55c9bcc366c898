import Kafka
import TestSupport
import Testing

/// Polls until `done` says so or the time is over.
/// - Returns: whether `done` said so.
func poll(_ consumer: Consumer, for limit: Duration = .seconds(30), until done: (Polled) throws -> Bool) throws -> Bool {
  let deadline = ContinuousClock.now + limit
  while .now < deadline {
    if try done(consumer.poll(timeoutMilliseconds: 100)) { return true }
  }
  return false
}

/// All records of partition 0 of `topic`, up to its end as a reader of this isolation sees it.
/// - Parameter start: 0 is as good as the logical beginning, and need not be looked up, where nothing is deleted.
func readAll(
  _ configuration: Configuration, _ topic: String, readCommitted: Bool = true, from start: Int64 = Offset.beginning
) throws -> [Record] {
  var configuration = configuration
  // A broker holds the answer that tells of the end back for this long.
  configuration.properties.merge(["fetch.wait.max.ms": "20"]) { own, _ in own }
  let consumer = try Consumer(configuration, group: uniqueName("reader"), readCommitted: readCommitted, endEvents: true)
  try consumer.assignByHand([(TopicPartition(topic: topic, partition: 0), offset: start)])
  var records: [Record] = []
  let ended = try poll(consumer) { polled in
    switch polled {
    case .record(let record):
      records.append(record)
      return false
    case .end: return true
    case .error(let error):
      if !error.isRetriable { throw error }
      return false
    case .assigned, .revoked, .lost, .nothing: return false
    }
  }
  #expect(ended, "no end of \(topic) within the time")
  consumer.close()
  return records
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

/// The failure of a call that must fail.
func transactionFailure(of call: () throws -> Void) -> TransactionFailure? {
  do {
    try call()
    return nil
  } catch {
    return error as? TransactionFailure
  }
}
