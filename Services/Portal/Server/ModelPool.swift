import SQLite
import Synchronization

/// A pool of connections to the read model for the threads that make pages. While a thread has a connection, no other thread uses
/// it.
final class ModelPool: Sendable {
  // Unchecked, because only the thread that took it out of the pool uses it.
  private struct Idle: @unchecked Sendable {
    let model: ReadModel
    /// The number of the file that it has open. A rebuild increases the number.
    let build: Int
  }

  private let path: String
  private let state: FeedState
  private let idle = Mutex<[Idle]>([])

  init(_ path: String, state: FeedState) {
    self.path = path
    self.state = state
  }

  func read<Result>(_ body: (ReadModel) throws -> Result) throws -> Result {
    let build = state.build
    let found = idle.withLock { idle in
      idle.removeAll { $0.build != build }
      return idle.popLast()
    }
    do {
      let taken = try found ?? Idle(model: ReadModel(path), build: build)
      // All queries of a page must see the same state of the file.
      let result = try taken.model.database.snapshot { try body(taken.model) }
      idle.withLock { $0.append(taken) }
      return result
    } catch let error as SQLiteError where error.meansDamage || error.meansMissing {
      state.foundDamage(inBuild: build)
      throw error
    }
  }
}
