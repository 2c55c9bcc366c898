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
  /// Number of events after which changes are written to the stores. Until then they are kept decoded, which takes less time than
  /// writing and reading them, and more memory.
  private static let eventsPerCommit = 1 << 17

  /// Receives every notice, in order. The record is valid only during the call.
  private let notice: (OutputRecord) -> Void
  /// Receives rejected events, once per event and reason.
  private let rejected: (DeadLetter) -> Void
  private let tasks: [StageTask]
  /// The tasks that read a topic.
  private let readers: [Topic: [StageTask]]
  /// The tasks that take a type of message.
  private var takers: [String: [StageTask]] = [:]
  /// Rejections reported since the last event from outside.
  private var reported: Set<Rejected> = []
  private var untilCommit = eventsPerCommit
  private var undelivered = MessageQueue()
  public private(set) var clock = Instant(milliseconds: 0)
  /// When the next timer may be due; `nil` if it must be looked up.
  private var due: Instant?

  /// - Parameter store: creates a service's store; in memory by default. Tests of state on disk pass another one.
  public init(
    services: [Service], programs: Set<ProgramID>, store: (ServiceName) throws -> any StateStore = { _ in MemoryStore() },
    notice: @escaping (OutputRecord) -> Void, rejected: @escaping (DeadLetter) -> Void
  ) throws {
    self.notice = notice
    self.rejected = rejected
    tasks = try services.map {
      try StageTask(service: $0.name, stages: $0.stages, programs: programs, store: store($0.name))
    }
    readers = zip(services, tasks).reduce(into: [:]) { readers, service in
      for topic in service.0.inputs { readers[topic, default: []].append(service.1) }
    }
  }

  /// Takes one event from outside. Its envelope's time moves the clock.
  public func take(_ record: InputRecord) throws {
    reported.removeAll(keepingCapacity: true)
    var events: [(task: StageTask, event: Event)] = []
    var read: Event?
    for task in readers[record.topic] ?? [] { events.append((task, event(of: record, for: task, &read))) }
    if let time = events.lazy.compactMap(\.event.clock).first { try moveClock(to: time) }
    for (task, event) in events {
      try run(event, by: task)
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
    while case let due = nextDue(), due <= instant {
      clock = max(clock, due)
      for task in tasks {
        task.advance(to: due)
        try collect(from: task)
      }
      try deliver()
    }
    clock = instant
  }

  private func nextDue() -> Instant {
    if let due { return due }
    let found = tasks.reduce(TimerKey.never.due) { earliest, task in min(earliest, task.nextDue ?? earliest) }
    due = found
    return found
  }

  /// Moves the task's clock, then runs the event. No timer was due before it.
  private func run(_ event: Event, by task: StageTask) throws {
    // In memory no message is lost or hidden.
    event.number = nil
    task.advance(to: clock)
    task.run(event)
    try collect(from: task)
  }

  /// An event for a task. Tasks have the same programs and keys, so one decodes it for all that take it.
  private func event(of record: InputRecord, for task: StageTask, _ read: inout Event?) -> Event {
    if let read, task.takes(read) { return read }
    let event = task.admit(record)
    if event.messageType != nil { read = event }
    return event
  }

  /// Queues what a task has written. Call it after each run, because its timers may have changed.
  private func collect(from task: StageTask) throws {
    due = nil
    if let failure = task.failure { throw failure }
    guard let records = task.takeRecords(leaving: undelivered.emptyOutbox()) else { return }
    // Two services that read one topic reject the same event for the same reason.
    for letter in records.deadLetters where reported.insert(Rejected(letter)).inserted { rejected(letter) }
    undelivered.add(records.outbox)
  }

  /// Delivers messages until nothing moves.
  private func deliver() throws {
    while let output = undelivered.next() {
      if output.topic.kind == .notices { notice(output) }
      let record = InputRecord(topic: output.topic, partition: 0, offset: 0, memory: output)
      var read: Event?
      for task in takers(of: output.type) { try run(event(of: record, for: task, &read), by: task) }
    }
  }

  private func takers(of type: String) -> [StageTask] {
    if let known = takers[type] { return known }
    let found = tasks.filter { $0.takes(type: type) }
    takers[type] = found
    return found
  }

  /// Passes the rows of all services' stages to `body`, as they are now, and returns its answers: by service, then by the rows' keys.
  public func compactMapRows<Answer>(_ body: (ServiceName, StageRow) throws -> Answer?) throws -> [Answer] {
    try tasks.flatMap { task in try task.compactMapRows { try body(task.service, $0) } }
  }

  /// Writes the changes to the stores. Call it before inspecting them.
  public func commit() throws {
    untilCommit = Self.eventsPerCommit
    for task in tasks {
      task.advance(to: clock)
      _ = try task.takeBatch()
      try task.commit()
    }
  }
}

/// The messages not delivered yet, in order.
private struct MessageQueue {
  private var messages: [OutputRecord] = []
  private var delivered = 0
  /// The outboxes that hold them.
  private var used: [Outbox] = []
  private var empty: [Outbox] = []

  mutating func add(_ outbox: Outbox) {
    messages.append(contentsOf: (0..<outbox.count).lazy.map { outbox[$0] })
    used.append(outbox)
  }

  mutating func next() -> OutputRecord? {
    guard delivered < messages.count else {
      reuseOutboxes()
      return nil
    }
    delivered += 1
    return messages[delivered - 1]
  }

  mutating func emptyOutbox() -> Outbox { empty.popLast() ?? Outbox() }

  /// Call it when all messages are delivered. An outbox is not used again if somebody still holds one of its messages.
  private mutating func reuseOutboxes() {
    messages.removeAll(keepingCapacity: true)
    delivered = 0
    while var outbox = used.popLast() {
      guard isKnownUniquelyReferenced(&outbox) else { continue }
      outbox.removeAll()
      empty.append(outbox)
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
