import Kafka
import TestSupport
import Testing

/// Polls until `done` returns true or the time limit is over.
/// - Returns: whether `done` returned true.
func poll(_ consumer: Consumer, for limit: Duration = .seconds(30), until done: (Polled) throws -> Bool) throws -> Bool {
  let deadline = ContinuousClock.now + limit
  while .now < deadline {
    if try done(consumer.poll(timeoutMilliseconds: 100)) { return true }
  }
  return false
}

/// All records of partition 0 of `topic`, up to the end for a reader with this isolation level.
/// - Parameter start: 0 equals the logical beginning if nothing is deleted, and saves a look-up.
func readAll(
  _ configuration: Configuration, _ topic: String, readCommitted: Bool = true, from start: Int64 = Offset.beginning
) throws -> [Record] {
  var configuration = configuration
  // A broker delays the answer that reports the end by this time.
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
  #expect(ended, "the end of \(topic) was not reached in time")
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
