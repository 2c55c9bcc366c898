import Contracts
import Foundation
import ScenarioFiles
import Streaming
import Terms
import TermsFiles
import Testing

/// A refund window drops nothing that still matters: if every fact is inside it, all notices are the same as without one.
@Suite struct RefundWindowProperties {
  private static var seeds: [UInt64] { AuditTests.seeds.prefix(25).map { $0 &+ 200_000 } }

  @Test(arguments: ["bonus", "cash", "mixed"])
  func aWindowThatHoldsAllFactsChangesNothing(program: String) throws {
    let terms = try TermsFiles.load(directory: Examples.terms.path)
    var (kept, keptWithout, closedUnderWay) = (0, 0, 0)
    for seed in Self.seeds {
      let history = try History.make(program: program, seed: seed)
      let window = Self.window(holdingAllFactsOf: history)
      let until = Instant(milliseconds: history.until + window.milliseconds)
      let (store, storeWithout) = (MemoryStore(), MemoryStore())
      let expected = try ExampleTests.simulate(
        history.lines, until: until, store: { $0 == .accrual ? storeWithout : MemoryStore() })
      let actual = try ExampleTests.simulate(
        history.lines, until: until, programs: Self.with(window, terms), store: { $0 == .accrual ? store : MemoryStore() })
      #expect(actual.notices == expected.notices, "\(program), seed \(seed), window \(window)")
      #expect(
        try ExampleTests.simulate(history.lines + history.lines, until: until, programs: Self.with(window, terms)).notices
          == actual.notices, "\(program), seed \(seed), all again")
      kept += try KeptRows.names(in: store).count
      keptWithout += try KeptRows.names(in: storeWithout).count
      if history.events.contains(where: { $0.type == "payment.settled" && $0.at + window.milliseconds < history.until }) {
        closedUnderWay += 1
      }
    }
    // The test is meaningful: windows close, also in the middle of histories, and of the stored rows only those remain that an open
    // request or dispute needs.
    #expect(closedUnderWay > Self.seeds.count / 10)
    #expect(2 * keptWithout > 3 * kept, "\(kept) of \(keptWithout) rows remain")
  }

  /// Longer than the time from any payment to its facts and their arrival, and from any waiting fact to its payment.
  private static func window(holdingAllFactsOf history: History) -> TimeSpan {
    let about: Set = [
      "payment.refundRequested", "payment.refundDeclined", "payment.refunded", "payment.disputed", "payment.disputeClosed",
    ]
    var clock: Int64 = 0
    var paid: [String: (at: Int64, arrival: Int64)] = [:]
    var facts: [(payment: String, at: Int64, arrival: Int64)] = []
    for event in history.events {
      clock = max(clock, event.time)
      let payment = "\(event.program) \(event.data["account"] ?? "") \(event.data["payment"] ?? "")"
      if event.type == "payment.settled", paid[payment] == nil { paid[payment] = (event.at, clock) }
      if about.contains(event.type) { facts.append((payment, event.at, clock)) }
    }
    var longest: Int64 = 0
    for fact in facts {
      guard let payment = paid[fact.payment] else { continue }
      longest = max(longest, max(fact.at, fact.arrival) - payment.at, payment.arrival - fact.at)
    }
    return .milliseconds(longest + 1)
  }

  static func with(_ window: TimeSpan, _ programs: Programs) -> Programs {
    Programs(
      programs.all.map { program in
        Program(
          id: program.id,
          versions: program.versions.map { version in
            var version = version
            version.reward?.refundWindow = window
            return version
          })
      })
  }
}
