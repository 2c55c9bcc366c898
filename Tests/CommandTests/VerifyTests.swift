import CommandKit
import Contracts
import Deployment
import JSON
import Kafka
import Streaming
import TermsFiles
import TestSupport
import Testing
import Worker

@testable import BusCommands

/// The comparisons of `laurel verify`, without a bus: it must detect planted differences.
@Suite struct VerifyTests {
  /// A worked example as a bus would hold it: every service's changelog and notices, in one partition each.
  private struct Written {
    var changelog: [ServiceName: [RowChange]] = [:]
    var notices: [ServiceName: [Record]] = [:]

    init(_ file: String) throws {
      let programs = try TermsFiles.load(directory: Example.terms)
      var logs: [ServiceName: ChangelogStore] = [:]
      var notices: [ServiceName: [WrittenRecord]] = [:]
      let simulation = try Simulation(
        services: Deployment.services(programs), programs: programs.ids,
        store: { name in
          let store = ChangelogStore()
          logs[name] = store
          return store
        },
        notice: { notice in
          guard let service = ServiceName(rawValue: notice.topic.writtenBy) else { return }
          notices[service, default: []].append(
            WrittenRecord(
              topic: notice.topic.name, offset: Int64(notices[service]?.count ?? 0), key: Array(notice.key.utf8),
              value: notice.valueBytes.map { [UInt8]($0) },
              headers: InputRecord(copying: notice).headers.map { Header(name: $0.name, value: $0.value) }))
        }, rejected: { _ in })
      let events = try EventFile(path: file)
      while let entry = try events.next() {
        guard case .event(let event) = entry else { continue }
        try simulation.advance(to: event.time)
        try simulation.commit()
        try simulation.take(InputRecord(event.envelope, topic: event.topic, data: event.data, number: Int64(event.line)))
        try simulation.commit()
      }
      let read = try Record.reading(notices.values.flatMap(\.self))
      self.notices = notices.mapValues { written in read.filter { $0.topic == written[0].topic } }
      changelog = logs.mapValues(\.changes)
    }

    /// The state after all but the last `missed` changes.
    func state(of service: ServiceName, without missed: Int = 0) throws -> MemoryStore {
      let store = MemoryStore()
      try store.write(Array((changelog[service] ?? []).dropLast(missed)))
      return store
    }

    /// The last row that `StoredRow.name` gives this name.
    func row(_ name: String, of service: ServiceName) throws -> Row {
      let rows = try state(of: service).rows(prefix: [], after: nil, limit: .max)
      return try #require(rows.last { StoredRow.name(of: $0.key).hasPrefix(name) }, "\(rows.map { StoredRow.name(of: $0.key) })")
    }

    /// Writes a change as a worker would: the progress row follows it.
    mutating func write(_ key: [UInt8], _ value: [UInt8]?, to service: ServiceName) throws {
      let progress = try row("the progress row", of: service)
      changelog[service, default: []] += [RowChange(key: key, value: value), RowChange(key: progress.key, value: progress.value)]
    }

    func rebuilt(_ service: ServiceName) throws -> (state: RebuiltState, notices: NoticeBook) {
      let rows = ScratchRows(MemoryStore())
      let place = ServicePartition(service: service, number: 0)
      let state = RebuiltState(place, in: rows)
      for (offset, change) in (changelog[service] ?? []).enumerated() {
        try state.take(key: change.key, value: change.value, offset: Int64(offset))
      }
      let topic = try #require(NoticeBook.topic(of: service))
      let book = NoticeBook(place, topic: topic, in: rows, parser: JSONParser())
      for record in notices[service] ?? [] { try book.take(record) }
      return (state, book)
    }

    func check(_ service: ServiceName) throws -> StateCheck {
      let (state, notices) = try rebuilt(service)
      return try StateCheck(state, notices, parser: JSONParser())
    }

    func findings(_ service: ServiceName) throws -> [String] {
      try check(service).findings.lines("") + rebuilt(service).notices.findings.lines("")
    }
  }

  private static let withdrawals = Example.examples.appending(path: "c9-c10-withdrawal.jsonl").path
  private static let spending = Example.examples.appending(path: "a6-spend.jsonl").path

  private func text(_ value: [UInt8]) -> String { String(decoding: value, as: UTF8.self) }

  // MARK: What agrees

  @Test func everyWorkedExampleAgrees() throws {
    var rows = 0
    for file in try Example.exampleFiles() + ["bonus", "cash", "tiers"].map({ "\(Example.demo)/\($0).jsonl" }) {
      let written = try Written(file)
      for service in ServiceName.allCases {
        let findings = try written.findings(service)
        #expect(findings.isEmpty, "\(file) \(service): \(findings)")
        rows += try written.check(service).rows
      }
    }
    #expect(rows > 1500)
  }

