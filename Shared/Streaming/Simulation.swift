import Contracts
import JSON

/// A service as a driver sees it: a name and stages.
public struct Service: Sendable {
  public let name: ServiceName
  public let stages: [AnyStage]

  public init(_ name: ServiceName, _ stages: [AnyStage]) {
    self.name = name
    self.stages = stages
  }

  /// Every topic that its stages read, and those of messages that it will have rules for, in the catalogue's order.
  public var inputs: [Topic] {
    let coming = MessageRegistry.notYet.filter { $0.value == name }.compactMap { MessageRegistry.type(named: $0.key)?.topic }
    let read = Set(stages.flatMap { $0.reads.map(\.topic) } + coming)
    return Topic.catalogue.filter(read.contains)
  }
}

/// All services in memory, with a virtual clock: the same stages as on the bus, in a deterministic order. An event goes through all
/// its hops before the next is read (DECISIONS T2).
public final class Simulation {
  /// Where what the services write goes: every notice, in order.
  private let notice: (OutputRecord) -> Void
  /// Input that was refused, once per event and reason.
  private let refused: (DeadLetter) -> Void
  private let tasks: [StageTask]
  private let reads: [[Topic]]
  /// What has been told as refused since the last event from outside.
  private var told: Set<Refused> = []
  public private(set) var clock = Instant(milliseconds: 0)

  /// - Parameter store: where a service's state is; in memory, unless state on disk is what is looked at.
  public init(
    services: [Service], programs: Set<ProgramID>, store: (ServiceName) throws -> any StateStore = { _ in MemoryStore() },
    notice: @escaping (OutputRecord) -> Void, refused: @escaping (DeadLetter) -> Void
  ) throws {
    self.notice = notice
    self.refused = refused
    reads = services.map(\.inputs)
    tasks = try services.map {
      try StageTask(service: $0.name, stages: $0.stages, programs: programs, store: store($0.name))
    }
  }

  /// Takes one event from outside.
  ///
  /// - Parameters:
  ///   - envelope: its attributes; its time, else the instant in its data, moves the clock.
  ///   - data: the bare data.
  public func take(_ envelope: Envelope, topic: Topic, data: [UInt8], number: Int64) throws {
    told.removeAll()
    let record = InputRecord(
      topic: topic, partition: 0, offset: number, key: nil, value: data,
      headers: envelope.headers.map { (name: $0.0, value: Array($0.1.utf8)) })
    var admitted: [(StageTask, AdmittedEvent)] = []
    for (task, reads) in zip(tasks, reads) where reads.contains(topic) {
      if let event = task.admit(record, latest: nil) { admitted.append((task, event)) }
    }
    try deliver()
    if let time = admitted.first?.1.time { try moveClock(to: time) }
    for (task, event) in admitted {
      task.run(event)
      try deliver()
    }
    try settle()
  }

  /// Moves the clock, never back; what is due on the way fires in the order of time. All that is due at one instant fires before what
  /// it causes is handed on: timers go first, then events (DECISIONS T1).
  public func advance(to instant: Instant) throws {
    told.removeAll()
    try moveClock(to: instant)
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

  /// Hands on what the tasks have written until nothing moves.
  private func deliver() throws {
    var queue: [OutputRecord] = []
    var next = 0
    while true {
      for task in tasks {
        if let failure = task.failure { throw failure }
        let records = task.takeRecords()
        // Two services that read one topic refuse the same event for the same reason.
        for letter in records.deadLetters where told.insert(Refused(letter)).inserted { refused(letter) }
        queue.append(contentsOf: records.outputs)
      }
      guard next < queue.count else { return }
      let output = queue[next]
      next += 1
      if output.topic.kind == .notices { notice(output) }
      let record = InputRecord(
        topic: output.topic, partition: 0, offset: 0, key: Array(output.key.utf8), value: output.data,
        headers: output.envelope.headers.map { (name: $0.0, value: Array($0.1.utf8)) })
      for (task, reads) in zip(tasks, reads) where reads.contains(output.topic) {
        if let event = task.admit(record, latest: nil) { task.run(event) }
      }
    }
  }

  /// An event is over: its changes become the tasks' state.
  private func settle() throws {
    for task in tasks {
      let batch = try task.takeBatch()
      try task.commit(batch)
    }
  }
}

/// A dead letter by what it says, wherever it was found.
private struct Refused: Hashable {
  let topic: String
  let key: [UInt8]?
  let value: [UInt8]?
  let reason: DeadLetterReason

  init(_ letter: DeadLetter) {
    topic = letter.record.topic.name
    key = letter.record.key
    value = letter.record.value
    reason = letter.rejection.reason
  }
}
