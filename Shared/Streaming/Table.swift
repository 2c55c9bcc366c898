import Contracts
import JSON

/// A named kind of rows in a stage's state. The rows that a turn sees are those of its own program and key.
///
/// The name and the form of key and value are what is stored: they outlive a release. Declare each table once, as a static property.
public final class Table<Key: RowKeyPart, Value: JSONCodable & Sendable>: AnyTable, @unchecked Sendable {
  /// nil: its rows have no timers.
  let timer: TimerOfRow<Value>?

  public init(_ name: String) {
    timer = nil
    super.init(name: name)
  }

  /// Of rows with timers.
  public init(_ name: String) where Value: Timed {
    timer = TimerOfRow(get: { $0.timer }, set: { $0.timer = $1 })
    super.init(name: name)
  }
}

// `@unchecked Sendable`: open to the one subclass above; all of both is `let`.
public class AnyTable: @unchecked Sendable {
  public let name: String
  /// With the zero byte that ends it in a key.
  let keyBytes: [UInt8]

  fileprivate init(name: String) {
    self.name = name
    keyBytes = Array(name.utf8) + [0]
  }

  static func inner(_ name: String) -> AnyTable { AnyTable(name: name) }
}

/// How the driver reaches the timer in a row.
struct TimerOfRow<Value: JSONCodable & Sendable>: Sendable {
  let get: @Sendable (Value) -> Timer?
  let set: @Sendable (inout Value, Timer?) -> Void
}

/// A row that can become due: a stage sets its timer, stores the row, and is called when the instant has come.
public protocol Timed: Stored {
  /// nil: it waits for no instant.
  var timer: Timer? { get set }
}

/// When a row is due. A row has one timer, which fires once; to cancel or move it is to store the row with another or none.
public struct Timer: Stored, Equatable {
  /// An instant already past is due right after the turn that sets it.
  public let at: Instant
  /// Of timers due at one instant the one set first fires first (DECISIONS T3): counts the timers that the task has set. Given by the
  /// driver; 0: just set.
  var order: Int64 = 0
  /// The event that it goes back to; given by the driver.
  var cause = ""
  /// What the ids of its outputs are derived from: the turn that set it, and which of that turn's timers it is. Given by the driver.
  var origin: Int64 = 0

  public init(at instant: Instant) { at = instant }
}