  /// Compaction does not matter: the hash covers only the remaining rows.
  @Test func theHashIsThatOfTheState() throws {
    var written = try Written(Self.withdrawals)
    let hash = try written.check(.accrual).hash
    let log = try #require(written.changelog[.accrual])
    var last: [[UInt8]: Int] = [:]
    for (offset, change) in log.enumerated() { last[change.key] = offset }
    written.changelog[.accrual] = log.enumerated().filter { last[$0.element.key] == $0.offset && $0.element.value != nil }.map(
      \.element)
    #expect(try #require(written.changelog[.accrual]).count < log.count)
    #expect(try written.check(.accrual).hash == hash)
    let row = try written.row("the memory of", of: .accrual)
    try written.write(row.key, nil, to: .accrual)
    #expect(try written.check(.accrual).hash != hash)
  }

  // MARK: Planted in the state

  @Test func aChangedBalanceIsSeen() throws {
    var written = try Written(Self.spending)
    let row = try written.row("balance", of: .accrual)
    let forged = text(row.value).replacing(/"reserved":\d+/, with: #""reserved":123456"#)
    #expect(forged != text(row.value))
    try written.write(row.key, Array(forged.utf8), to: .accrual)
    let findings = try written.findings(.accrual)
    #expect(findings.contains { $0.contains("reserved is 123456, spends and withdrawals under way add up to") }, "\(findings)")
    #expect(findings.contains { $0.contains("the last notice's") && $0.contains("balance 'KZT' of bonus/") }, "\(findings)")
  }

  @Test func moneyFromNowhereIsSeenByTheNoticesToo() throws {
    var written = try Written(Self.spending)
    let index = try #require(written.notices[.accrual]?.lastIndex { text($0.value ?? []).contains(#""balance""#) })
    let last = try #require(written.notices[.accrual]?[index])
    let value = text(last.value ?? []).replacing(/"paid":\d+/, with: #""paid":777"#)
    let forged = WrittenRecord(
      topic: last.topic, offset: last.offset, key: last.key, value: Array(value.utf8), headers: last.headers)
    written.notices[.accrual]?[index] = try #require(Record.reading([forged]).first)
    let findings = try written.findings(.accrual)
    #expect(findings.contains { $0.contains("by the one before") }, "\(findings)")
  }

  @Test func aLostRowIsSeen() throws {
    var written = try Written(Self.withdrawals)
    let row = try written.row("reservation", of: .accrual)
    try written.write(row.key, nil, to: .accrual)
    let findings = try written.findings(.accrual)
    #expect(findings.contains { $0.contains("spends and withdrawals under way add up to") }, "\(findings)")
  }

  @Test func aDoubledRowIsSeen() throws {
    var written = try Written(Self.withdrawals)
    let row = try written.row("reservation", of: .accrual)
    // Under a key one letter longer than the request's.
    try written.write(Array(row.key.dropLast()) + [0x78, 0], row.value, to: .accrual)
    let findings = try written.findings(.accrual)
    #expect(findings.contains { $0.contains("spends and withdrawals under way add up to") }, "\(findings)")
  }

  @Test func aWrongSequenceIsSeen() throws {
    var written = try Written(Self.withdrawals)
    let row = try written.row("the last number of", of: .payouts)
    try written.write(row.key, Array("41".utf8), to: .payouts)
    let findings = try written.findings(.payouts)
    #expect(findings.contains { $0.contains("on payouts is 41, the last notice's") }, "\(findings)")
    try written.write(row.key, nil, to: .payouts)
    let lost = try written.findings(.payouts)
    #expect(lost.contains { $0.contains("notices have reported it, but it is not in the state") }, "\(lost)")
  }

  @Test func aSecondOpenWithdrawalIsSeen() throws {
    var written = try Written(Self.withdrawals)
    let row = try written.row("withdrawal 'w5'", of: .payouts)
    let other = text(row.key).replacing("w5", with: "w9")
    try written.write(Array(other.utf8), Array(text(row.value).replacing("w5", with: "w9").utf8), to: .payouts)
    let findings = try written.findings(.payouts)
    #expect(findings.contains { $0.contains("2 withdrawals are open: w5, w9") }, "\(findings)")
    #expect(findings.contains { $0.contains("request 'w9' was instructed, but no money is reserved for it") }, "\(findings)")
  }

  @Test func aRecordThatNoWorkerHasWrittenIsSeen() throws {
    var written = try Written(Self.withdrawals)
    let row = try written.row("the memory of", of: .attribution)
    written.changelog[.attribution]?.append(RowChange(key: row.key, value: nil))
    let findings = try written.findings(.attribution)
    #expect(findings.contains { $0.contains("ends with 1 record that no worker has written") }, "\(findings)")
  }

  // MARK: Planted in the notices

  @Test func aLostAndARepeatedNoticeAreSeen() throws {
    var written = try Written(Self.withdrawals)
    let notices = try #require(written.notices[.accrual])
    written.notices[.accrual]?.remove(at: 1)
    let gap = try written.findings(.accrual)
    #expect(gap.contains { $0.contains("number 2 is missing") }, "\(gap)")
    written.notices[.accrual] = notices + [notices[0]]
    let twice = try written.findings(.accrual)
    #expect(twice.contains { $0.contains("the id") && $0.contains("is that of rewards/0 offset 0 too") }, "\(twice)")
  }

  /// `laurel repair` may find the later of two hidden notices first.
  @Test func hiddenNoticesComeLateInAnyOrder() throws {
    var written = try Written(Self.withdrawals)
    let notices = try #require(written.notices[.accrual])
    let late = try Record.reading(
      notices.suffix(2).reversed().map {
        WrittenRecord(
          topic: $0.topic, offset: $0.offset, key: $0.key, value: $0.value,
          headers: $0.headers + [Header(name: RepairMark.header, value: Array($0.topic.utf8))])
      })
    written.notices[.accrual] = notices.dropLast(2) + late
    #expect(try written.findings(.accrual).isEmpty)
  }

  // MARK: State folders

  @Test func aFolderIsEqualOrBehind() throws {
    let written = try Written(Self.withdrawals)
    let rebuilt = try written.rebuilt(.accrual).state
    let count = try #require(written.changelog[.accrual]).count
    let equal = try FolderComparison(written.state(of: .accrual), from: Int64(count), rebuilt)
    #expect(equal.findings.isEmpty && equal.behind == 0 && equal.rows > 10)
    for missed in [1, 7, count - 3, count] {
      let behind = try FolderComparison(written.state(of: .accrual, without: missed), from: Int64(count - missed), rebuilt)
      #expect(behind.findings.isEmpty, "\(missed): \(behind.findings)")
      #expect(behind.behind > 0)
    }
  }

  @Test func aFoldersDifferencesAreReported() throws {
    let written = try Written(Self.withdrawals)
    let rebuilt = try written.rebuilt(.accrual).state
    let next = Int64(try #require(written.changelog[.accrual]).count)
    let row = try written.row("balance", of: .accrual)
    func reported(_ change: RowChange, from next: Int64) throws -> [String] {
      let folder = try written.state(of: .accrual)
      try folder.write([
        change, ChangelogPosition(next: next, writtenAt: 0, of: ChangelogIdentity(cluster: nil, partition: "p/0")).row,
      ])
      return try FolderComparison(folder, from: next, rebuilt).findings.lines("")
    }
    #expect(try reported(RowChange(key: row.key, value: row.value), from: next).isEmpty)
    let changed = try reported(RowChange(key: row.key, value: Array("{}".utf8)), from: next)
    #expect(
      changed.count == 1 && changed[0].contains("balance 'USD' of cash/") && changed[0].contains("is {} in the folder"),
      "\(changed)")
    let lost = try reported(RowChange(key: row.key, value: nil), from: next)
    #expect(lost.count == 1 && lost[0].contains("in ledger is missing in the folder"), "\(lost)")
    let strange = try reported(RowChange(key: row.key + [1], value: row.value), from: next)
    #expect(strange.count == 1 && strange[0].contains("is in the folder, but not in the changelog"), "\(strange)")
    // Changes that the folder has not followed yet must not hide a difference that it already has.
    let old = try written.row("owner", of: .accrual)
    #expect(try reported(RowChange(key: old.key, value: nil), from: next - 1).count == 1)
  }
}

/// A store that records its writes, as a changelog does.
private final class ChangelogStore: StateStore {
  private let store = MemoryStore()
  private(set) var changes: [RowChange] = []

  func read(_ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) { store.read(key, body) }

  func scan(prefix: [UInt8], after: [UInt8]?, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool) {
    store.scan(prefix: prefix, after: after, body)
  }

  func write(_ changes: Changes) {
    changes.visit { key, value in self.changes.append(RowChange(key: [UInt8](key), value: value.map { [UInt8]($0) })) }
    store.write(changes)
  }
}
