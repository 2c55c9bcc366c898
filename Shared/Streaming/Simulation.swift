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

/// All services in memory, with a virtual clock: the same stages as on the bus, in a deterministic order. An event and all its internal
/// messages are processed before the next event is read (DECISIONS T2).
public final class Simulation {
  /// Number of events after which changes are written to the stores. Until then they are kept decoded.
  private static let eventsPerCommit = 10_000

  /// Receives every notice, in order. The record is valid only during the call.
  private let notice: (OutputRecord) -> Void
  /// Receives rejected events, once per event and reason.
  private let rejected: (DeadLetter) -> Void
  private let tasks: [StageTask]
  private let reads: [[Topic]]
  /// Rejections reported since the last event from outside.
  private var reported: Set<Rejected> = []
  private var untilCommit = eventsPerCommit
  /// What is being handed on, and where it lies.
  private var queue: [OutputRecord] = []
  private var used: [Outbox] = []
  /// Empty ones.
  private var outboxes: [Outbox] = []
  public private(set) var clock = Instant(milliseconds: 0)

  /// - Parameter store: creates a service's store; in memory by default. Tests of state on disk pass another one.
  public init(
    services: [Service], programs: Set<ProgramID>, store: (ServiceName) throws -> any StateStore = { _ in MemoryStore() },
    notice: @escaping (OutputRecord) -> Void, rejected: @escaping (DeadLetter) -> Void
  ) throws {
    self.notice = notice
    self.rejected = rejected
    reads = services.map(\.inputs)
    tasks = try services.map {
      try StageTask(service: $0.name, stages: $0.stages, programs: programs, store: store($0.name))
    }
  }

  /// Takes one event from outside. Its time, or else the instant in its data, moves the clock.
  public func take(_ record: InputRecord) throws {
    reported.removeAll(keepingCapacity: true)
    let events = admitted(record, by: zip(tasks, reads).lazy.filter { $0.1.contains(record.topic) }.map(\.0))
    if let time = events.lazy.compactMap(\.event.time).first { try moveClock(to: time) }
    for (task, event) in events {
      task.run(event)
      try deliver()
    }
    untilCommit -= 1
    if untilCommit == 0 { try commit() }
  }

  /// Moves the clock forward, never back, and fires due timers in order of time. All timers of one instant fire before their messages are
  /// delivered: timers go first, then events (DECISIONS T1).
  public func advance(to instant: Instant) throws {
    reported.removeAll(keepingCapacity: true)
    try moveClock(to: instant)
  }

  private func moveClock(to instant: Instant) throws {
    // What was due up to the clock has fired.
    guard instant > clock else { return }
    while let due = nextDue(by: instant) {
      clock = max(clock, due)
      for task in tasks { task.advance(to: due) }
      try deliver()
    }
    clock = instant
    for task in tasks { task.advance(to: clock) }
  }

  private func nextDue(by instant: Instant) -> Instant? {
    var earliest: Instant?
    for task in tasks { if let due = task.nextDue, due <= earliest ?? instant { earliest = due } }
    return earliest
  }

  /// A record as some tasks read it. It is decoded once: programs and keys are the same for all of them.
  private func admitted(_ record: InputRecord, by readers: some Sequence<StageTask>) -> [(task: StageTask, event: Event)] {
    var events: [(task: StageTask, event: Event)] = []
    for task in readers {
      let event = events.lazy.map(\.event).first(where: task.takes) ?? task.admit(record)
      // In memory no message is lost or hidden.
      event.number = nil
      events.append((task, event))
    }
    return events
  }

  /// Hands on what the tasks have written until nothing moves.
  private func deliver() throws {
    defer {
      queue.removeAll(keepingCapacity: true)
      reuseOutboxes()
    }
    var next = 0
    while true {
      for task in tasks {
        if let failure = task.failure { throw failure }
        guard task.hasWritten else { continue }
        let records = task.takeRecords(leaving: outboxes.popLast() ?? Outbox())
        // Two services that read one topic reject the same event for the same reason.
        for letter in records.deadLetters where reported.insert(Rejected(letter)).inserted { rejected(letter) }
        for index in 0..<records.outbox.count { queue.append(records.outbox[index]) }
        used.append(records.outbox)
      }
      guard next < queue.count else { return }
      let output = queue[next]
      next += 1
      if output.topic.kind == .notices { notice(output) }
      let record = InputRecord(topic: output.topic, partition: 0, offset: 0, memory: output)
      for (task, event) in admitted(record, by: tasks.lazy.filter { $0.takes(type: output.type) }) { task.run(event) }
    }
  }

  /// Outboxes whose messages are all handed on, unless somebody keeps one of its messages, take the messages to come.
  private func reuseOutboxes() {
    while var outbox = used.popLast() {
      guard isKnownUniquelyReferenced(&outbox) else { continue }
      outbox.removeAll()
      outboxes.append(outbox)
    }
  }

  /// Writes the changes to the stores. Call it before inspecting them.
  public func commit() throws {
    untilCommit = Self.eventsPerCommit
    for task in tasks {
      _ = try task.takeBatch()
      try task.commit()
    }
  }
}

/// A dead letter identified by its content, whichever service found it.
private struct Rejected: Hashable {
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
