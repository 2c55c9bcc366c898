import Contracts
import Deployment
import Streaming
import Terms

/// Runs all services over in-memory stores, with records as a broker would deliver them. `Simulation` accepts only well-formed envelopes.
final class MemoryBus {
  /// The output of a service, as its readers get it, and its sentence.
  struct Output {
    let record: InputRecord
    let envelope: Envelope
    /// The bare data.
    let data: [UInt8]
    let key: String

    var topic: Topic { record.topic }

    init(_ output: OutputRecord) throws {
      let written = InputRecord(topic: output.topic, partition: 0, offset: 0, memory: output)
      record = InputRecord(topic: output.topic, key: written.key, value: written.value, headers: written.headers)
      (envelope, data) = try output.event()
      key = output.key
    }
  }

  /// Output on a service's own topics must fit: `max.message.bytes` of these topics, less the framing of a record.
  private static let recordBytesMax = 4_194_304 - 1000

  private let services: [Service]
  private let inputs: [Set<Topic>]
  private let programs: Programs
  private let stores: [MemoryStore]
  private var tasks: [StageTask] = []
  /// Internal messages stay pending until the clock moves, so that all other records arrive before them.
  private let isSlow: Bool
  private var onTheirWay: [Output] = []
  private(set) var clock = Instant(milliseconds: 0)
  private(set) var outputs: [Output] = []
  private(set) var deadLetters: [DeadLetter] = []
  /// A limit as for a service. Without it, the monthly runs up to 2199 would be most of the work.
  private var latest = Instant(year: 2030, month: 1, day: 1)

  init(_ programs: Programs, isSlow: Bool = false) throws {
    self.isSlow = isSlow
    self.programs = programs
    services = Deployment.services(programs)
    inputs = services.map { Set($0.inputs + [.repartitioned($0.name)]) }
    stores = services.map { _ in MemoryStore() }
    try restart()
  }

  /// Creates new tasks over the same stores, so that they know only what the rows hold.
  func restart() throws {
    tasks = try zip(services, stores).map {
      try StageTask(service: $0.name, stages: $0.stages, programs: programs.ids, store: $1)
    }
    for task in tasks { task.advance(to: clock) }
  }

  func take(_ line: BusText.Line) throws {
    switch line {
    case .record(let record): try take(record)
    case .advance(let span): try advance(by: span)
    case .anyFuture: latest = nil
    }
  }

  func take(_ record: InputRecord) throws {
    var admitted: [(StageTask, Event)] = []
    for (task, inputs) in zip(tasks, inputs) where inputs.contains(record.topic) { admitted.append((task, task.admit(record))) }
    // A record that is rejected for its time does not move the clock.
    if let time = admitted.lazy.compactMap(\.1.time).first, latest.map({ time <= $0 }) ?? true { try moveClock(to: time) }
    for (task, event) in admitted {
      task.run(event, latest: latest)
      try deliver()
    }
    try settle()
  }

  func advance(by span: TimeSpan) throws {
    try handOn()
    try moveClock(to: clock + span)
    try handOn()
    try settle()
  }

  private func moveClock(to instant: Instant) throws {
    while let due = tasks.compactMap(\.nextDue).min(), due <= instant {
      for task in tasks { task.advance(to: due) }
      try deliver()
    }
    clock = max(clock, instant)
    for task in tasks { task.advance(to: clock) }
    try settle()
  }

  private func deliver() throws {
    if isSlow { try collect() } else { try handOn() }
  }

  private func collect() throws {
    for task in tasks {
      if let failure = task.failure { throw Broken("a task has failed: \(failure)") }
      guard let records = task.takeRecords() else { continue }
      deadLetters += records.deadLetters
      let written = try (0..<records.outbox.count).map { try Output(records.outbox[$0]) }
      outputs += written
      onTheirWay += written
    }
  }

  /// Delivers the tasks' output until nothing moves.
  private func handOn() throws {
    var handed = 0
    while true {
      try collect()
      guard handed < onTheirWay.count else { return onTheirWay.removeAll() }
      let output = onTheirWay[handed]
      handed += 1
      try hold(handed < 10_000, "outputs without end")
      let record = output.record
      let framed = record.headers.reduce(output.key.utf8.count) { $0 + $1.name.utf8.count + $1.value.count }
      let size = framed + (record.value?.count ?? 0)
      try hold(size < Self.recordBytesMax, "\(output.envelope.type) of \(size) bytes")
      for (task, inputs) in zip(tasks, inputs) where inputs.contains(output.topic) { task.run(task.admit(record)) }
    }
  }

  private func settle() throws {
    for task in tasks {
      let batch = try task.takeBatch()
      try batch.changes.visit { key, value in
        let size = key.count + (value?.count ?? 0)
        try hold(size < Self.recordBytesMax, "a row of \(size) bytes: \(String(decoding: key.prefix(80), as: UTF8.self))")
      }
      try task.commit()
    }
  }
}
