import Contracts
import Deployment
import Foundation
import JSON
import ScenarioFiles
import Streaming
import Terms
import TestSupport
import Testing

@testable import Portal

/// The read model beside the notices that it is made of.
@Suite struct ReadModelTests {
  /// After every worked example, the pages' figures equal those of its notices.
  @Test(arguments: Examples.names)
  func figuresAreThoseOfTheNotices(name: String) throws {
    let bus = try SimulatedBus(name)
    let model = try bus.model()
    for (account, program, notices) in bus.ledgers {
      let summary = try model.summary(account, program, now: bus.end)
      let balances = Dictionary(
        notices.compactMap { $0.balance.map { ($0.currency, $0) } }, uniquingKeysWith: { _, last in last })
      #expect(summary.balances.map(\.balance) == balances.values.sorted { $0.currency < $1.currency })
      var entries: [Entry] = []
      var next: String?
      repeat {
        let page = try #require(try model.entries(account, program, currency: nil, before: next, limit: 3))
        entries += page.items
        next = page.next
      } while next != nil
      #expect(entries.map(\.sequence) == notices.indices.reversed().map { Int64($0) + 1 })
      #expect(entries.map(\.type) == notices.reversed().map(\.type))
      for entry in entries {
        #expect(try model.entry(account, program, sequence: entry.sequence) == entry)
      }
      // The referees' shares add up to all that was ever earned.
      let referees = try #require(try model.referees(account, program, limit: 500)).items
      for (currency, balance) in balances {
        let earned = referees.reduce(0) { $0 + ($1.earned[currency] ?? 0) }
        #expect(earned == (try balance.accrued) - balance.reversed, "\(account) \(program) \(currency)")
      }
      let invited = referees.filter { $0.status != .rejected }.count
      #expect(summary.referees.invited == Int64(invited))
    }
  }

  /// Every filter of the list shows the same referees.
  @Test func filtersAgree() throws {
    let bus = try SimulatedBus("b4-25-golden")
    let model = try bus.model()
    let (account, program) = try #require(bus.referrer)
    let all = try #require(try model.referees(account, program, limit: 500)).items
    #expect(all.count > 20)
    #expect(all.map(\.registeredAt) == all.map(\.registeredAt).sorted(by: >))
    for status in RefereeStatus.allCases {
      let some = try #require(try model.referees(account, program, status: status, limit: 500)).items
      #expect(some == all.filter { $0.status == status })
      let found = try #require(try model.referees(account, program, status: status, find: "", limit: 500)).items
      #expect(Set(found.map(\.account)) == Set(some.map(\.account)))
    }
    var paged: [Referee] = []
    var next: String?
    repeat {
      let page = try #require(try model.referees(account, program, before: next, limit: 4))
      paged += page.items
      next = page.next
    } while next != nil
    #expect(paged == all)
    let day = try #require(all.last).registeredAt + .days(1)
    let early = try #require(try model.referees(account, program, registeredBefore: day, limit: 500)).items
    #expect(early == all.filter { $0.registeredAt < day })
    #expect(try model.referees(account, program, before: "no cursor") == nil)
  }

  /// The order of topics and partitions on the bus is arbitrary.
  @Test(arguments: Examples.names)
  func anyOrderOfTopicsGivesTheSameRows(name: String) throws {
    let bus = try SimulatedBus(name)
    let expected = try bus.dump(bus.records)
    var random = SplitMix64(seed: 7)
    for _ in 0..<3 { #expect(try bus.dump(bus.shuffled(&random)) == expected) }
  }

  /// `laurel repair` writes a hidden notice again, after later ones.
  @Test(arguments: Examples.names)
  func aRepairedNoticeGivesTheSameRows(name: String) throws {
    let bus = try SimulatedBus(name)
    let expected = try bus.dump(bus.records)
    var random = SplitMix64(seed: 11)
    let notices = bus.records.indices.filter { bus.records[$0].topic.kind == .notices }
    guard let hidden = notices.randomElement(using: &random) else { return }
    var records = bus.records
    records.append(records.remove(at: hidden))
    let repaired = try bus.dump(records)
    #expect(repaired == expected, "\(repaired.difference(from: expected))")
    // Reading it twice has one effect.
    #expect(try bus.dump(bus.records + bus.records) == expected)
  }

  /// A file that is closed in the middle continues from its last commit.
  @Test func goesOnAfterACrash() throws {
    let bus = try SimulatedBus(Examples.names[0])
    let path = bus.path
    do {
      let writer = try ModelWriter(path, bus: "b")
      for record in bus.records.prefix(bus.records.count / 2) { try bus.put(record, writer) }
      try writer.commit(["rewards": [0: 5]])
      // Closing the file without a commit drops these.
      for record in bus.records.dropFirst(bus.records.count / 2) { try bus.put(record, writer) }
    }
    let again = try ModelWriter(path, bus: "b")
    #expect(try again.positions() == ["rewards": [0: 5]])
    for record in bus.records.dropFirst(bus.records.count / 2) { try bus.put(record, again) }
    try again.commit([:])
    #expect(try bus.rows(path) == bus.dump(bus.records))
  }

  @Test func aFileOfAnotherBusIsRejected() throws {
    let bus = try SimulatedBus(Examples.names[0])
    let path = bus.path
    _ = try ModelWriter(path, bus: "one")
    #expect(throws: ModelWriter.ForeignModel.self) { try ModelWriter(path, bus: "other") }
  }
}
