import CommandKit
import Contracts
import Foundation
import JSON
import RocksStore
import Streaming

/// The services' state on disk, in folders that the worker creates: `<folder>/<prefix><service>/<partition>`. It only reads them,
/// so the services can be running.
struct StateFolder {
  /// A running service replaces the files of its store, so opening the store can fail. A retry uses the new files.
  private static let attemptsMax = 5

  let path: String

  /// The rows of all services that name an id somewhere.
  /// - Throws: `CommandFailure` if there is no state.
  func rows(naming id: String) throws -> [(ServiceName, StageRow)] {
    let stores = try stores()
    guard !stores.isEmpty else {
      throw CommandFailure("\(path) holds no service's state: it has no folder such as accrual/0")
    }
    return try stores.flatMap { store in try rows(in: store, naming: id).map { (store.service, $0) } }
  }

  private struct Store {
    let service: ServiceName
    let path: String
  }

  private func stores() throws -> [Store] {
    guard let names = Self.names(in: path) else { throw CommandFailure("\(path): cannot be read as a folder") }
    // 'laurel dev' gives each instance its own folder.
    return Self.stores(in: path) + names.flatMap { Self.stores(in: "\(path)/\($0)") }
  }

  private static func stores(in folder: String) -> [Store] {
    (names(in: folder) ?? []).flatMap { name -> [Store] in
      guard let service = ServiceName.allCases.first(where: { name.hasSuffix($0.rawValue) }) else { return [] }
      let partitions = names(in: "\(folder)/\(name)") ?? []
      return partitions.filter { Int($0) != nil }.map { Store(service: service, path: "\(folder)/\(name)/\($0)") }
    }
  }

  private static func names(in folder: String) -> [String]? {
    (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted()
  }

  private func rows(in store: Store, naming id: String) throws -> [StageRow] {
    var attempt = 1
    while true {
      do {
        let rocks = try RocksStore(readingOnly: store.path, resources: RocksResources(blockCacheBytes: 8 << 20))
        defer { rocks.close() }
        // State of another release is rejected, not misread.
        if let progress = try rocks.value(for: RowKey.progress) {
          _ = try Progress.record(key: RowKey.progress, value: progress, parser: JSONParser())
        }
        return try rocks.stageRows(naming: id)
      } catch {
        guard attempt < Self.attemptsMax else { throw CommandFailure("\(store.path): \(error)") }
        attempt += 1
      }
    }
  }
}
