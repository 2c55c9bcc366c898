import CommandKit
import Contracts
import Deployment
import Foundation
import RocksStore
import Streaming

/// What the services' state folders know of one thing: `<folder>/<prefix><service>/<partition>`, as the worker makes them. Reads only.
struct StateStories {
  /// The owner of a store replaces files while it runs; one that has just gone is not asked for a second time.
  private static let attemptsMax = 5

  private let folder: String
  /// nil: all.
  private let program: String?

  init(folder: String, program: String?) {
    self.folder = folder
    self.program = program
  }

  /// - Throws: `CommandFailure` when there is no state, or nothing in it under that id.
  func stories(of subject: Explain.Subject, _ id: String) throws -> [Story] {
    let stores = try stores()
    guard !stores.isEmpty else {
      throw CommandFailure("\(folder) holds no service's state: no folder such as accrual/0 is in it")
    }
    var facts: [Place: [Because]] = [:]
    for store in stores {
      for (program, fact) in try rows(in: store, naming: id) where self.program == nil || self.program == program.value {
        if let owner = StateText.owner(of: fact, subject, id) {
          facts[Place(program: program, owner: owner), default: []].append(fact)
        }
      }
    }
    // Rows that are about the owner alone come once it is known whose the thing is.
    for place in facts.keys.sorted() where subject == .payment || subject == .company {
      for store in stores {
        facts[place, default: []] += try rows(in: store, naming: place.owner).filter { program, fact in
          program == place.program && StateText.isAboutOwner(fact, subject, place.owner)
        }.map(\.1)
      }
    }
    guard !facts.isEmpty else { throw Explain.unknown(subject, id, known: try known(subject, stores), others: [], in: folder) }
    return facts.sorted { $0.key < $1.key }.map { place, facts in
      StateText.story(of: subject, id, owner: place.owner, program: place.program, facts)
    }
  }

  private struct Place: Hashable, Comparable {
    let program: ProgramID
    let owner: String

    static func < (left: Place, right: Place) -> Bool { (left.program, left.owner) < (right.program, right.owner) }
  }

  // MARK: Stores

  private struct Store {
    let service: ServiceName
    let path: String
  }

  private func stores() throws -> [Store] {
    guard let names = Self.names(in: folder) else { throw CommandFailure("\(folder): cannot be read as a folder") }
    // 'laurel dev' gives each instance a folder of its own.
    return Self.stores(in: folder) + names.flatMap { Self.stores(in: "\(folder)/\($0)") }
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

  private func rows(in store: Store, naming id: String) throws -> [(ProgramID, Because)] {
    var attempt = 1
    while true {
      do {
        let rocks = try RocksStore(readingOnly: store.path, resources: RocksResources(blockCacheBytes: 8 << 20))
        defer { rocks.close() }
        return try rocks.stageRows(naming: id).compactMap { row in
          try Deployment.describe(row, of: store.service).map { (row.program, $0) }
        }
      } catch let failure as StoreError {
        guard attempt < Self.attemptsMax else { throw CommandFailure("\(store.path): \(failure)") }
        attempt += 1
      }
    }
  }

  private func known(_ subject: Explain.Subject, _ stores: [Store]) throws -> Set<String> {
    // Every row names the empty text.
    Set(try stores.flatMap { try rows(in: $0, naming: "") }.compactMap { _, fact in StateText.id(of: subject, fact) })
  }
}
