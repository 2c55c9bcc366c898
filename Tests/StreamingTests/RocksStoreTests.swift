import Foundation
import RocksStore
import Streaming
import Testing

/// The guarantees of a store, tested on RocksDB and on the in-memory store.
@Suite struct RocksStoreTests {
  private let scratch = Scratch()

  // MARK: Answers

  @Test(arguments: [1, 2, 3] as [UInt64])
  func bothStoresGiveTheSameAnswers(seed: UInt64) throws {
    var random = Seeded(state: seed)
    let rocks = try RocksStore(directory: scratch.path("store"), resources: .small)
    let memory = MemoryStore()
    for _ in 0..<300 {
      let changes = (0..<Int.random(in: 0...20, using: &random)).map { _ in
        let key = Self.key(&random)
        return RowChange(key: key, value: Int.random(in: 0..<4, using: &random) == 0 ? nil : Self.value(&random))
      }
      try rocks.write(changes)
      try memory.write(changes)
      for _ in 0..<10 {
        let key = Self.key(&random)
        #expect(try rocks.value(for: key) == memory.value(for: key))
        let after: [UInt8]? = Bool.random(using: &random) ? nil : Self.key(&random)
        let prefix = Array(key.prefix(Int.random(in: 0...key.count, using: &random)))
        let limit = [0, 1, 2, 7, Int.max].randomElement(using: &random) ?? 1
        #expect(
          try rocks.rows(prefix: prefix, after: after, limit: limit) == memory.rows(prefix: prefix, after: after, limit: limit),
          "prefix \(prefix) after \(String(describing: after)) limit \(limit)")
      }
    }
    #expect(try rocks.rows(prefix: [], after: nil, limit: .max) == memory.rows(prefix: [], after: nil, limit: .max))
  }

  struct Scan: Sendable, CustomTestStringConvertible {
    let prefix: [UInt8]
    var after: [UInt8]?
    var limit = Int.max
    let keys: [[UInt8]]
    var testDescription: String { "prefix \(prefix) after \(String(describing: after)) limit \(limit)" }
  }

  private static let scanned: [[UInt8]] = [
    [], [0], [1], [1, 0], [1, 255], [1, 255, 255], [2], [255], [255, 255], [255, 255, 7],
  ]

  @Test(arguments: [
    Scan(prefix: [], keys: scanned),
    Scan(prefix: [], after: [], keys: Array(scanned.dropFirst())),
    Scan(prefix: [1], keys: [[1], [1, 0], [1, 255], [1, 255, 255]]),
    Scan(prefix: [1], after: [1], keys: [[1, 0], [1, 255], [1, 255, 255]]),
    Scan(prefix: [1], after: [0], keys: [[1], [1, 0], [1, 255], [1, 255, 255]]),
    Scan(prefix: [1], after: [1, 3], limit: 1, keys: [[1, 255]]),
    Scan(prefix: [1], after: [2], keys: []),
    Scan(prefix: [1, 255], keys: [[1, 255], [1, 255, 255]]),
    Scan(prefix: [255], keys: [[255], [255, 255], [255, 255, 7]]),
    Scan(prefix: [255, 255], after: [255, 255], keys: [[255, 255, 7]]),
    Scan(prefix: [1], limit: 0, keys: []),
    Scan(prefix: [1], limit: -1, keys: []),
    Scan(prefix: [3], keys: []),
  ])
  func scansKeepToTheirPrefix(_ scan: Scan) throws {
    let rocks = try RocksStore(directory: scratch.path("store"), resources: .small)
    let stores: [any StateStore] = [rocks, MemoryStore()]
    for store in stores {
      try store.write(Self.scanned.shuffled().map { RowChange(key: $0, value: $0) })
      let rows = try store.rows(prefix: scan.prefix, after: scan.after, limit: scan.limit)
      #expect(rows == scan.keys.map { Row(key: $0, value: $0) }, "\(type(of: store))")
    }
  }

  @Test func theLastOfSeveralChangesToOneKeyCounts() throws {
    let rocks = try RocksStore(directory: scratch.path("store"), resources: .small)
    let stores: [any StateStore] = [rocks, MemoryStore()]
    for store in stores {
      try store.write([
        RowChange(key: [1], value: [1]), RowChange(key: [1], value: nil), RowChange(key: [1], value: []),
        RowChange(key: [2], value: [2]), RowChange(key: [2], value: nil), RowChange(key: [3], value: nil),
      ])
      #expect(try store.value(for: [1]) == [], "an empty value must differ from no value: \(type(of: store))")
      #expect(try store.value(for: [2]) == nil)
      #expect(try store.rows(prefix: [], after: nil, limit: .max) == [Row(key: [1], value: [])])
    }
  }

  // MARK: Life

  @Test func everythingIsThereAfterReopening() throws {
    let memory = MemoryStore()
    for round in 0..<4 {
      let store = try RocksStore(directory: scratch.path("a/b/store"), resources: .small)
      #expect(try store.rows(prefix: [], after: nil, limit: .max) == memory.rows(prefix: [], after: nil, limit: .max))
      for batch in 0..<10 {
        try store.write(Self.batch(round * 10 + batch))
        try memory.write(Self.batch(round * 10 + batch))
      }
      store.close()
    }
  }

  /// A kill leaves the folder as it is while the store is open. The buffer is large, so that RocksDB changes nothing while the folder is
  /// copied.
  @Test func nothingIsMissingAfterAKill() throws {
    try filledStore(scratch.path("store"))
    let store = try RocksStore(directory: scratch.path("store"), resources: .large)
    for number in Self.filledBatches..<(Self.filledBatches + 5) {
      try store.write(Self.batch(number))
      let copy = scratch.path("copy\(number)")
      try FileManager.default.copyItem(atPath: scratch.path("store"), toPath: copy)
      let reopened = try RocksStore(directory: copy, resources: .small)
      #expect(try Self.rows(reopened) == Self.rows(afterBatches: number + 1))
    }
  }

  /// RocksDB's text log could end the process if it cannot be written.
  @Test func noDiaryIsKept() throws {
    let path = scratch.path("store")
    try filledStore(path)
    let diaries = try files(path).filter { $0.hasPrefix("LOG") && $0 != "LOCK" }
    #expect(diaries == [])
  }

  @Test func aClosedStoreAnswersNothing() throws {
    let store = try RocksStore(directory: scratch.path("store"), resources: .small)
    try store.write([RowChange(key: [1], value: [1])])
    store.close()
    store.close()
    let closed = StoreError.unavailable("the store is closed")
    #expect(throws: closed) { try store.value(for: [1]) }
    #expect(throws: closed) { try store.rows(prefix: [], after: nil, limit: 1) }
    #expect(throws: closed) { try store.write([]) }
  }

  @Test func aStoreOpensOnceOnly() throws {
    let first = try RocksStore(directory: scratch.path("store"), resources: .small)
    try first.write([RowChange(key: [1], value: [1])])
    try FileManager.default.createSymbolicLink(atPath: scratch.path("link"), withDestinationPath: scratch.path("store"))
    for spelling in [scratch.path("store"), scratch.path("store/"), scratch.path(".//store"), scratch.path("link")] {
      #expect(outcome { try RocksStore(directory: spelling, resources: .small).close() } == .unavailable, "\(spelling)")
      #expect(outcome { try RocksStore.destroy(directory: spelling) } == .unavailable, "\(spelling)")
    }
    let error = #expect(throws: StoreError.self) { try RocksStore(directory: scratch.path("store"), resources: .small).close() }
    #expect(error?.description.contains("already open in this process") == true)
    #expect(try first.value(for: [1]) == [1])
    first.close()
    let second = try RocksStore(directory: scratch.path("store"), resources: .small)
    #expect(try second.value(for: [1]) == [1], "a rejected destroy must not delete anything")
  }

  @Test func aFolderThatCannotBeMadeIsUnavailable() throws {
    try Data().write(to: URL(fileURLWithPath: scratch.path("file")))
    #expect(outcome { try RocksStore(directory: scratch.path("file/store"), resources: .small).close() } == .unavailable)
    #expect(outcome { try RocksStore(directory: scratch.path("file"), resources: .small).close() } == .unavailable)
  }

  // MARK: Destroying

  @Test func destroyingLeavesNothing() throws {
    let path = scratch.path("store")
    try RocksStore.destroy(directory: path)
    try filledStore(path)
    try RocksStore.destroy(directory: path)
    #expect(!FileManager.default.fileExists(atPath: path))
    let store = try RocksStore(directory: path, resources: .small)
    #expect(try Self.rows(store) == [])
  }

  @Test func aDamagedStoreCanBeDestroyed() throws {
    let path = scratch.path("store")
    try filledStore(path)
    for name in try files(path) where name != "LOCK" {
      try Data("damaged".utf8).write(to: URL(fileURLWithPath: path + "/" + name))
    }
    #expect(outcome { try RocksStore(directory: path, resources: .small).close() } == .corrupt)
    try RocksStore.destroy(directory: path)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func filesOfOthersSurviveAndAreNamed() throws {
    let path = scratch.path("store")
    try filledStore(path)
    try Data().write(to: URL(fileURLWithPath: path + "/notes.txt"))
    let error = #expect(throws: StoreError.self) { try RocksStore.destroy(directory: path) }
    #expect(error?.description.contains("notes.txt") == true)
    #expect(try files(path) == ["notes.txt"])
  }

  @Test func anInterruptedDestroyNeverOpens() throws {
    let path = scratch.path("store")
    try filledStore(path)
    try Data().write(to: URL(fileURLWithPath: path + "/DELETING"))
    #expect(outcome { try RocksStore(directory: path, resources: .small).close() } == .corrupt)
    try RocksStore.destroy(directory: path)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  /// A folder in the place of a table cannot be deleted as a file.
  @Test func aDestroyThatStopsHalfwayIsNotForgotten() throws {
    let path = scratch.path("store")
    try filledStore(path)
    try FileManager.default.createDirectory(atPath: path + "/999999.sst", withIntermediateDirectories: true)
    #expect(outcome { try RocksStore.destroy(directory: path) } == .unavailable)
    #expect(try files(path).contains("DELETING"))
    #expect(outcome { try RocksStore(directory: path, resources: .small).close() } == .corrupt)
    try FileManager.default.removeItem(atPath: path + "/999999.sst")
    try RocksStore.destroy(directory: path)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  // MARK: Damage

  enum Damage: String, CaseIterable, Sendable {
    case currentMissing, currentEmpty, currentGarbage, manifestMissing, manifestEmpty, manifestHalved, tableMissing, tableHalved
  }

  @Test(arguments: Damage.allCases)
  func damagedFilesAreCorrupt(_ damage: Damage) throws {
    let path = scratch.path("store")
    try filledStore(path)
    let manifest = path + "/" + (try #require(try files(path).first { $0.hasPrefix("MANIFEST") }))
    let table = path + "/" + (try #require(try files(path).first { $0.hasSuffix(".sst") }))
    switch damage {
    case .currentMissing: try FileManager.default.removeItem(atPath: path + "/CURRENT")
    case .currentEmpty: try cut(path + "/CURRENT", to: 0)
    case .currentGarbage: try Data("MANIFEST-999999\n".utf8).write(to: URL(fileURLWithPath: path + "/CURRENT"))
    case .manifestMissing: try FileManager.default.removeItem(atPath: manifest)
    case .manifestEmpty: try cut(manifest, to: 0)
    case .manifestHalved: try cut(manifest, to: try size(manifest) / 2)
    case .tableMissing: try FileManager.default.removeItem(atPath: table)
    case .tableHalved: try cut(table, to: try size(table) / 2)
    }
    #expect(outcome { _ = try Self.rows(try RocksStore(directory: path, resources: .small)) } == .corrupt)
  }

  /// RocksDB itself opens with the list of tables before the cut record. A cut between two records cannot be detected.
  @Test func aManifestCutInARecordIsCorrupt() throws {
    let path = scratch.path("store")
    try filledStore(path)
    let store = try RocksStore(directory: path, resources: .large)
    for number in Self.filledBatches..<(Self.filledBatches + 3) { try store.write(Self.batch(number)) }
    let states = try (0...(Self.filledBatches + 3)).map { try Self.rows(afterBatches: $0) }
    let name = try #require(try files(path).first { $0.hasPrefix("MANIFEST") })
    let whole = try size(path + "/" + name)
    var answered: [Int] = []
    for count in 1...whole {
      let copy = scratch.path("copy\(count)")
      try FileManager.default.copyItem(atPath: path, toPath: copy)
      try cut(copy + "/" + name, to: count)
      let answer = outcome {
        let rows = try Self.rows(try RocksStore(directory: copy, resources: .small))
        answered.append(count)
        #expect(states.contains(rows), "unexpected rows after a cut to \(count) of \(whole)")
      }
      #expect(answer != .unavailable)
      try FileManager.default.removeItem(atPath: copy)
    }
    #expect(answered.last == whole)
    #expect(answered.count <= 3, "cuts within a record were accepted: \(answered) of \(whole)")
  }

  /// A flipped bit in a table is either detected or has no effect. A wrong row is never returned.
  @Test func aFlippedBitInATableIsNeverServed() throws {
    let path = scratch.path("store")
    try filledStore(path)
    let expected = try Self.rows(afterBatches: Self.filledBatches)
    var random = Seeded(state: 11)
    var noticed = 0
    for round in 0..<60 {
      let copy = scratch.path("copy\(round)")
      try FileManager.default.copyItem(atPath: path, toPath: copy)
      let table = copy + "/" + (try #require(try files(copy).first { $0.hasSuffix(".sst") }))
      // The first byte of a table belongs to a block of rows.
      try flip(
        table, at: round == 0 ? 0 : Int.random(in: 0..<size(table), using: &random), bit: Int.random(in: 0..<8, using: &random))
      let answer = outcome {
        let store = try RocksStore(directory: copy, resources: .small)
        #expect(try Self.rows(store) == expected)
        for row in expected { #expect(try store.value(for: row.key) == row.value) }
      }
      #expect(answer != .unavailable)
      if round == 0 { #expect(answer == .corrupt) }
      if answer == .corrupt { noticed += 1 }
      try FileManager.default.removeItem(atPath: copy)
    }
    #expect(noticed > 40)
  }

  @Test func aFlippedBitIsNoticedByAGetAlone() throws {
    let path = scratch.path("store")
    try filledStore(path)
    for name in try files(path) where name.hasSuffix(".sst") { try flip(path + "/" + name, at: 0, bit: 3) }
    let store = try RocksStore(directory: path, resources: .small)
    var answers: [Outcome] = []
    for row in try Self.rows(afterBatches: Self.filledBatches) {
      let answer = outcome {
        let value = try store.value(for: row.key)
        #expect(value == row.value)
      }
      answers.append(answer)
    }
    #expect(answers.contains(.corrupt))
    #expect(!answers.contains(.unavailable))
  }

  /// Wherever the log is cut or damaged, the store opens with the state after some whole batch. If only its end is cut, it is the last.
  @Test(arguments: [false, true])
  func aDamagedLogGivesAnEarlierWholeState(flips: Bool) throws {
    let store = try RocksStore(directory: scratch.path("store"), resources: .large)
    for number in 0..<20 { try store.write(Self.batch(number)) }
    let states = try (0...20).map { try Self.rows(afterBatches: $0) }
    var random = Seeded(state: 5)
    var earlier = 0
    for round in 0..<40 {
      let copy = scratch.path("copy\(round)")
      try FileManager.default.copyItem(atPath: scratch.path("store"), toPath: copy)
      let log = copy + "/" + (try #require(try files(copy).first { $0.hasSuffix(".log") }))
      let position = try Int.random(in: 0..<size(log), using: &random)
      if flips { try flip(log, at: position, bit: Int.random(in: 0..<8, using: &random)) } else { try cut(log, to: position) }
      let answer = outcome {
        let rows = try Self.rows(try RocksStore(directory: copy, resources: .small))
        let state = try #require(states.firstIndex(of: rows), "the rows match no earlier state")
        if state < 20 { earlier += 1 }
      }
      #expect(answer == .answered)
      try FileManager.default.removeItem(atPath: copy)
    }
    #expect(earlier == 40)
  }

  enum Logs: String, CaseIterable, Sendable { case all, oldestMissing, oldestEndsEarly, middleMissing }

  /// If a folder is copied while its owner writes, its files are from different moments: older tables, newer logs. RocksDB opens such a
  /// copy with rows missing in the middle.
  @Test(arguments: Logs.allCases)
  func logsThatDoNotFollowOneAnotherAreCorrupt(_ logs: Logs) throws {
    let path = scratch.path("store")
    let copy = scratch.path("copy")
    let kept = scratch.path("kept")
    try filledStore(path)
    let older = try files(path).filter { $0.hasSuffix(".log") }
    let store = try RocksStore(directory: path, resources: .small)
    var written = Self.filledBatches
    for _ in 0..<3 {
      try store.write(Self.batch(written))
      written += 1
    }
    try FileManager.default.copyItem(atPath: path, toPath: copy)
    // Empty logs from the last run, which RocksDB deletes on opening.
    for name in older { try? FileManager.default.removeItem(atPath: copy + "/" + name) }
    // Hard links remain when RocksDB deletes the files.
    try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: true)
    while try files(kept).count < 4 {
      for name in try files(path) where name.hasSuffix(".log") && !older.contains(name) {
        try? FileManager.default.linkItem(atPath: path + "/" + name, toPath: kept + "/" + name)
      }
      try store.write(Self.batch(written))
      written += 1
    }
    let oldest = try #require(try files(kept).first)
    for (index, name) in try files(kept).enumerated() {
      switch logs {
      case .oldestEndsEarly where index == 0: continue
      case .middleMissing where index == 1: continue
      default: break
      }
      try? FileManager.default.removeItem(atPath: copy + "/" + name)
      try FileManager.default.copyItem(atPath: kept + "/" + name, toPath: copy + "/" + name)
    }
    if logs == .oldestMissing { try FileManager.default.removeItem(atPath: copy + "/" + oldest) }
    store.close()
    let answer = outcome {
      let rows = try Self.rows(try RocksStore(directory: copy, resources: .small))
      #expect(try rows == Self.rows(afterBatches: written))
    }
    #expect(answer == (logs == .all ? .answered : .corrupt))
  }

  // MARK: Tools

  private static func key(_ random: inout Seeded) -> [UInt8] {
    let bytes: [UInt8] = [0, 1, 2, 97, 254, 255]
    return (0..<Int.random(in: 0...4, using: &random)).map { _ in bytes.randomElement(using: &random) ?? 0 }
  }

  private static func value(_ random: inout Seeded) -> [UInt8] {
    (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  /// Changes that differ by `number`. From the third batch on they also delete.
  private static func batch(_ number: Int) -> [RowChange] {
    var random = Seeded(state: UInt64(number))
    let changes = (0..<50).map { index in
      RowChange(
        key: Array("\((number * 37 + index) % 400)".utf8), value: (0..<100).map { _ in UInt8.random(in: 0...255, using: &random) }
      )
    }
    let deletions = (0..<(number < 2 ? 0 : 5)).map { RowChange(key: Array("\((number * 11 + $0) % 400)".utf8), value: nil) }
    return changes + deletions + [RowChange(key: Array("position".utf8), value: Array("\(number)".utf8))]
  }

  private static let filledBatches = 20

  private static func rows(afterBatches count: Int) throws -> [Row] {
    let memory = MemoryStore()
    for number in 0..<count { try memory.write(batch(number)) }
    return try memory.rows(prefix: [], after: nil, limit: .max)
  }

  private static func rows(_ store: RocksStore) throws -> [Row] { try store.rows(prefix: [], after: nil, limit: .max) }

  /// A closed store whose rows are all in tables, because a second opening writes out the log.
  private func filledStore(_ path: String) throws {
    let store = try RocksStore(directory: path, resources: .small)
    for number in 0..<Self.filledBatches { try store.write(Self.batch(number)) }
    store.close()
    try RocksStore(directory: path, resources: .small).close()
  }

  private enum Outcome: Equatable { case answered, corrupt, unavailable, other }

  private func outcome(_ body: () throws -> Void) -> Outcome {
    do {
      try body()
      return .answered
    } catch StoreError.corrupt {
      return .corrupt
    } catch StoreError.unavailable {
      return .unavailable
    } catch {
      Issue.record(error)
      return .other
    }
  }

  private func files(_ path: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }

  private func size(_ path: String) throws -> Int { try Data(contentsOf: URL(fileURLWithPath: path)).count }

  private func cut(_ path: String, to count: Int) throws {
    try Data(contentsOf: URL(fileURLWithPath: path)).prefix(count).write(to: URL(fileURLWithPath: path))
  }

  private func flip(_ path: String, at position: Int, bit: Int) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[position] ^= 1 << UInt8(bit)
    try bytes.write(to: URL(fileURLWithPath: path))
  }
}

extension RocksResources {
  /// So small that a few batches reach the tables on disk.
  fileprivate static var small: RocksResources { RocksResources(blockCacheBytes: 1 << 20, writeBufferBytesPerStore: 64 << 10) }

  /// So large that a test's writes stay in the log.
  fileprivate static var large: RocksResources { RocksResources(blockCacheBytes: 1 << 20, writeBufferBytesPerStore: 4 << 20) }
}

/// A test's temporary folder, removed with it.
private final class Scratch {
  private let root = FileManager.default.temporaryDirectory.appendingPathComponent("rocks-\(UUID().uuidString)").path

  init() { try? FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  func path(_ name: String) -> String { root + "/" + name }
}

/// SplitMix64: the same values on every run.
private struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
