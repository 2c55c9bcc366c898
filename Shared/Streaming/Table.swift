import Contracts
import JSON

/// A named kind of rows in a stage's state. An invocation sees only the rows of its own program and key.
///
/// The name and the format of key and value are stored, so they outlive a release. Declare each table once, as a static property.
public final class Table<Key: RowKeyPart, Value: JSONCodable & Sendable>: AnyTable, @unchecked Sendable {
  /// `nil` if the rows have no timers.
  let timer: TimerOfRow<Value>?
  /// The counted kinds that a row belongs to; `nil` if the table's rows are not counted.
  let kinds: (@Sendable (Value) -> [String])?

  /// - Parameter keepsDecoded: whether rows stay decoded in memory after their batch. False for rows of which each event writes a new
  ///   one: they would crowd out rows that are read again and again.
  public init(_ name: String, keepsDecoded: Bool = true) {
    (timer, kinds) = (nil, nil)
    super.init(name: name, keepsDecoded: keepsDecoded, cells: CellActions(rowsOf: Value.self))
  }

  /// A table whose rows have timers.
  public init(_ name: String, keepsDecoded: Bool = true) where Value: Timed {
    (timer, kinds) = (.init(), nil)
    super.init(name: name, keepsDecoded: keepsDecoded, cells: CellActions(rowsOf: Value.self))
  }

  /// A table whose rows have timers and are counted, so that operators can see how many there are of each kind (`laurel_watched_rows`).
  public init(_ name: String, watched kinds: @escaping @Sendable (Value) -> [String]) where Value: Timed {
    (timer, self.kinds) = (.init(), kinds)
    super.init(name: name, keepsDecoded: true, cells: CellActions(rowsOf: Value.self))
  }
}

/// The counted kinds of a stored row.
typealias StoredKinds = @Sendable (Row, any StateStore, JSONParser) throws -> [String]

extension Table {
  /// `nil` if the table's rows are not counted.
  var storedKinds: StoredKinds? {
    guard let kinds else { return nil }
    return { row, store, parser in
      var value: Value? = try parser.decode(Value.self, from: row.value)
      try self.applyTimer(to: &value, key: row.key) { timer, row in try !store.holds(timer.key(of: row).bytes) }
      return value.map(kinds) ?? []
    }
  }

  /// Brings a row as it is stored to what it is now: a timer that fires does not store its row again (`Timed.timerFired`).
  func applyTimer<Failure: Error>(
    to value: inout Value?, key: [UInt8], _ hasFired: (Timer, _ row: [UInt8]) throws(Failure) -> Bool
  ) throws(Failure) {
    guard let timer, let row = value, let set = timer.get(row), try hasFired(set, key) else { return }
    timer.fire(&value!)
  }
}

// `@unchecked Sendable` because it is open to the one subclass above. Both have only `let` properties.
public class AnyTable: @unchecked Sendable {
  public let name: String
  /// The name in a key, with the zero byte that ends it.
  let keyBytes: [UInt8]
  /// Whether its rows stay decoded after their batch.
  let keepsDecoded: Bool
  let cells: CellActions

  fileprivate init(name: String, keepsDecoded: Bool, cells: CellActions) {
    self.name = name
    self.keepsDecoded = keepsDecoded
    self.cells = cells
    keyBytes = Array(name.utf8) + [0]
  }

  /// A table of the driver.
  static func inner<Value: JSONCodable & Sendable>(_ name: String, of type: Value.Type, keepsDecoded: Bool = true) -> AnyTable {
    AnyTable(name: name, keepsDecoded: keepsDecoded, cells: CellActions(rowsOf: type))
  }

  /// A table of the driver whose rows have no values.
  static func marks(_ name: String) -> AnyTable { AnyTable(name: name, keepsDecoded: false, cells: .marks) }
}

/// Gives the driver access to the timer in a row.
struct TimerOfRow<Value: JSONCodable & Sendable>: Sendable {
  let get: @Sendable (Value) -> Timer?
  let set: @Sendable (inout Value, Timer?) -> Void
  let fire: @Sendable (inout Value) -> Void

  fileprivate init() where Value: Timed {
    get = { $0.timer }
    set = { $0.timer = $1 }
    fire = {
      $0.timer = nil
      $0.timerFired()
    }
  }
}

/// A row that can become due. A stage sets its timer and stores the row. When the instant comes, the stage is called.
public protocol Timed: Stored {
  /// `nil` if the row has no timer, or if it has fired.
  var timer: Timer? { get set }
  /// Applies the effect of the fired timer. It must follow from the row alone. By default nothing.
  ///
  /// The change is not stored. Whoever reads the row later makes it again. So a credit does not write its reward once more in the
  /// middle of a large store.
  mutating func timerFired()
}

extension Timed {
  public mutating func timerFired() {}
}

/// When a row is due. A row has one timer, which fires once. To cancel or move it, store the row with no timer or another one.
public struct Timer: Stored, Equatable {
  /// A timer for a past instant fires right after the invocation that sets it.
  public let at: Instant
  /// The number of timers that the task had set before. Of timers due at the same instant, the one set first fires first (DECISIONS
  /// T3). The driver sets this; 0 means that it has not done so yet.
  var order: Int64 = 0
  /// The id of the original event. The driver sets it.
  var cause = ""
  /// Identifies the invocation that set the timer, and the place among its timers. The ids of the timer's outputs are derived from
  /// it. The driver sets it.
  var origin: Int64 = 0

  public init(at instant: Instant) { at = instant }

  func key(of row: [UInt8]) -> TimerKey { TimerKey(due: at, order: order, row: row) }
}
