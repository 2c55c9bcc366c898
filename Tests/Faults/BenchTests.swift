import FaultBench
import Foundation
import TestSupport
import Testing

/// A short run of every row of the faults bench. `make faults` runs them for longer. They mostly wait, so they run in parallel.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct BenchTests {
  @Test(arguments: FaultTable.smoke)
  func nothingIsLostDoubledOrWrong(_ row: FaultRow) throws {
    let seed = ProcessInfo.processInfo.environment["LAUREL_FAULT_SEED"].flatMap { UInt64($0) } ?? 1
    let result = try row.run(FaultPlan(cycles: row.smokeCycles, seed: seed))
    print(FaultTable.line(row, result))
    #expect(result.violations.isEmpty, "\(row.name), seed \(seed)\n\(result.violations.joined(separator: "\n"))")
  }
}
