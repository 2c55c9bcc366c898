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

  /// Every topic that its stages read, in the catalogue's order.
  public var inputs: [Topic] {
    let read = Set(stages.flatMap { $0.reads.map(\.topic) })
    return Topic.catalogue.filter(read.contains)
  }
}

/// All services in memory, with a virtual clock: the same stages as on the bus, in a deterministic order. An event goes through all
/// its hops before the next is read (DECISIONS T2).
public final class Simulation {
  /// Events after which what has changed is written to the stores: in between it is held decoded.
  private static let eventsPerCommit = 2_000

  /// Where what the services write goes: every notice, in order. It is valid within the call.
  private let notice: (OutputRecord) -> Void
  /// Input that was refused, once per event and reason.
  private let refused: (DeadLetter) -> Void
  private let tasks: [StageTask]
  private let reads: [[Topic]]
  /// What has been told as refused since the last event from outside.
  private var told: Set<Refused> = []
  private var untilCommit = eventsPerCommit
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

  /// Takes one event from outside: its time, else the instant in its data, moves the clock.
  public func take(_ record: InputRecord) throws {
    told.removeAll(keepingCapacity: true)
    var events: [(StageTask, Event)] = []
    for (task, reads) in zip(tasks, reads) where reads.contains(record.topic) { events.append((task, task.admit(record))) }
    if let time = events.lazy.compactMap(\.1.time).first { try moveClock(to: time) }
    for (task, event) in events {
      task.run(event)
      try deliver()
    }
    untilCommit -= 1
    if untilCommit == 0 { try commit() }
  }

  /// Moves the clock, never back; what is due on the way fires in the order of time. All that is due at one instant fires before what
  /// it causes is handed on: timers go first, then events (DECISIONS T1).
  public func advance(to instant: Instant) throws {
    told.removeAll(keepingCapacity: true)
    try moveClock(to: instant)
  }

  private func moveClock(to instant: Instant) throws {
    while let due = tasks.compactMap(\.nextDue).min(), due <= instant {
      for task in tasks { task.advance(to: due) }
      try deliver()
    }
    guard instant > clock else { return }
    clock = instant
    for task in tasks { task.advance(to: clock) }
  }

  /// Hands on what the tasks have written until nothing moves.
  private func deliver() throws {
    var queue: [OutputRecord] = []
    var next = 0
    while true {
      for task in tasks {
        if let failure = task.failure { throw failure }
        guard task.hasWritten else { continue }
        let records = task.takeRecords()
        // Two services that read one topic refuse the same event for the same reason.
        for letter in records.deadLetters where told.insert(Refused(letter)).inserted { refused(letter) }
        for index in 0..<records.outbox.count { queue.append(records.outbox[index]) }
      }
      guard next < queue.count else { return }
      let output = queue[next]
      next += 1
      if output.topic.kind == .notices { notice(output) }
      let record = InputRecord(topic: output.topic, partition: 0, offset: 0, memory: output)
      for (task, reads) in zip(tasks, reads) where reads.contains(output.topic) { task.run(task.admit(record)) }
    }
  }

  /// Writes what has changed to the stores. Whoever looks at them calls it before.
  public func commit() throws {
    untilCommit = Self.eventsPerCommit
    for task in tasks {
      _ = try task.takeBatch()
      try task.commit()
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
