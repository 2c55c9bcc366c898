import Contracts
import Streaming
import Worker

/// Compares a state folder, which has followed the changelog to some offset, with the state rebuilt up to that offset or further.
/// They agree if the folder would be the same after it has followed the rest.
struct FolderComparison {
  /// The number of rows that were written or deleted at or after the folder's position.
  private(set) var behind = 0
  private(set) var rows = 0
  private(set) var findings = Findings()

  /// - Parameter next: the changelog offset that the folder has to apply next.
  init(_ folder: any StateStore, from next: Int64, _ rebuilt: RebuiltState) throws {
    var own = RowCursor(folder)
    var right = try rebuilt.cursor()
    var row = try own.next()
    var entry = try right.next()
    while row != nil || entry != nil {
      if let known = row, known.key == ChangelogPosition.key {
        row = try own.next()
      } else if let known = row, entry.map({ known.key.lexicographicallyPrecedes($0.key) }) ?? true {
        rows += 1
        findings.add("\(StoredRow.name(of: known.key)) is in the folder, but not in the changelog")
        row = try own.next()
      } else if let wanted = entry {
        let found = row?.key == wanted.key ? row : nil
        if found != nil { rows += 1 }
        if wanted.offset >= next { behind += 1 } else { compare(found?.value, wanted) }
        if found != nil { row = try own.next() }
        entry = try right.next()
      }
    }
  }

  private mutating func compare(_ found: [UInt8]?, _ wanted: RebuiltState.Entry) {
    guard found != wanted.value else { return }
    let name = StoredRow.name(of: wanted.key)
    switch (found, wanted.value) {
    case (let found?, let value?):
      findings.add("\(name) is \(Self.text(found)) in the folder, \(Self.text(value)) in the changelog")
    case (nil, _): findings.add("\(name) is missing in the folder")
    case (_?, nil): findings.add("\(name) is in the folder, but deleted in the changelog")
    }
  }

  private static func text(_ value: [UInt8]) -> String {
    printable(value.prefix(300)) + (value.count > 300 ? "…" : "")
  }
}

/// Differences in sentences: the first ones, and the number of others. A state that is wrong in one way is often wrong in a million
/// places.
struct Findings {
  private static let reportedMax = 20

  private(set) var reported: [String] = []
  private var more = 0

  var isEmpty: Bool { reported.isEmpty }

  mutating func add(_ text: @autoclosure () -> String) {
    if reported.count < Self.reportedMax { reported.append(text()) } else { more += 1 }
  }

  /// One line for each finding.
  /// - Parameter place: the place of all findings.
  func lines(_ place: String) -> [String] {
    reported.map { "\(place): \($0)" } + (more > 0 ? ["\(place): \(more) more like these"] : [])
  }
}
