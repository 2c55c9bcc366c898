import Contracts
import JSON

/// A store in memory, for the simulation and tests. It keeps the rows in sorted runs of limited length, so that an insertion moves only
/// few of them.
public final class MemoryStore: StateStore {
  private struct Row {
    let key: [UInt8]
    var value: [UInt8]
  }

  private static let runLengthMax = 256
  /// Never empty. The runs are in ascending order, and only the first run may be empty.
  private var runs: [[Row]] = [[]]

  public init() {}

  public func read(_ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    let run = runs[Self.run(for: key, in: runs)]
    let index = Self.position(of: key, in: run)
    if index < run.count, run[index].key.withUnsafeBytes(key.equals) { run[index].value.withUnsafeBytes(body) }
  }

  public func scan(
    prefix: [UInt8], after: [UInt8]?, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
  ) {
    let start = after.map { RowKeyOrder.precedes($0, prefix) ? prefix : $0 } ?? prefix
    let runs = runs
    var (runNumber, index) = start.withUnsafeBytes { start in
      let number = Self.run(for: start, in: runs)
      return (number, Self.position(of: start, in: runs[number]))
    }
    while runNumber < runs.count {
      let run = runs[runNumber]
      while index < run.count {
        let row = run[index]
        index += 1
        guard row.key.starts(with: prefix) else { return }
        guard row.key != after else { continue }
        guard row.key.withUnsafeBytes({ key in row.value.withUnsafeBytes { body(key, $0) } }) else { return }
      }
      runNumber += 1
      index = 0
    }
  }

  public func write(_ changes: Changes) {
    // Taken out of the object, so that its parts can be changed in place.
    var runs = runs
    self.runs = [[]]
    changes.visitInOrder { key, value in Self.put(key, value, in: &runs) }
    self.runs = runs
  }

  private static func put(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?, in runs: inout [[Row]]) {
    let number = run(for: key, in: runs)
    let index = position(of: key, in: runs[number])
    let isThere = index < runs[number].count && runs[number][index].key.withUnsafeBytes(key.equals)
    switch (value, isThere) {
    case (let value?, true): runs[number][index].value = [UInt8](value)
    case (let value?, false):
      runs[number].insert(Row(key: [UInt8](key), value: [UInt8](value)), at: index)
      if runs[number].count > runLengthMax { split(number, of: &runs) }
    case (nil, true):
      runs[number].remove(at: index)
      if runs[number].isEmpty, runs.count > 1 { runs.remove(at: number) }
    case (nil, false): break
    }
  }

  private static func split(_ number: Int, of runs: inout [[Row]]) {
    let upper = Array(runs[number][(runLengthMax / 2)...])
    runs[number].removeSubrange((runLengthMax / 2)...)
    runs.insert(upper, at: number + 1)
  }

  /// The last run whose first key is not after `key`.
  private static func run(for key: UnsafeRawBufferPointer, in runs: [[Row]]) -> Int {
    var low = 0
    var high = runs.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if runs[middle][0].key.withUnsafeBytes({ RowKeyOrder.precedes(key, $0) }) { high = middle } else { low = middle }
    }
    return low
  }

  /// The first key that is not before `key`.
  private static func position(of key: UnsafeRawBufferPointer, in run: [Row]) -> Int {
    var low = 0
    var high = run.count
    while low < high {
      let middle = (low + high) / 2
      if RowKeyOrder.precedes(run[middle].key, key) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
