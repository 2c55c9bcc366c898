import Contracts
import JSON
import SQLite

/// Writes messages from the bus to the read model. For use by one thread.
///
/// Rows and positions are written in one SQLite transaction (`commit`), so after a crash they still match. Topics may be read in
/// any order, and a missing notice of a topic may arrive later (`laurel repair`).
package final class ModelWriter {
  let database: Database
  private var owners: [OwnerName: Int64] = [:]
  private var isOpen = false
  private var isComplete = false
  /// The number of missing notices. An alarm fires while it is above 0.
  private(set) var gaps: Int64

  struct OwnerName: Hashable {
    let program: String
    let name: String
  }

  /// Limit for cached owners. The cache saves a query per notice.
  private static let ownersMax = 200_000

  /// Opens the file, and creates its tables if it is new.
  /// - Parameter bus: the source of the rows: cluster, prefix, number of partitions.
  /// - Throws: `SQLiteError`; ``ForeignModel`` if the file has another version or bus and must be rebuilt.
  package init(_ path: String, bus: String) throws {
    let database = try Database(path, .readWrite, cacheKiB: 32_768)
    try database.execute("PRAGMA journal_mode = WAL")
    // A crash of the process loses nothing. A crash of the machine may lose the last commits, which are then read again.
    try database.execute("PRAGMA synchronous = NORMAL")
    try database.execute("PRAGMA wal_autocheckpoint = 4000")
    try database.transaction {
      try database.execute(
        "CREATE TABLE IF NOT EXISTS model (version INTEGER NOT NULL, bus TEXT NOT NULL, complete INTEGER NOT NULL) STRICT")
      let found = try database.prepare("SELECT version, bus FROM model").first { ($0.integer(0), $0.text(1)) }
      if let (version, ofBus) = found {
        guard version == Schema.version, ofBus == bus else { throw ForeignModel(version: version, bus: ofBus) }
      } else {
        try database.execute(Schema.tables)
        try database.prepare("INSERT INTO model VALUES (?, ?, 0)").run(Schema.version, bus)
      }
    }
    self.database = database
    gaps = try database.prepare("SELECT coalesce(sum(stop - start), 0) FROM gaps").first { $0.integer(0) } ?? 0
  }

  /// The file has another version or belongs to another bus.
  struct ForeignModel: Error, CustomStringConvertible {
    let version: Int64
    let bus: String
    var description: String { "it has version \(version) and belongs to \(bus)" }
  }

  /// Records that everything on the bus has been read once. A later start then serves pages from the file at once, even without the
  /// bus. Call it between batches.
  func markComplete() throws {
    if !isComplete { try database.execute("UPDATE model SET complete = 1 WHERE NOT complete") }
    isComplete = true
  }

  /// The next offset to read, by topic and partition.
  func positions() throws -> [String: [Int32: Int64]] {
    var positions: [String: [Int32: Int64]] = [:]
    _ = try database.prepare("SELECT topic, partition, next FROM positions").rows { row in
      positions[row.text(0), default: [:]][Int32(row.integer(1))] = row.integer(2)
    }
    return positions
  }

  /// Begins a batch, unless one is open.
  func begin() throws {
    guard !isOpen else { return }
    try database.execute("BEGIN IMMEDIATE")
    isOpen = true
  }

  /// Commits the batch together with the positions that it has reached.
  package func commit(_ positions: [String: [Int32: Int64]]) throws {
    try begin()
    for (topic, partitions) in positions {
      for (partition, next) in partitions {
        try database.statement("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)").run(topic, Int64(partition), next)
      }
    }
    try database.execute("COMMIT")
    isOpen = false
  }

  // MARK: Messages

  /// A message's place on the bus, and its owner.
  struct Place {
    let type: String
    let topic: Topic
    let offset: Int64
    let program: ProgramID
    let key: String
    /// Only for notices.
    let sequence: Int64?
  }

  /// A decoded message that is not yet in the read model.
  package struct Change {
    let place: Place
    let body: [UInt8]
    let effect: Fold.Effect
  }

  /// Decodes a record in binary or structured mode. Returns `nil` for a type that the read model does not use.
  /// - Parameters:
  ///   - envelope: from the record's headers.
  ///   - only: the deployment's only program, if there is just one. A message without `program` belongs to it.
  package static func decode(
    _ value: UnsafeRawBufferPointer, _ envelope: EnvelopeBytes, topic: Topic, offset: Int64,
    only: ProgramID?, _ parser: JSONParser
  ) throws(Rejection) -> Change? {
    try parser.reading(value) { (json: JSONValue) throws(Rejection) -> Change? in
      guard envelope.isStructured else { return try decode(json, envelope, topic, offset, only) }
      let event = try Rejection.of { () throws(JSONError) in try json.object() }
      let attributes = try Rejection.of { () throws(JSONError) in try EnvelopeBytes(structured: event) }
      guard let data = event.member("data") else { throw Rejection(.malformed, "data is missing") }
      return try decode(data, attributes, topic, offset, only)
    }
  }

  private static func decode(
    _ data: JSONValue, _ envelope: EnvelopeBytes, _ topic: Topic, _ offset: Int64,
    _ only: ProgramID?
  ) throws(Rejection) -> Change? {
    try envelope.check()
    let type = envelope[.type].map { String(decoding: $0, as: UTF8.self) } ?? ""
    guard let decoder = Fold.byType[type], let program = try envelope.program() ?? only else { return nil }
    if topic.kind == .notices, envelope.sequence == nil { throw Rejection(.malformed, "a notice without a sequence") }
    let (key, effect) = try Rejection.of { () throws(JSONError) in try decoder.decode(data) }
    let keepsBody = topic === Topic.rewards || topic === Topic.requests
    let place = Place(
      type: type, topic: topic, offset: offset, program: program, key: key,
      sequence: topic.kind == .notices ? envelope.sequence : nil)
    return Change(place: place, body: keepsBody ? data.serialized() : [], effect: effect)
  }

  /// Adds a message to the open batch.
  package func apply(_ change: Change) throws {
    try begin()
    if let sequence = change.place.sequence, try !isNew(sequence, at: change.place) { return }
    try change.effect(Fold(writer: self, place: change.place, body: change.body))
  }

  /// Whether the notice is new. Also records the numbers that are missing before it.
  private func isNew(_ sequence: Int64, at place: Place) throws -> Bool {
    let owner = try owner(place.key, place.program)
    let last =
      try database.statement("SELECT last FROM sequences WHERE owner = ? AND topic = ?").first(owner, place.topic.name) {
        $0.integer(0)
      } ?? 0
    guard sequence > last else { return try fillsGap(sequence, owner, place.topic) }
    try miss(last + 1..<sequence, owner, place.topic)
    try database.statement("INSERT INTO sequences VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last = excluded.last")
      .run(owner, place.topic.name, sequence)
    return true
  }

  private func miss(_ numbers: Range<Int64>, _ owner: Int64, _ topic: Topic) throws {
    guard !numbers.isEmpty else { return }
    try database.statement("INSERT INTO gaps VALUES (?, ?, ?, ?)").run(owner, topic.name, numbers.lowerBound, numbers.upperBound)
    gaps += numbers.upperBound - numbers.lowerBound
  }

  /// Whether the number is missing. Then the rest of its gap stays missing.
  private func fillsGap(_ number: Int64, _ owner: Int64, _ topic: Topic) throws -> Bool {
    let found = try database.statement(
      "DELETE FROM gaps WHERE owner = ?1 AND topic = ?2 AND start <= ?3 AND stop > ?3 RETURNING start, stop"
    ).rows(owner, topic.name, number) { $0.integer(0)..<$0.integer(1) }
    guard let gap = found.first else { return false }
    gaps -= gap.upperBound - gap.lowerBound
    try miss(gap.lowerBound..<number, owner, topic)
    try miss(number + 1..<gap.upperBound, owner, topic)
    return true
  }

  func owner(_ name: String, _ program: ProgramID) throws -> Int64 {
    let key = OwnerName(program: program.value, name: name)
    if let known = owners[key] { return known }
    if owners.count >= Self.ownersMax { owners.removeAll(keepingCapacity: true) }
    let found = try database.statement("SELECT id FROM owners WHERE program = ? AND name = ?").first(key.program, key.name) {
      $0.integer(0)
    }
    if found == nil { try database.statement("INSERT INTO owners (program, name) VALUES (?, ?)").run(key.program, key.name) }
    let owner = found ?? database.lastInsertedRow
    owners[key] = owner
    return owner
  }
}
