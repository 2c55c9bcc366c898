import Contracts
import Foundation
import Testing

/// Properties of every history, independent of the rules.
@Suite struct HistoryPropertiesTests {
  private static func seeds(_ count: UInt64) -> [UInt64] { AuditTests.seeds(byDefault: count).map { $0 &+ 100_000 } }

  private static func notices(_ history: History, lines: [String]? = nil) throws -> [String] {
    let until = Instant(milliseconds: history.until)
    return try ExampleTests.simulate(lines ?? history.lines, until: until, programs: history.programs()).notices
  }

  @Test(arguments: AuditTests.programs)
  func historiesKeepTheirPromises(program: String) throws {
    for seed in Self.seeds(25) {
      let history = try History.make(program: program, seed: seed)
      let said = try Self.notices(history)
      NoticeProperties(said).allHold("\(program), seed \(seed)")
      #expect(try Self.notices(history) == said, "\(program), seed \(seed): a second run gives different bytes")
    }
  }

  /// Every event twice in a row, ten times in a row, and the whole history again after its end: there are no further notices.
  @Test(arguments: AuditTests.programs)
  func repeatedDeliveryChangesNothing(program: String) throws {
    for seed in Self.seeds(10) {
      let history = try History.make(program: program, seed: seed)
      let said = try Self.notices(history)
      let twice = history.lines.flatMap { [$0, $0] }
      #expect(try Self.notices(history, lines: twice) == said, "\(program), seed \(seed), twice")
      #expect(
        try Self.notices(history, lines: history.lines + history.lines) == said, "\(program), seed \(seed), all again")
    }
    let history = try History.make(program: program, seed: 100_100)
    let said = try Self.notices(history)
    let tenTimes = history.lines.flatMap { Array(repeating: $0, count: 10) }
    #expect(try Self.notices(history, lines: tenTimes) == said, "\(program), ten times")
  }
}
