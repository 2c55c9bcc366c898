import Contracts

/// A store in memory, for the simulation and tests. It keeps values by the hash of their keys. It keeps the keys in sorted runs of
/// limited length, so that an insertion moves only few of them.
public final class MemoryStore: StateStore {
  private static let runLengthMax = 256
  private var values: [StableHash.Value128: [UInt8]] = [:]
  /// Never empty. The runs are in ascending order, and only the first run may be empty.
  private var runs: [[[UInt8]]] = [[]]

  public init() {}

  public func read(_ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    values[StableHash.value128(of: key)]?.withUnsafeBytes(body)
  }

  public func scan(
    prefix: [UInt8], after: [UInt8]?, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
  ) {
    let start = after.map { RowKeyOrder.precedes($0, prefix) ? prefix : $0 } ?? prefix
    var (runNumber, index) = start.withUnsafeBytes { start in
      let number = runIndex(for: start)
      return (number, position(of: start, in: runs[number]))
    }
    while runNumber < runs.count {
      let run = runs[runNumber]
      while index < run.count {
        let key = run[index]
        index += 1
        guard key.starts(with: prefix) else { return }
        guard key != after else { continue }
        let goesOn = key.withUnsafeBytes { key in
          (values[StableHash.value128(of: key)] ?? []).withUnsafeBytes { body(key, $0) }
        }
        guard goesOn else { return }
      }
      runNumber += 1
      index = 0
    }
  }

  public func write(_ changes: Changes) {
    changes.visitInOrder { key, value in
      let hash = StableHash.value128(of: key)
      let before = value.map { values.updateValue([UInt8]($0), forKey: hash) } ?? values.removeValue(forKey: hash)
      guard (before == nil) != (value == nil) else { return }
      let runNumber = runIndex(for: key)
      let index = position(of: key, in: runs[runNumber])
      if value != nil {
        runs[runNumber].insert([UInt8](key), at: index)
        if runs[runNumber].count > Self.runLengthMax { split(runNumber) }
      } else {
        runs[runNumber].remove(at: index)
        if runs[runNumber].isEmpty, runs.count > 1 { runs.remove(at: runNumber) }
      }
    }
  }

  private func split(_ runNumber: Int) {
    let half = runs[runNumber].count / 2
    let upper = Array(runs[runNumber][half...])
    runs[runNumber].removeSubrange(half...)
    runs.insert(upper, at: runNumber + 1)
  }

  /// The last run whose first key is not after `key`.
  private func runIndex(for key: UnsafeRawBufferPointer) -> Int {
    var low = 0
    var high = runs.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if runs[middle][0].withUnsafeBytes({ RowKeyOrder.precedes(key, $0) }) { high = middle } else { low = middle }
    }
    return low
  }

  /// The first key that is not before `key`.
  private func position(of key: UnsafeRawBufferPointer, in run: [[UInt8]]) -> Int {
    var low = 0
    var high = run.count
    while low < high {
      let middle = (low + high) / 2
      if RowKeyOrder.precedes(run[middle], key) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
