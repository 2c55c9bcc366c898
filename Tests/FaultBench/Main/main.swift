import FaultBench
import Foundation
import ServiceKit
import TestSupport

// laurel-faults: repeats every fault on real Kafka while services process a generated history, and reports violations and recovery times.

let command = Command(
  "laurel-faults", summary: "Inject faults on real Kafka and check that nothing is lost, duplicated or wrong",
  discussion: """
    For each row, publishes a history of the three programs at speed to two instances of every service, and injects the fault once per \
    cycle. Then compares the notices of read_committed readers with the simulation of the same history. Exit status 1: violations. \
    The times are from the fault until the affected service works again on every partition. FAULTS_TRACE in the environment logs each \
    step. FAULTS_KEEP keeps the bus and folders of a campaign with violations for inspection.
    """,
  example: """
    laurel-faults --cycles 50 --seed 7
    laurel-faults --rows kill,frozen --cycles 200
    """,
  options: [
    Option("rows", placeholder: "NAMES", help: "Run only these rows, separated by commas"),
    Option("cycles", placeholder: "N", kind: .integer(1...100_000), help: "How often to inject each fault", defaultValue: "10"),
    Option(
      "seed", placeholder: "N", kind: .integer(0...1_000_000_000), help: "Seed of the histories and of the faults' choices",
      defaultValue: "1"),
    Option(
      "payments", placeholder: "N", kind: .integer(1...1_000_000), help: "Payments per program and cycle", defaultValue: "40"
    ),
    Option(
      "old", placeholder: "TREE",
      help: "A checkout of an earlier release, built for release: the row 'upgrade', which needs it, runs too"),
    Option("list", help: "List the rows and stop"),
  ])

let invocation = command.parseOrExit()
let old = invocation.optionalText("old").map { URL(filePath: $0) }
let upgrade = Upgrade.row(from: old)
let rows = FaultTable.rows + [upgrade]
if invocation.flag("list") {
  for row in rows { print(row.name + String(repeating: " ", count: max(1, 16 - row.name.count)) + row.what) }
  exit(0)
}
let wanted = invocation.optionalText("rows")?.split(separator: ",").map(String.init)
let unknown = (wanted ?? []).filter { name in !rows.contains { $0.name == name } }
guard unknown.isEmpty else {
  FileHandle.standardError.write(Data("laurel-faults: no row \(unknown.joined(separator: ", ")); see --list\n".utf8))
  exit(2)
}
guard KafkaBroker.home != nil else {
  FileHandle.standardError.write(Data("laurel-faults: \(KafkaBroker.skipReason)\n".utf8))
  exit(1)
}

let output = LineSink.standardOutput
let plan = FaultPlan(
  cycles: invocation.integer("cycles"), seed: UInt64(invocation.integer("seed")), size: .payments(invocation.integer("payments")))
output.line("seed \(plan.seed), two instances of every service; one broker, unless the row says otherwise")
output.line(FaultTable.heading)
var isClean = true
for row in rows where wanted?.contains(row.name) ?? (row.name != upgrade.name || old != nil) {
  do {
    let result = try row.run(plan)
    output.line(FaultTable.line(row, result))
    for violation in result.violations { output.line("  ! \(violation)") }
    if result.cycles == 0 { output.line("  ! no cycle was completed") }
    isClean = isClean && result.violations.isEmpty && result.cycles > 0
  } catch {
    output.line("\(row.name): \(error)")
    isClean = false
  }
}
exit(isClean ? 0 : 1)
