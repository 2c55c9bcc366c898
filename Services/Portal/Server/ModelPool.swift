import PortalModel
import SQLite
import Synchronization

/// Connections to the read model for the threads that make pages. A thread has one to itself while it uses it.
final class ModelPool: Sendable {
  // Whoever took it out of the pool has it to itself.
  private struct Idle: @unchecked Sendable {
    let model: ReadModel
    /// The file that it has open; after a rebuild it is another.
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
      // One state of the figures for the whole page.
      let result = try taken.model.snapshot(body)
      idle.withLock { $0.append(taken) }
      return result
    } catch let error as SQLiteError where error.meansDamage || error.meansMissing {
      state.foundDamage(inBuild: build)
      throw error
    }
  }
}
