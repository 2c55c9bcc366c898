/// A store in memory, for the simulation and tests: sorted runs of bounded length, so that an insertion moves few rows.
public final class MemoryStore: StateStore {
  private static let runLengthMax = 256
  /// Never empty; the runs are ascending, and only the very first may be empty.
  private var runs: [[Row]] = [[]]

  public init() {}

  public func value(for key: [UInt8]) -> [UInt8]? {
    let run = runs[runIndex(for: key)]
    let index = position(of: key, in: run)
    return index < run.count && run[index].key == key ? run[index].value : nil
  }

  public func rows(prefix: [UInt8], after: [UInt8]?, limit: Int) -> [Row] {
    let start = after.map { $0.lexicographicallyPrecedes(prefix) ? prefix : $0 } ?? prefix
    var found: [Row] = []
    var runNumber = runIndex(for: start)
    var index = position(of: start, in: runs[runNumber])
    while runNumber < runs.count, found.count < limit {
      while index < runs[runNumber].count, found.count < limit {
        let row = runs[runNumber][index]
        index += 1
        guard row.key.starts(with: prefix) else { return found }
        if row.key != after { found.append(row) }
      }
      runNumber += 1
      index = 0
    }
    return found
  }

  public func write(_ changes: [RowChange]) {
    for change in changes {
      let runNumber = runIndex(for: change.key)
      let index = position(of: change.key, in: runs[runNumber])
      let exists = index < runs[runNumber].count && runs[runNumber][index].key == change.key
      if let value = change.value {
        if exists {
          runs[runNumber][index] = Row(key: change.key, value: value)
        } else {
          runs[runNumber].insert(Row(key: change.key, value: value), at: index)
          if runs[runNumber].count > Self.runLengthMax { split(runNumber) }
        }
      } else if exists {
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
  private func runIndex(for key: [UInt8]) -> Int {
    var low = 0
    var high = runs.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if RowKeyOrder.precedes(key, runs[middle][0].key) { high = middle } else { low = middle }
    }
    return low
  }

  /// The first row whose key is not before `key`.
  private func position(of key: [UInt8], in run: [Row]) -> Int {
    var low = 0
    var high = run.count
    while low < high {
      let middle = (low + high) / 2
      if RowKeyOrder.precedes(run[middle].key, key) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
