import Contracts

/// The due order of a task's timers: those of the store, read in small pieces from the last fired one on (so that deleted rows are
/// never walked again), and those set in the open batch.
struct TimerQueue {
  private static let pieceLength = 64
  private static let never = RowKey.timer(due: Instant(milliseconds: .max), order: .max)

  /// Timers of the open batch: a binary heap, earliest on top.
  private var fresh: [[UInt8]] = []
  /// The piece read from the store, ascending, and how much of it is used up.
  private var piece: [[UInt8]] = []
  private var used = 0
  private var isExhausted = false
  /// Nothing in the store is due before this key; nil: not known yet.
  private var earliestStored: [UInt8]?
  /// The last fired timer that came from the store; before it all are gone.
  private var floor: [UInt8]?
  private var committedFloor: [UInt8]?

  /// The earliest timer that is due at `instant`, removed; nil: none.
  mutating func next(dueAt instant: Instant, rows: StateRows) -> [UInt8]? {
    let bound = RowKey.timer(due: instant, order: .max)
    let stored = nextStored(before: bound, rows: rows)
    let set = fresh.first.flatMap { $0.lexicographicallyPrecedes(bound) ? $0 : nil }
    switch (stored, set) {
    case (nil, nil): return nil
    case (let key?, nil):
      takeStored(key)
      return key
    case (nil, let key?):
      popFresh()
      return key
    case (let storedKey?, let setKey?):
      if storedKey.lexicographicallyPrecedes(setKey) {
        takeStored(storedKey)
        return storedKey
      }
      popFresh()
      return setKey
    }
  }

  /// The earliest timer there is, left in place.
  mutating func peek(rows: StateRows) -> [UInt8]? {
    let stored = nextStored(before: nil, rows: rows)
    guard let set = fresh.first else { return stored }
    guard let stored else { return set }
    return stored.lexicographicallyPrecedes(set) ? stored : set
  }

  mutating func add(_ key: [UInt8]) {
    fresh.append(key)
    var child = fresh.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard fresh[child].lexicographicallyPrecedes(fresh[parent]) else { return }
      fresh.swapAt(child, parent)
      child = parent
    }
  }

  /// The open batch is in the store now.
  mutating func commit() {
    committedFloor = floor
    let isLoaded = !piece.isEmpty || isExhausted
    let remaining = used < piece.count ? piece[used] : isExhausted ? Self.never : nil
    earliestStored = (isLoaded ? remaining : earliestStored).map { stored in
      fresh.first.map { $0.lexicographicallyPrecedes(stored) ? $0 : stored } ?? stored
    }
    forget()
  }

  mutating func abort() {
    floor = committedFloor
    earliestStored = nil
    forget()
  }

  private mutating func forget() {
    fresh.removeAll(keepingCapacity: true)
    piece.removeAll()
    used = 0
    isExhausted = false
  }

  private mutating func nextStored(before bound: [UInt8]?, rows: StateRows) -> [UInt8]? {
    if let bound, let earliestStored, piece.isEmpty, !earliestStored.lexicographicallyPrecedes(bound) { return nil }
    if used == piece.count, !isExhausted {
      piece = rows.storedKeys(prefix: RowKey.timers, after: piece.last ?? floor, limit: Self.pieceLength)
      used = 0
      isExhausted = piece.count < Self.pieceLength
    }
    guard used < piece.count else { return nil }
    guard let bound else { return piece[used] }
    return piece[used].lexicographicallyPrecedes(bound) ? piece[used] : nil
  }

  private mutating func takeStored(_ key: [UInt8]) {
    used += 1
    floor = key
  }

  private mutating func popFresh() {
    fresh.swapAt(0, fresh.count - 1)
    fresh.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < fresh.count && fresh[child].lexicographicallyPrecedes(fresh[least]) {
        least = child
      }
      guard least != parent else { return }
      fresh.swapAt(parent, least)
      parent = least
    }
  }
}
