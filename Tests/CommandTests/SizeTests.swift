import Contracts
import Foundation
import TermsFiles
import TestSupport
import Testing

@testable import OfflineCommands

/// `laurel size`: its arithmetic, its constants of state against the stages themselves, and the page that shows its tables.
@Suite struct SizeTests {
  private static let small = Workload(accounts: 1_000_000, paymentsPerDay: 50_000)

  @Test func whatThereIsIsCounted() {
    var load = Self.small
    load.years = 2
    load.referredPercent = 50
    load.refereesPerAccount = 20
    let model = SizeModel(load)
    #expect(model.referrals == 500_000)
    #expect(model.referrers == 25_000)
    #expect(model.payments == 36_500_000)
    #expect(model.openPayments == model.payments)
    #expect(abs(model.peakPaymentsPerSecond - 17.361) < 0.001)
    #expect(model.events == 1_000_000 + 25_000 + 36_500_000)
  }

  @Test func stateIsTheSumOfWhatEachLeavesBehind() throws {
    var load = Self.small
    load.windowDays = 180
    let model = SizeModel(load)
    let cost = try #require(Measured.state[.accrual])
    let open = 50_000.0 * 180
    let expected =
      cost.referrer.bytes * model.referrers + cost.referral.bytes * model.referrals + cost.payment.bytes * open
      + cost.closedPayment.bytes * (model.payments - open)
    #expect(abs(model.state(of: .accrual).bytes / expected - 1) < 1e-9)
    #expect(SizeModel(Self.small).state(of: .accrual).bytes > model.state(of: .accrual).bytes)
    #expect(model.state(of: .payouts) == Kept(0, 0))
  }

  @Test func moreWorkTakesMoreMachines() {
    let model = SizeModel(Self.small)
    #expect(model.instances(of: .payouts) == 2)
    var large = Self.small
    large.paymentsPerDay *= 1000
    let larger = SizeModel(large)
    #expect(abs(larger.threads(of: .accrual) / model.threads(of: .accrual) - 1000) < 1e-6)
    #expect(larger.partitions > model.partitions && larger.brokers > model.brokers)
    #expect(larger.instances(of: .accrual) > model.instances(of: .accrual))
    // Every thread that is busy has a partition, and twice as many may come.
    #expect(Double(larger.partitions) >= 2 * larger.threads(of: .accrual))
    #expect(larger.restoreOfPartition <= Measured.restoreSecondsMax.used)
    large.cores *= 2
    #expect(SizeModel(large).instances(of: .accrual) <= larger.instances(of: .accrual))
  }

  @Test(
    arguments: [
      (0.2, "0.2", "under 1 s"), (7, "7", "7 s"), (119, "120", "120 s"), (4000, "4,000", "67 min"), (86_400, "87,000", "24 h"),
      (1e6, "1 million", "12 days"), (2.34e9, "2.4 billion", "28,000 days"),
    ] as [(Double, String, String)])
  func figuresHaveTwoDigits(_ example: (number: Double, count: String, time: String)) {
    #expect(SizeText.count(example.number) == example.count)
    #expect(SizeText.time(example.number) == example.time)
  }

  /// The stages keep what the model says, within a tenth: whoever changes a row measures again (`make bench-size`).
  @Test(arguments: [("bonus", nil), ("bonus", 30), ("tiers", nil)] as [(ProgramID, Int64?)])
  func theModelHoldsForASmallDeployment(_ program: ProgramID, windowDays: Int64?) throws {
    let referees = 300
    let load = try StateLoad.smallDeployment(
      TermsFiles.load(directory: Example.terms), program, window: windowDays.map { .days($0) }, referees: referees)
    #expect(load.rejected == 0)
    // The model takes each service from the program that costs it most.
    for store in load.stores where store.service != .payouts && (store.service == .discounts) == (program == "tiers") {
      let cost = try #require(Measured.state[store.service])
      let model =
        cost.referrer * Double(referees / 10) + cost.referral * Double(referees)
        + (windowDays == nil ? cost.payment : cost.closedPayment) * Double(2 * referees)
      let held = try store.held()
      #expect(abs(model.bytes / Double(held.bytes) - 1) < 0.1, "\(store.service): \(model.bytes) and \(held.bytes) B")
      #expect(abs(model.rows / Double(held.rows) - 1) < 0.1, "\(store.service): \(model.rows) and \(held.rows) rows")
    }
  }

  @Test func oneIsSingular() {
    #expect(SizeReport(Workload(accounts: 1, paymentsPerDay: 1)).title == "1 account, 1 payment a day, 3 years")
  }

  /// SCALE.md shows what the command prints.
  @Test func thePageHasTheCommandsTables() throws {
    let page = try String(contentsOf: Example.repository.appending(path: "ops/docs/SCALE.md"), encoding: .utf8)
    let tables = page.components(separatedBy: "```\n").filter { $0.hasPrefix("$ laurel size ") }
    #expect(tables.count == 4)
    for table in tables {
      let command = table.prefix { $0 != "\n" }.dropFirst("$ laurel ".count)
      guard
        case .run(let invocation) = try Size.command.parse(
          command.split(separator: " ").dropFirst().map(String.init), environment: [:])
      else { continue }
      let printed = Size.lines(invocation).joined(separator: "\n") + "\n"
      #expect(table.dropFirst(command.count + "$ laurel \n".count) == printed[...], "\(command)")
    }
  }
}
