import FaultBench
import Foundation
import ServiceKit
import TestSupport

// laurel-faults: every fault again and again while a generated history is worked off on real Kafka, and what came of it.

let command = Command(
  "laurel-faults", summary: "Faults on real Kafka, and whether anything was lost, doubled or wrong",
  discussion: """
    For each row a history of the three programs is published at speed, two instances of every service work it off, and the fault falls once \
    a cycle. What read_committed readers saw is then compared with the simulation of the same history. Exit 1: there were violations. \
    The times are from the blow until the struck service works again on every partition. With FAULTS_TRACE in the environment it tells \
    what happens when; with FAULTS_KEEP a campaign that was not clean keeps its bus and folders for whoever looks into it.
    """,
  example: """
    laurel-faults --cycles 50 --seed 7
    laurel-faults --rows kill,frozen --cycles 200
    """,
  options: [
    Option("rows", placeholder: "NAMES", help: "Only these rows, separated by commas"),
    Option("cycles", placeholder: "N", kind: .integer(1...100_000), help: "How often each fault falls", defaultValue: "10"),
    Option(
      "seed", placeholder: "N", kind: .integer(0...1_000_000_000), help: "Of the histories and of the faults' choices",
      defaultValue: "1"),
    Option(
      "payments", placeholder: "N", kind: .integer(1...1_000_000), help: "Payments of each program in a cycle", defaultValue: "40"
    ),
    Option("list", help: "List the rows and stop"),
  ])

let invocation = command.parseOrExit()
if invocation.flag("list") {
  for row in FaultTable.rows { print(row.name + String(repeating: " ", count: max(1, 16 - row.name.count)) + row.what) }
  exit(0)
}
let wanted = invocation.optionalText("rows")?.split(separator: ",").map(String.init)
let unknown = (wanted ?? []).filter { name in !FaultTable.rows.contains { $0.name == name } }
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
output.line("seed \(plan.seed), two instances of every service; one broker, if the row does not say otherwise")
output.line(FaultTable.heading)
var isClean = true
for row in FaultTable.rows where wanted?.contains(row.name) ?? true {
  do {
    let result = try row.run(plan)
    output.line(FaultTable.line(row, result))
    for violation in result.violations { output.line("  ! \(violation)") }
    if result.cycles == 0 { output.line("  ! nothing was shown") }
    isClean = isClean && result.violations.isEmpty && result.cycles > 0
  } catch {
    output.line("\(row.name): \(error)")
    isClean = false
  }
}
exit(isClean ? 0 : 1)
