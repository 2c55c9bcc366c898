import Contracts
import JSON

/// A pure, keyed step: `(event, state of this key, timers) → (new state, messages, timers)`.
///
/// A stage has no I/O, no clock and no randomness. Two drivers run the same stages: the worker (Kafka, exactly once) and the simulation (in
/// memory). A stage may read and change only what is in its `Context`, which belongs to one program and one key.
public protocol Stage: Sendable {
  /// What the stage needs to know about a program: its terms.
  associatedtype Program: Sendable

  /// Unique within its service. It is part of the keys of the stage's state, so it never changes.
  static var name: String { get }
  /// The messages it takes, with a handler for each.
  static var reads: [Reads<Self>] { get }
  /// Its tables with timers. Each has a handler, which is called when a row is due.
  static var timers: [Timers<Self>] { get }
  /// The messages it may write. A test checks this.
  static var writes: [any Message.Type] { get }

  /// The stage's view of a program; `nil` if the stage ignores the program's events.
  func program(_ id: ProgramID) -> Program?
}

extension Stage {
  public static var timers: [Timers<Self>] { [] }
}

/// How to distinguish a repeated event from a new one (DECISIONS R3).
public enum Repeats: Sendable {
  /// By business key, or by source and id if the type has none. The driver remembers it. For events from outside.
  case remembered
  /// By body: an event is a repeat only if its body is equal. The stage decides what another body means (DECISIONS R4).
  case rememberedByBody
  /// The stage remembers the event in its own row: `Context.memory`, `Context.isRepeat`.
  case rememberedByStage
  /// Not checked, because Laurel's own messages arrive exactly once, or a repeat does no harm.
  case harmless
}

/// One type of message that a stage reads, and its handler.
public struct Reads<S: Stage>: Sendable {
  let type: String
  let topic: Topic
  let bind: @Sendable (Runner<S>, Routes) -> Void

  /// Handles one event for the given key. A rejection undoes the whole invocation and dead-letters the event.
  public typealias Handler<M> = @Sendable (S) -> (M, Context<S>) throws(Rejection) -> Void

  /// The message type and its topic follow from the method: `.on(EarningsStage.settled)`.
  ///
  /// - Parameter isRead: whether the stage reads it in a program; by default in every one. An event that is not read is not remembered
  ///   either.
  public static func on<M: Message>(
    _ handler: @escaping Handler<M>, repeats: Repeats? = nil, where isRead: (@Sendable (S.Program) -> Bool)? = nil
  ) -> Reads {
    let repeats = repeats ?? (M.topic.kind == .input ? .remembered : .harmless)
    return Reads(type: M.type, topic: M.topic) { runner, routes in
      routes.add(runner.step(handler(runner.stage), repeats, isRead), for: M.self)
    }
  }
}

/// One table of a stage whose rows have timers.
public struct Timers<S: Stage>: Sendable {
  let table: AnyTable
  let kinds: StoredKinds?
  let fire: @Sendable (Runner<S>, TimerKey, RowKey.Parts, StageTask) throws(Rejection) -> Void

  /// Handles a due row, whose timer has been removed, so it fires at most once. Outputs have the due instant as their time, not the
  /// time when the timer fired. If the stage does not store the row again, the row stays as it is passed, after `Timed.timerFired`.
  public typealias Handler<Key, Value> = @Sendable (S) -> (Key, Value, Instant, Context<S>) throws(Rejection) -> Void

  public static func on<Key, Value: Timed>(_ table: Table<Key, Value>, _ handler: @escaping Handler<Key, Value>) -> Timers {
    Timers(table: table, kinds: table.storedKinds) { runner, timer, parts, task throws(Rejection) in
      try runner.fire(table, timer, parts, task) { key, row, context throws(Rejection) in
        try handler(runner.stage)(key, row, timer.due, context)
      }
    }
  }
}

/// A type-erased stage, as a service lists it.
public struct AnyStage: Sendable {
  public let name: String
  /// What the stage reads.
  public let reads: [(type: String, topic: Topic)]
  public let writes: [any Message.Type]

  /// Starts the stage in a task.
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
