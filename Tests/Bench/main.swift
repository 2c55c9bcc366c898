import Contracts
import Foundation
import JSON
import Kafka
import ServiceKit
import TestSupport

// `make bench`: accrual beside a plain librdkafka loop of the same shape, on one real broker, in one run. What counts is the ratio:
// absolute figures are those of the machine and of the moment.

let command = Command(
  "laurel-bench", summary: "accrual's speed beside a plain librdkafka loop, on real Kafka",
  example: "KAFKA_HOME=/opt/kafka laurel-bench 200000",
  options: [
    Option("partitions", placeholder: "N", kind: .integer(1...64), help: "Partitions of every topic", defaultValue: "4"),
    Option("referees", placeholder: "N", kind: .integer(1...1_000_000), help: "Payers, each with a referrer", defaultValue: "1000"),
    Option("rate", placeholder: "N", kind: .integer(1...100_000), help: "Payments a second for the latency", defaultValue: "500"),
    Option("terms", placeholder: "DIR", help: "Folder with the programs' terms", defaultValue: "ops/terms"),
  ], operands: [Operand("PAYMENTS", help: "How many payments to load", required: false)])
let invocation = command.parseOrExit()

do {
  guard let home = KafkaBroker.home else { throw BrokerFailure(KafkaBroker.skipReason) }
  let broker = try KafkaBroker.start(home: home)
  defer { broker.stop() }
  let bench = try Bench(
    broker: broker, payments: invocation.operands.first.flatMap(Int.init) ?? 200_000, referees: invocation.integer("referees"),
    partitions: Int32(invocation.integer("partitions")), terms: invocation.text("terms"))
  try bench.load()
  let plain = try bench.plainLoop()
  let accrual = try bench.accrual()
  let latency = try bench.latency(rate: invocation.integer("rate"), seconds: 10)
  print(
    """

    plain loop   \(Bench.rate(plain.rate)) payments/s   read, one output and one changelog record written, no codec, no state
    accrual      \(Bench.rate(accrual.payments)) payments/s   \(Bench.rate(accrual.records)) records/s: each payment is two records (Earnings, Ledger)
    ratio        \(Bench.ratio(plain.rate / accrual.payments)) plain payments to one of accrual's; \(Bench.ratio(plain.rate / accrual.records)) by records
    CPU          accrual \(Bench.ratio(accrual.cpuSeconds / Double(bench.payments) * 1e6)) s a million payments
    memory       accrual \(accrual.megabytes) MB at its end
    latency      payment → reward.accrued at \(invocation.integer("rate"))/s: p50 \(latency.p50) ms, p99 \(latency.p99) ms (default --commit-ms)
    """)
} catch {
  FileHandle.standardError.write(Data("laurel-bench: \(error)\n".utf8))
  exit(1)
}
