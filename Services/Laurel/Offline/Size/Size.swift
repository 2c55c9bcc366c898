import CommandKit
import ServiceKit

/// `laurel size`: estimates what a workload needs.
package enum Size {
  package static let command = Command(
    "size", summary: "Estimate partitions, brokers, instances, disk and times for a number of accounts",
    discussion: """
      Computes what a deployment needs from figures that Laurel's benches measure, with a margin on each. Needs no bus. The \
      figures are from one machine: before you buy machines, measure on your own ('make bench-size'). See ops/docs/SCALE.md.
      """,
    example: """
      laurel size --accounts 1000000 --payments-per-day 50000
      # with the constants of the model
      laurel size --accounts 1000000 --payments-per-day 50000 --constants
      """,
    options: [
      count("accounts", 1...100_000_000_000, "Number of accounts at the end of the years", nil),
      count("payments-per-day", 1...10_000_000_000, "Payments on an average day", nil),
      count("referred", 1...100, "Percentage of the accounts that were referred", "100"),
      count("referees-per-account", 1...1_000_000_000, "Average number of referees of a referrer", "10"),
      count("referees-max", 1...1_000_000_000, "Referees of the account with the most", "100000"),
      count(
        "peak", 1...10_000,
        "The busiest hour, relative to an average one; 30: all payments of a month come within a day", "30"),
      count("years", 1...100, "Number of years for which payments are kept", "3"),
      Option(
        "refund-window", placeholder: "DAYS", kind: .integer(1...36_500),
        help: "reward.refundWindow of the terms; without it refunds count forever"),
      count("cores", 1...256, "CPU cores of an instance", "4"),
      Option("constants", help: "Also print the constants of the model"),
      Option("json", help: "Print a JSON object instead of a table"),
    ], run: run)

  private static func count(_ name: String, _ range: ClosedRange<Int>, _ help: String, _ standard: String?) -> Option {
    Option(
      name, placeholder: "N", kind: .integer(range), help: help, required: standard == nil, defaultValue: standard)
  }

  private static func run(_ invocation: Invocation) throws -> Int32 {
    guard !(invocation.flag("json") && invocation.flag("constants")) else {
      throw invocation.misuse("--constants goes with the table, not with --json")
    }
    let report = SizeReport(load(invocation))
    try ResultOutput().print(invocation.flag("json") ? [JSONLine.encode(report.json)] : lines(invocation))
    return 0
  }

  /// The printed text.
  static func lines(_ invocation: Invocation) -> [String] {
    SizeReport(load(invocation)).text + (invocation.flag("constants") ? [""] + SizeReport.constants : [])
  }

  private static func load(_ invocation: Invocation) -> Workload {
    Workload(
      accounts: invocation.integer("accounts"), paymentsPerDay: invocation.integer("payments-per-day"),
      referredPercent: invocation.integer("referred"), refereesPerAccount: invocation.integer("referees-per-account"),
      refereesMax: invocation.integer("referees-max"), peakFactor: invocation.integer("peak"), years: invocation.integer("years"),
      windowDays: invocation.optionalInteger("refund-window"), cores: invocation.integer("cores"))
  }
}
