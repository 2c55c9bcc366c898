import Contracts
import Deployment
import Foundation
import JSON
import SQLite
import ScenarioFiles
import Streaming
import Terms
import TestSupport

@testable import Portal

/// What an example puts on the bus, as the portal's reader meets it.
final class SimulatedBus {
  struct Line {
    let topic: Topic
    let offset: Int64
    let key: String
    let bytes: [UInt8]
  }

  struct Said {
    let type: String
    let balance: Balance?
  }

  private(set) var records: [Line] = []
  /// The notices on `rewards` of each account.
  private(set) var ledgers: [(AccountID, ProgramID, [Said])] = []
  /// The referrer of the first referral.
  private(set) var referrer: (AccountID, ProgramID)?
  let end: Instant
  private let parser = JSONParser()
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("portal-\(UUID().uuidString)")
  private var files = 0

  init(_ example: String) throws {
    let programs = try Examples.programs(example)
    var lines: [(Topic, String)] = []
    var texts: [String] = []
    let simulation = try Simulation(
      services: Deployment.services(programs), programs: programs.ids, store: { _ in MemoryStore() },
      notice: { texts.append(String(decoding: $0.structuredText(), as: UTF8.self)) }, rejected: { _ in })
    for (number, line) in try Examples.events(example).enumerated() {
      let record = try InputRecord(line: line, number: number)
      if Topic.accounts === record.topic || Topic.requests === record.topic || Topic.decisions === record.topic {
        lines.append((record.topic, line))
      }
      try simulation.take(record)
    }
    let until = try Examples.until(example)
    if let until { try simulation.advance(to: until) }
    try simulation.commit()
    end = until ?? Instant.range.upperBound
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var ledgers: [String: (AccountID, ProgramID, [Said])] = [:]
    for (number, (topic, text)) in (lines + texts.map { (Topic.rewards, $0) }).enumerated() {
      let (envelope, data) = try Envelope.structured(Array(text.utf8), parser: parser)
      let type = MessageRegistry.type(named: envelope.type)
      // Some examples have records that the services reject.
      let message = type.flatMap { try? parser.decode($0, from: data) }
      let own = message.map { Swift.type(of: $0).topic } ?? topic
      let key = envelope.partitionKey ?? message?.key ?? ""
      records.append(Line(topic: own, offset: Int64(number), key: key, bytes: Array(text.utf8)))
      if referrer == nil, let referral = message as? ReferralAttributed, let program = envelope.program {
        referrer = (referral.referrer, program)
      }
      guard own === Topic.rewards, let account = AccountID(key), let program = envelope.program else { continue }
      let balance = try parser.read(data) { json throws(JSONError) in try json.object().optional("balance", as: Balance.self) }
      ledgers["\(program)/\(account)", default: (account, program, [])].2.append(Said(type: envelope.type, balance: balance))
    }
    self.ledgers = ledgers.sorted { $0.key < $1.key }.map(\.value)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// The path of a file that does not exist yet.
  var path: String {
    files += 1
    return folder.appendingPathComponent("\(files).sqlite").path
  }

  func put(_ record: Line, _ writer: ModelWriter) throws {
    let change = try? record.bytes.withUnsafeBytes { bytes in
      try ModelWriter.decode(bytes, EnvelopeBytes(), topic: record.topic, offset: record.offset, only: nil, parser)
    }
    if let change { try writer.apply(change) }
  }

  func model() throws -> ReadModel {
    let path = path
    let writer = try ModelWriter(path, bus: "test")
    for record in records { try put(record, writer) }
    try writer.commit([:])
    return try ReadModel(path)
  }

  /// The rows after these records, without those that depend on the order of reading.
  func dump(_ records: [Line]) throws -> [String] {
    let path = path
    let writer = try ModelWriter(path, bus: "test")
    for record in records { try put(record, writer) }
    try writer.commit([:])
    return try rows(path)
  }

  func rows(_ path: String) throws -> [String] {
    let database = try Database(path, .readOnly)
    let names = [
      "labels", "codes", "clicks", "referees", "referee_counts", "entries", "rewards", "maturities", "offers", "runs",
      "assignments", "orders",
      "withdrawals", "requests", "steps", "sequences", "gaps",
    ]
    return try names.flatMap { table in
      let columns = try database.prepare("SELECT name FROM pragma_table_xinfo('\(table)') WHERE name <> 'owner'").rows {
        $0.text(0)
      }
      let texts = columns.map { "quote(\(table).\($0))" }.joined(separator: " || ' ' || ")
      return try database.prepare(
        "SELECT program || '/' || owners.name || ' ' || \(texts) FROM \(table) JOIN owners ON owners.id = owner"
          + (["referee_counts": " WHERE n <> 0", "maturities": " WHERE \(table).amount <> 0"][table] ?? "")
      ).rows { "\(table) \($0.text(0))" }.sorted()
    }
  }

  /// Shuffles the topics. The order within a topic's key stays.
  func shuffled(_ random: inout SplitMix64) -> [Line] {
    var queues = Dictionary(grouping: records) { "\($0.topic.name)/\($0.key)" }.values.map { $0[...] }
      .sorted { ($0.first?.offset ?? 0) < ($1.first?.offset ?? 0) }
    var mixed: [Line] = []
    while !queues.isEmpty {
      let index = Int.random(in: queues.indices, using: &random)
      mixed.append(queues[index].removeFirst())
      if queues[index].isEmpty { queues.remove(at: index) }
    }
    return mixed
  }
}
