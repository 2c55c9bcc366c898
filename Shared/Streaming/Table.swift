import Contracts
import JSON

/// A named kind of rows in a stage's state. The rows that a turn sees are those of its own program and key.
///
/// The name and the form of key and value are what is stored: they outlive a release. Declare each table once, as a static property.
public final class Table<Key: RowKeyPart, Value: JSONCodable & Sendable>: AnyTable, @unchecked Sendable {
  /// nil: its rows have no timers.
  let timer: TimerOfRow<Value>?
  /// The kinds that a row is of, among those whose rows are counted; nil: they are not.
  let kinds: (@Sendable (Value) -> [String])?

  public init(_ name: String) {
    (timer, kinds) = (nil, nil)
    super.init(name: name)
  }

  /// Of rows with timers.
  public init(_ name: String) where Value: Timed {
    (timer, kinds) = (.init(), nil)
    super.init(name: name)
  }

  /// Of rows with timers that are counted, so that operators can see how many there are of a kind (`laurel_watched_rows`).
  public init(_ name: String, watched kinds: @escaping @Sendable (Value) -> [String]) where Value: Timed {
    (timer, self.kinds) = (.init(), kinds)
    super.init(name: name)
  }
}

/// The kinds that a stored row is of.
typealias StoredKinds = @Sendable (UnsafeRawBufferPointer, JSONParser) throws(JSONError) -> [String]

extension Table {
  /// nil: its rows are not counted.
  var storedKinds: StoredKinds? {
    guard let kinds else { return nil }
    return { bytes, parser throws(JSONError) in
      kinds(try parser.read(bytes) { json throws(JSONError) in try Value(json: json) })
    }
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

  fileprivate init() where Value: Timed {
    get = { $0.timer }
    set = { $0.timer = $1 }
  }
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
