import Contracts
import JSON
import Streaming
import Testing

/// A task over a store in memory, and short words for driving it as a worker would.
final class Bench {
  let store: CountingStore
  private(set) var task: StageTask
  private let stages: [AnyStage]
  private let programs: Set<ProgramID>
  private let owns: ((String) -> Bool)?
  private var number: Int64 = 0

  init(
    _ stages: [AnyStage] = [AnyStage(Script())], programs: Set<ProgramID> = ["bonus"], store: CountingStore = CountingStore(),
    owns: ((String) -> Bool)? = nil
  ) throws {
    self.store = store
    self.stages = stages
    self.programs = programs
    self.owns = owns
    task = try StageTask(service: .attribution, stages: stages, programs: programs, store: store, owns: owns)
  }

  /// Forgets the task; a new one goes on from the store.
  func restart() throws {
    task = try StageTask(service: .attribution, stages: stages, programs: programs, store: store, owns: owns)
  }

  /// Admits and runs an event.
  func take(_ record: InputRecord, latest: Instant? = nil) {
    if let event = task.admit(record, latest: latest) { task.run(event) }
  }

  /// Tells the script of a key what to do.
  func tell(_ key: String, at milliseconds: Int64 = 1000, id: String? = nil, _ acts: Act...) throws {
    try tell(key, at: milliseconds, id: id, acts)
  }

  func tell(_ key: String, at milliseconds: Int64 = 1000, id: String? = nil, _ acts: [Act]) throws {
    number += 1
    let told = Told(key: key, id: id ?? "told-\(number)", at: Instant(milliseconds: milliseconds), acts: acts)
    take(try record(told, id: "e\(number)"))
  }

  func advance(_ milliseconds: Int64) { task.advance(to: Instant(milliseconds: milliseconds)) }

  /// Commits the open batch and gives it.
  @discardableResult
  func commit() throws -> Batch {
    let batch = try task.takeBatch()
    try task.commit(batch)
    return batch
  }

  /// What the script has said in the open batch.
  func said() throws -> [String] { try task.takeBatch().outputs.map(text) }
}

/// A record in binary mode on the topic of its type.
func record<M: Message>(
  _ message: M, id: String, source: String = "/test", program: ProgramID? = "bonus", time: Instant? = nil, topic: Topic = M.topic,
  causation: String? = nil
) throws -> InputRecord {
  let envelope = Envelope(
    id: id, source: source, type: M.type, time: time, subject: message.key, program: program, causationID: causation)
  return record(envelope, message.jsonBytes(), topic: topic, key: message.key)
}

func record(_ envelope: Envelope, _ value: [UInt8]?, topic: Topic, key: String) -> InputRecord {
  InputRecord(
    topic: topic, partition: 0, offset: 0, key: Array(key.utf8), value: value,
    headers: envelope.headers.map { (name: $0.0, value: Array($0.1.utf8)) })
}

/// The text of a notice of the toys; for other messages their type.
func text(_ output: OutputRecord) -> String {
  let parser = JSONParser()
  if let said = try? parser.decode(Said.self, from: output.data) { return said.text }
  return output.envelope.type
}

/// A store in memory that counts what it is asked for.
final class CountingStore: StateStore {
  private let store = MemoryStore()
  private(set) var gets = 0
  private(set) var scannedRows = 0
  /// Given to the next question, once.
  var failure: StoreError?

  func value(for key: [UInt8]) throws(StoreError) -> [UInt8]? {
    gets += 1
    try fail()
    return store.value(for: key)
  }

  func rows(prefix: [UInt8], after: [UInt8]?, limit: Int) throws(StoreError) -> [Row] {
    try fail()
    let rows = store.rows(prefix: prefix, after: after, limit: limit)
    scannedRows += rows.count
    return rows
  }

  func write(_ changes: [RowChange]) throws(StoreError) {
    try fail()
    store.write(changes)
  }

  var all: [Row] { store.rows(prefix: [], after: nil, limit: .max) }

  private func fail() throws(StoreError) {
    guard let failure else { return }
    self.failure = nil
    throw failure
  }
}

/// The same numbers from the same seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
