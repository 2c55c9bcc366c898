import Contracts
import JSON

// Rows and their timers. A timer is set while its own row (`TimerKey`) exists. The timed row keeps a copy of it, even after it has fired,
// until the row is stored again.
extension StageTask {
  /// The cell of the row whose key is in `state.key`, after what its timer has changed.
  func cell<Key, Value>(_ table: Table<Key, Value>, isNew: Bool = false) -> RowCell<Value>? {
    guard let cell = state.cell(table, of: Value.self, isNew: isNew) else { return nil }
    if table.timer != nil { table.applyTimer(to: &cell.value, key: cell.key, hasFired) }
    return cell
  }

  /// Passes the rows under the prefix in `state.key` to the body, after what their timers have changed.
  func forEach<Key, Value>(_ table: Table<Key, Value>, keepsDecoded: Bool, _ body: (Value) -> Void) {
    let update: ((inout Value?, [UInt8]) -> Void)? =
      table.timer == nil ? nil : { table.applyTimer(to: &$0, key: $1, self.hasFired) }
    state.forEach(table, keepsDecoded: keepsDecoded, update: update, body)
  }

  private func hasFired(_ timer: Timer, of row: [UInt8]) -> Bool {
    // A timer later than the clock has not fired, so no look-up is needed. A virtual clock may have moved back.
    guard timer.at <= clock || isVirtual else { return false }
    return mark(timer.key(of: row))?.isThere == false
  }

  /// Stores the row whose key is in `state.key`, with its timer.
  func set<Key, Value>(
    _ table: Table<Key, Value>, _ value: Value?, isNew: Bool = false, cause: String, origin: () -> StableHash.Value128
  ) {
    guard let cell = cell(table, isNew: isNew) else { return }
    var value = value
    if let access = table.timer {
      let before = cell.value.flatMap(access.get)
      var after = value.flatMap(access.get)
      if before != after {
        if let before, let mark = mark(before.key(of: cell.key)) {
          state.touch(mark)
          mark.isThere = false
        }
        if after != nil {
          progress.timerOrder += 1
          after?.order = progress.timerOrder
          after?.cause = cause
          after?.origin = Int64(bitPattern: origin().low)
        }
        if let after, value != nil {
          access.set(&value!, after)
          let timer = after.key(of: cell.key)
          lay(timer)
          if let mark = state.newMark(Self.timerMarks) {
            state.touch(mark)
            mark.isThere = true
          }
          armed(timer)
        }
      }
    }
    if table.kinds != nil { count(table, was: cell.value, becomes: value) }
    state.touch(cell)
    cell.value = value
  }

  func count<Key, Value>(_ table: Table<Key, Value>, was: Value?, becomes: Value?) {
    guard let kinds = table.kinds else { return }
    for kind in was.map(kinds) ?? [] { progress.watched?[kind, default: 0] -= 1 }
    for kind in becomes.map(kinds) ?? [] { progress.watched?[kind, default: 0] += 1 }
  }

  static let timerMarks = AnyTable.marks("timer")

  func lay(_ timer: TimerKey) {
    state.key.removeAll(keepingCapacity: true)
    timer.append(to: &state.key)
  }

  func mark(_ timer: TimerKey) -> MarkCell? {
    lay(timer)
    return state.mark(Self.timerMarks)
  }
}
