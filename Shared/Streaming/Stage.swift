import Contracts
import JSON

/// A pure, keyed step: `(event, state of this key, timers) → (new state, messages, timers)`.
///
/// A stage has no I/O, no clock and no randomness; two drivers run the same stages: the worker (Kafka, exactly once) and the simulation
/// (in memory). All that a stage may read and change is in the `Turn` it is given, which is bound to one program and one key.
public protocol Stage: Sendable {
  /// What the stage has to know about a program: its terms.
  associatedtype Program: Sendable

  /// Unique within its service; part of the keys of its state, so it never changes.
  static var name: String { get }
  /// Which messages it takes, and what it does about each.
  static var reads: [Reads<Self>] { get }
  /// Which of its tables have timers, and what it does when a row is due.
  static var timers: [Timers<Self>] { get }
  /// What it may write; a test holds it to that.
  static var writes: [any Message.Type] { get }

  /// nil: the program is no matter of this stage, which passes over its events.
  func program(_ id: ProgramID) -> Program?
}

extension Stage {
  public static var timers: [Timers<Self>] { [] }
}

/// How a second delivery of the same event is told from a new event (DECISIONS R3).
public enum Repeats: Sendable {
  /// By business key, or by source and id where the type has none; the driver remembers it. For events from outside.
  case remembered
  /// By body: only an equal body is a repeat; what another body means is the stage's to say (DECISIONS R4).
  case rememberedByBody
  /// The stage keeps the memory in a row of its own: `Turn.memory`, `Turn.isRepeat`.
  case rememberedByStage
  /// Never asked: Laurel's own records arrive exactly once, or the stage takes a repeat without harm.
  case harmless
}

/// One type of message that a stage reads, and what it does about it.
public struct Reads<S: Stage>: Sendable {
  let type: String
  let topic: Topic
  let bind: @Sendable (Runner<S>, Routes) -> Void

  /// Takes one event of the turn's key. A rejection undoes all that the turn has done and dead-letters the event.
  public typealias Handler<M> = @Sendable (S) -> (M, Turn<S>) throws(Rejection) -> Void

  /// The type of the message and its topic come from the method that takes it: `.on(EarningsStage.settled)`.
  public static func on<M: Message>(_ handler: @escaping Handler<M>, repeats: Repeats? = nil) -> Reads {
    let repeats = repeats ?? (M.topic.kind == .input ? .remembered : .harmless)
    return Reads(type: M.type, topic: M.topic) { runner, routes in
      routes.route(for: M.self).steps.append(Step(runner, handler(runner.stage), repeats))
    }
  }
}

/// One table of a stage whose rows have timers.
public struct Timers<S: Stage>: Sendable {
  let table: AnyTable
  let kinds: StoredKinds?
  let fire: @Sendable (Runner<S>, TimerKey, RowKey.Parts, StageTask) throws(Rejection) -> Void

  /// A row is due, its timer taken out of it. It fires at most once; what is emitted is stamped with the instant, not with the time at
  /// which it happened to run. What the row is to be from now on, the stage stores; unless it does, the row stays without a timer.
  public typealias Handler<Key, Value> = @Sendable (S) -> (Key, Value, Instant, Turn<S>) throws(Rejection) -> Void

  public static func on<Key, Value: Timed>(_ table: Table<Key, Value>, _ handler: @escaping Handler<Key, Value>) -> Timers {
    Timers(table: table, kinds: table.storedKinds) { runner, timer, parts, task throws(Rejection) in
      try runner.fire(table, timer, parts, task) { key, row, turn throws(Rejection) in
        try handler(runner.stage)(key, row, timer.due, turn)
      }
    }
  }
}

/// A stage without its types, as a service lists it.
public struct AnyStage: Sendable {
  public let name: String
  /// What the stage reads.
  public let reads: [(type: String, topic: Topic)]
  public let writes: [any Message.Type]

  /// Puts the stage to work in a task.
  let start: @Sendable (StageTask, Routes) -> AnyRunner

  public init<S: Stage>(_ stage: S) {
    name = S.name
    reads = S.reads.map { ($0.type, $0.topic) }
    writes = S.writes
    start = { task, routes in
      let runner = Runner(stage, task)
      for reads in S.reads { reads.bind(runner, routes) }
      return runner
    }
  }
}
