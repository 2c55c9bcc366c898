import CommandKit
import ServiceKit

/// `laurel size`: what a workload needs.
package enum Size {
  package static let command = Command(
    "size", summary: "Estimate partitions, brokers, instances, disk and times for a number of accounts",
    discussion: """
      Computes what a deployment needs from figures that Laurel's benches measure, with a margin on each. It asks no bus. The figures \
      are of one machine: measure on your own ('make bench-size') before you buy any. ops/docs/SCALE.md says how to read and use the table.
      """,
    example: """
      laurel size --accounts 1000000 --payments-per-day 50000
      # what it rests on
      laurel size --accounts 1000000 --payments-per-day 50000 --constants
      """,
    options: [
      count("accounts", 1...100_000_000_000, "Accounts in all, at the end of the years", nil),
      count("payments-per-day", 1...10_000_000_000, "Payments on an average day", nil),
      count("referred", 1...100, "How many percent of the accounts were referred", "100"),
      count("referees-per-account", 1...1_000_000_000, "Referees of an account that refers, on average", "10"),
      count("referees-max", 1...1_000_000_000, "Referees of the account that has most", "100000"),
      count(
        "peak", 1...10_000,
        "The busiest hour by an average hour. 30: all payments of a month within the first day", "30"),
      count("years", 1...100, "For how many years payments are kept", "3"),
      Option(
        "refund-window", placeholder: "DAYS", kind: .integer(1...36_500),
        help: "reward.refundWindow of the terms; absent: refunds count for ever"),
      count("cores", 1...256, "CPU cores of an instance", "4"), Option("constants", help: "Also print what the model rests on"),
      Option("json", help: "One JSON object instead of a table"),
    ])

  private static func count(_ name: String, _ range: ClosedRange<Int>, _ help: String, _ standard: String?) -> Option {
    Option(
      name, placeholder: "N", kind: .integer(range), help: help, required: standard == nil, defaultValue: standard)
  }

  package static func run(_ invocation: Invocation) throws -> Int32 {
    let output = ResultOutput()
    if invocation.flag("json") {
      try output.line(try JSONLine.encode(SizeReport(load(invocation)).json))
    } else {
      for line in lines(invocation) { try output.line(line) }
    }
    try output.flush()
    return 0
  }

  /// What it prints as text.
  static func lines(_ invocation: Invocation) -> [String] {
    SizeReport(load(invocation)).text + (invocation.flag("constants") ? [""] + SizeReport.constants : [])
  }

  private static func load(_ invocation: Invocation) -> Workload {
    var load = Workload(accounts: invocation.integer("accounts"), paymentsPerDay: invocation.integer("payments-per-day"))
    load.referredPercent = invocation.integer("referred")
    load.refereesPerAccount = invocation.integer("referees-per-account")
    load.refereesMax = invocation.integer("referees-max")
    load.peakFactor = invocation.integer("peak")
    load.years = invocation.integer("years")
    load.windowDays = invocation.optionalInteger("refund-window")
    load.cores = invocation.integer("cores")
    return load
  }
}
