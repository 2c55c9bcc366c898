import CommandKit
import Contracts
import Deployment
import Foundation
import JSON
import RocksStore
import Streaming

/// Explains one thing from the services' state folders.
struct StateStories {
  private let folder: StateFolder
  /// `nil` for all programs.
  private let program: String?

  init(folder: String, program: String?) {
    self.folder = StateFolder(path: folder)
    self.program = program
  }

  /// - Throws: `CommandFailure` if there is no state, or if it has nothing about the id.
  func stories(of subject: Explain.Subject, _ id: String) throws -> [Story] {
    var facts: [Place: [Because]] = [:]
    for (program, fact) in try self.facts(naming: id) where self.program == nil || self.program == program.value {
      if let owner = StateText.owner(of: fact, subject, id) {
        facts[Place(program: program, owner: owner), default: []].append(fact)
      }
    }
    // The owner is known only now, so rows about the owner are read in a second pass.
    for place in facts.keys.sorted() where subject == .payment || subject == .company {
      facts[place, default: []] += try self.facts(naming: place.owner).filter { program, fact in
        program == place.program && StateText.isAboutOwner(fact, subject, place.owner)
      }.map(\.1)
    }
    guard !facts.isEmpty else { throw Explain.unknown(subject, id, known: try known(subject), others: [], in: folder.path) }
    return facts.sorted { $0.key < $1.key }.map { place, facts in
      StateText.story(of: subject, id, owner: place.owner, program: place.program, facts)
    }
  }

  private struct Place: Hashable, Comparable {
    let program: ProgramID
    let owner: String

    static func < (left: Place, right: Place) -> Bool { (left.program, left.owner) < (right.program, right.owner) }
  }

  // MARK: Unknown ids

  private func known(_ subject: Explain.Subject) throws -> Set<String> {
    // The empty text matches every row.
    Set(try facts(naming: "").compactMap { _, fact in StateText.id(of: subject, fact) })
  }

  private func facts(naming id: String) throws -> [(ProgramID, Because)] {
    try folder.rows(naming: id).compactMap { service, row in
      try Deployment.describe(row, of: service).map { (row.program, $0) }
    }
  }
}

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
