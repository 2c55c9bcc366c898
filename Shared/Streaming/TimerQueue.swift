import Contracts

/// A timer's due instant, its order among the timers set (DECISIONS T3), and its row.
struct TimerKey: Comparable, Sendable {
  let due: Instant
  /// The number of timers that the task had set before.
  let order: Int64
  let row: [UInt8]

  /// Later than any timer.
  static let never = TimerKey(due: Instant(milliseconds: .max), order: .max, row: [])

  static func < (left: TimerKey, right: TimerKey) -> Bool {
    left.due == right.due ? left.order < right.order : left.due < right.due
  }
}

extension TimerKey {
  init(due: Instant, order: Int64, row: some Sequence<UInt8>) {
    self.due = due
    self.order = order
    self.row = Array(row)
  }

  /// Reads the key of a stored timer, or returns `nil` if it is not one.
  init?(_ key: UnsafeRawBufferPointer) {
    guard key.count > 17, key[0] == RowKey.timers[0] else { return nil }
    self.init(
      due: Instant(milliseconds: RowKey.number(key[1..<9])), order: RowKey.number(key[9..<17]), row: key[17...])
  }

  /// The key of its row.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes
  }

  func append(to bytes: inout [UInt8]) {
    bytes.append(RowKey.timers[0])
    RowKey.append(due.milliseconds, to: &bytes)
    RowKey.append(order, to: &bytes)
    bytes.append(contentsOf: row)
  }
}

/// The timers of a task in due order: those of the store and those set in the open batch. Stored timers are read in small pieces,
/// starting after the last one fired, so that deleted rows are never scanned again. A cancelled timer stays in the queue, so the
/// caller must check each timer that it takes.
struct TimerQueue {
  private static let pieceLength = 64

  /// Timers of the open batch.
  private var fresh = BinaryHeap<TimerKey>()
  /// The piece read from the store, in ascending order. `used` counts the timers taken from it.
  private var piece: [TimerKey] = []
  private var used = 0
  private var isExhausted = false
  /// A lower bound for the stored timers; `nil` if it is unknown.
  private var earliestStored: TimerKey?
  /// Key of the last stored timer fired. Scans resume after it, skipping deleted keys.
  private var floor: TimerKey?
  private var committedFloor: TimerKey?
  /// No timer is due before this instant; `nil` if it is unknown.
  private var earliest: Instant?

  /// Removes and returns the earliest timer due at `instant`, or returns `nil` if there is none.
  mutating func next(dueAt instant: Instant, state: TaskState) -> TimerKey? {
    if let earliest, earliest > instant { return nil }
    let stored = nextStored(upTo: instant, state: state)
    earliest = nil
    let set = fresh.first.flatMap { $0.due <= instant ? $0 : nil }
    switch (stored, set) {
    case (nil, nil):
      let stored = used < piece.count ? piece[used].due : isExhausted ? TimerKey.never.due : earliestStored?.due
      earliest = stored.map { min($0, fresh.first?.due ?? $0) }
      return nil
    case (let key?, nil):
      takeStored(key)
      return key
    case (nil, let key?):
      fresh.removeFirst()
      return key
    case (let storedKey?, let setKey?):
      if storedKey < setKey {
        takeStored(storedKey)
        return storedKey
      }
      fresh.removeFirst()
      return setKey
    }
  }

  /// The earliest instant at which a timer may be due, or `nil` if there is none.
  mutating func nextDue(state: TaskState) -> Instant? {
    if earliest == nil {
      let stored = piece.isEmpty ? earliestStored ?? nextStored(upTo: nil, state: state) : nextStored(upTo: nil, state: state)
      earliest = min(stored ?? .never, fresh.first ?? .never).due
    }
    return earliest == TimerKey.never.due ? nil : earliest
  }

  mutating func add(_ key: TimerKey) {
    fresh.insert(key)
    if let earliest { self.earliest = min(earliest, key.due) }
  }

  /// Call it when the open batch is in the store.
  mutating func commit() {
    if let first = fresh.first, let last = floor, first < last {
      // A timer was set for the past and has not been taken yet. Move the floor to just before it, or it would never be found.
      floor = TimerKey(due: first.due, order: first.order - 1, row: [])
    }
    committedFloor = floor
    let isLoaded = !piece.isEmpty || isExhausted
    let remaining: TimerKey? = used < piece.count ? piece[used] : isExhausted ? .never : nil
    earliestStored = (isLoaded ? remaining : earliestStored).map { min($0, fresh.first ?? .never) }
    forget()
  }

  mutating func abort() {
    floor = committedFloor
    earliestStored = nil
    forget()
  }

  private mutating func forget() {
    earliest = nil
    fresh.removeAll()
    piece.removeAll(keepingCapacity: true)
    used = 0
    isExhausted = false
  }

  /// - Parameter instant: `nil` finds the next timer, whenever it is due.
  private mutating func nextStored(upTo instant: Instant?, state: TaskState) -> TimerKey? {
    if let instant, let earliestStored, piece.isEmpty, earliestStored.due > instant { return nil }
    if used == piece.count, !isExhausted {
      piece = state.storedTimers(after: piece.last ?? floor, limit: Self.pieceLength)
      used = 0
      isExhausted = piece.count < Self.pieceLength
      earliestStored = nil
    }
    guard used < piece.count else { return nil }
    guard let instant else { return piece[used] }
    return piece[used].due <= instant ? piece[used] : nil
  }

  private mutating func takeStored(_ key: TimerKey) {
    used += 1
    floor = key
  }
}
