import CommandKit
import Contracts
import Deployment
import JSON
import Streaming
import Words

/// Checks whether a partition's rebuilt state agrees with itself (the service's own `RowAudit`s) and with its notices.
struct StateCheck {
  private(set) var rows = 0
  /// The hash of the rows in the order of their keys. The same state always has the same hash.
  private(set) var hash = ""
  /// `nil` if there is no progress row.
  private(set) var progress: Progress?
  private(set) var findings = Findings()

  private let parser: JSONParser
  private let service: ServiceName
  private var scope: Scope?
  private var audit: (any RowAudit)?

  private struct Scope: Equatable {
    let stage: String
    let program: ProgramID
    let key: String
  }

  init(_ rebuilt: RebuiltState, _ notices: NoticeBook, parser: JSONParser) throws {
    self.parser = parser
    service = rebuilt.place.service
    guard var hash = StableHash.Running() else { throw CommandFailure("no memory for a hash") }
    var cursor = try rebuilt.cursor()
    while let entry = try cursor.next() {
      guard let value = entry.value else { continue }
      rows += 1
      // Each key and value is preceded by its length, so that two states never give the same bytes.
      hash.add(Self.length(entry.key) + entry.key + Self.length(value) + value)
      try take(Row(key: entry.key, value: value), notices, rebuilt.holds)
    }
    endScope()
    self.hash = hash.hex128()
    try notices.forEachKey { key in
      if try !rebuilt.holds(key) {
        findings.add("\(StoredRow.name(of: key)): notices have reported it, but it is not in the state")
      }
    }
    if rebuilt.behindProgress > 0 {
      findings.add(
        """
        the changelog ends with \(counted(rebuilt.behindProgress, "record")) that no worker has written (after the last progress \
        row), the first of them \(StoredRow.name(of: rebuilt.firstBehind))
        """)
    }
    if rows > 0, progress == nil { findings.add("there is no progress row") }
  }

  private static func length(_ bytes: [UInt8]) -> [UInt8] { withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { Array($0) } }

  private mutating func take(_ row: Row, _ notices: NoticeBook, _ holds: @escaping StoredRow.Presence) throws {
    let stored: StoredRow
    do {
      guard let known = try StoredRow(row, parser: parser, holds) else {
        return findings.add("\(StoredRow.name(of: row.key)): not a row of a service")
      }
      stored = known
    } catch {
      return findings.add("\(StoredRow.name(of: row.key)): cannot be read: \(error)")
    }
    switch stored {
    case .progress(let progress): self.progress = progress
    case .timer, .memory: break
    case .sequence(let number):
      let reported = try notices.number(row.key)
      if reported != number {
        findings.add("\(StoredRow.name(of: row.key)) is \(number), the last notice's \(reported.map(String.init) ?? "none")")
      }
    case .stage(let stageRow):
      do { try take(stageRow, key: row.key, notices) } catch let error as JSONError {
        findings.add("\(StoredRow.name(of: row.key)): cannot be read: \(error)")
      }
    }
  }

  private mutating func take(_ row: StageRow, key: [UInt8], _ notices: NoticeBook) throws {
    if let balance = try Deployment.balance(row, of: service) {
      let reported = try notices.balance(key)
      if reported != balance {
        findings.add(
          "\(StoredRow.name(of: key)) is \(Self.text(balance)), the last notice's \(reported.map(Self.text) ?? "none")")
      }
    }
    let scope = Scope(stage: row.stage, program: row.program, key: row.key)
    if scope != self.scope {
      endScope()
      self.scope = scope
      audit = Deployment.audit(stage: row.stage, of: service)
    }
    try audit?.take(row)
  }

  private mutating func endScope() {
    guard let scope, let audit else { return }
    for text in audit.contradictions() { findings.add("\(scope.stage) of \(scope.program)/\(scope.key): \(text)") }
    self.audit = nil
  }

  private static func text(_ balance: Balance) -> String {
    String(decoding: balance.jsonBytes(), as: UTF8.self)
  }
}
