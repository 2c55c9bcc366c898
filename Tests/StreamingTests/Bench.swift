import Contracts
import JSON
import Streaming
import Testing

/// A task over an in-memory store, with short methods to drive it as a worker would.
final class Bench {
  let store: CountingStore
  private(set) var task: StageTask
  private let stages: [AnyStage]
  private let programs: Set<ProgramID>
  private let place: StageTask.Place
  private let service: ServiceName
  private let decodedRowsMax: Int
  private var number: Int64 = 0

  init(
    _ stages: [AnyStage] = [AnyStage(Script())], programs: Set<ProgramID> = ["bonus"], store: CountingStore = CountingStore(),
    place: StageTask.Place = .whole, service: ServiceName = .attribution,
    decodedRowsMax: Int = 100_000
  ) throws {
    self.store = store
    self.stages = stages
    self.programs = programs
    self.place = place
    self.service = service
    self.decodedRowsMax = decodedRowsMax
    task = try StageTask(
      service: service, stages: stages, programs: programs, store: store, decodedRowsMax: decodedRowsMax, place: place)
  }

  /// Drops the task. A new one continues from the store.
  func restart() throws {
    task = try StageTask(
      service: service, stages: stages, programs: programs, store: store, decodedRowsMax: decodedRowsMax, place: place)
  }

  /// Admits and runs an event.
  func take(_ record: InputRecord, latest: Instant? = nil) {
    task.run(task.admit(record), latest: latest)
  }

  /// Gives the script of a key its actions.
  func tell(_ key: String, at milliseconds: Int64 = 1000, id: String? = nil, _ acts: Act...) throws {
    try tell(key, at: milliseconds, id: id, acts)
  }

  func tell(_ key: String, at milliseconds: Int64 = 1000, id: String? = nil, _ acts: [Act]) throws {
    number += 1
    let reported = Reported(key: key, id: id ?? "told-\(number)", at: Instant(milliseconds: milliseconds), acts: acts)
    take(try record(reported, id: "e\(number)"))
  }

  func advance(_ milliseconds: Int64) { task.advance(to: Instant(milliseconds: milliseconds)) }

  /// Moves the position of a topic.
  func moved(_ topic: Topic, to offset: Int64) {
    task.moved(past: InputRecord(topic: topic, offset: offset - 1, key: nil, value: nil))
  }

  /// A copy of the open batch.
  func batch() throws -> TakenBatch { try TakenBatch(task.takeBatch()) }

  /// Commits the open batch and returns it.
  @discardableResult
  func commit() throws -> TakenBatch {
    let batch = try batch()
    try task.commit()
    return batch
  }

  /// The script's output in the open batch.
  func said() throws -> [String] { try batch().outputs.map(text) }
}

/// A copy of a batch that outlives its commit.
struct TakenBatch {
  let outputs: [Output]
  let deadLetters: [DeadLetter]
  let repartitioned: [(key: String, record: InputRecord)]
  let changes: [RowChange]

  init(_ batch: Batch) throws {
    outputs = try (0..<batch.outbox.count).map { try Output(batch.outbox[$0]) }
    deadLetters = batch.deadLetters
    repartitioned = batch.repartitioned
    var changes: [RowChange] = []
    func copy(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) {
      changes.append(RowChange(key: [UInt8](key), value: value.map { [UInt8]($0) }))
    }
    batch.changes.visit(copy)
    self.changes = changes
  }
}

/// A copy of a task's message.
struct Output {
  let topic: Topic
  let key: String
  let envelope: Envelope
  /// The bare `data`.
  let data: [UInt8]

  init(_ record: OutputRecord) throws(Rejection) {
    topic = record.topic
    key = record.key
    (envelope, data) = try record.event()
  }
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
  InputRecord(topic: topic, key: Array(key.utf8), value: value, headers: headers(envelope))
}

func headers(_ envelope: Envelope) -> [(name: String, value: [UInt8])] {
  envelope.headers.map { (name: $0.0, value: Array($0.1.utf8)) }
}

/// The text of a toy notice; the type of any other message.
func text(_ output: Output) -> String {
  let parser = JSONParser()
  if let said = try? parser.decode(Said.self, from: output.data) { return said.text }
  return output.envelope.type
}

/// An in-memory store that counts reads.
final class CountingStore: StateStore {
  private let store = MemoryStore()
  private(set) var gets = 0
  private(set) var scannedRows = 0
  /// Thrown by the next read, once.
  var failure: StoreError?

  func read(_ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) throws(StoreError) {
    gets += 1
    try fail()
    store.read(key, body)
  }

  func scan(
    prefix: [UInt8], after: [UInt8]?, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
  ) throws(StoreError) {
    try fail()
    store.scan(prefix: prefix, after: after) { key, value in
      scannedRows += 1
      return body(key, value)
    }
  }

  func write(_ changes: Changes) throws(StoreError) {
    try fail()
    store.write(changes)
  }

  var all: [Row] {
    var rows: [Row] = []
    store.scan(prefix: [], after: nil) {
      rows.append(Row(key: [UInt8]($0), value: [UInt8]($1)))
      return true
    }
    return rows
  }

  private func fail() throws(StoreError) {
    guard let failure else { return }
    self.failure = nil
    throw failure
  }
}

/// A generator with the same numbers for the same seed.
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
