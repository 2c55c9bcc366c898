import CommandKit
import Contracts
import Deployment

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
