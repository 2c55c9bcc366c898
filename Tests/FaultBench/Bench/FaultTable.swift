import Foundation
import TestSupport

/// The bench's rows, in the order of the table.
package enum FaultTable {
  package static let rows: [FaultRow] =
    [
      FaultRow("none", "nothing happens") { NoFault() },
      FaultRow("kill", "kill -9 of an instance at a random moment; it starts again") { RandomKill() },
      FaultRow("crash-points", "an instance ends at a named point of its loop", smokeCycles: 9) { CrashPoint() },
      FaultRow("takeover", "kill -9 of an instance for good, between transactions: another takes over", smokeCycles: 2) {
        Takeover()
      },
      FaultRow("takeover-open", "the same in the middle of a transaction, which the other one ends", smokeCycles: 2) {
        OpenTakeover()
      },
      FaultRow("frozen", "SIGSTOP beyond the session, then SIGCONT", smokeCycles: 2) { Frozen() },
      FaultRow("standby", "storm, takeover and takeover-open with --standby", smokeCycles: 3) {
        WithStandby(Mixed([Storm(), Takeover(), OpenTakeover()]))
      },
      FaultRow("storm", "join and leave: 1, 4, 1 instances") { Storm() },
      FaultRow(
        "state-folder", "kill -9, and the state folder is lost, cut, damaged, old or another's", smokeCycles: 4
      ) { StateFolderDamage() },
      CompactedChangelog.row,
      DiskFull.row,
      FaultRow("io-error", "writes to the state's files fail with EIO for seconds (strace)", smokeCycles: 1) { WritesFail() },
      FaultRow(
        "broker", "kill -9 of the only broker, at rest and under load, which stays away for up to 60 s", smokeCycles: 2,
        run: { try BrokerKill.run($0) }),
      FaultRow(
        "brokers", "kill -9 of one or two of three brokers, which stay away for up to 60 s", smokeCycles: 1,
        run: { try ClusterKill.run($0) }),
      FaultRow("repair", "messages hidden as Kafka does; detected and repaired", smokeCycles: 2) { RepairDrill() },
      FaultRow(
        "network", "a proxy cuts, slows, blocks one way, holds and repeats EndTxn", smokeCycles: 2,
        run: { try BadNetwork.run($0) }),
      FaultRow(
        "errors", "every error class on every call, injected by the mock bus", smokeCycles: 2,
        run: { try BrokerErrors.run($0) }),
      FaultRow("input", "10 to 50 % duplicates, garbage, oversized, strays; reordered") { BadInput() },
      ClockCampaign.row,
      FaultRow("provider", "a provider that times out, answers twice and contradicts itself; its adapter dies; kill -9") {
        FaultyProvider()
      },
    ] + PlantedBug.all.map(\.row)

  /// A short run: most rows in one campaign on the shared broker, each other row in its own campaign.
  package static let smoke: [FaultRow] =
    [
      FaultRow("processes", "kill, crash points, take-over, freeze, storm, bad input", smokeCycles: 9) {
        Mixed([
          RandomKill(), CrashPoint(), BadInput(), Takeover(), CrashPoint(), Frozen(), Storm(), CrashPoint(), OpenTakeover(),
        ])
      }
    ] + rows.filter { own.contains($0.name) } + [PlantedBug.together]

  /// Rows that cannot share a campaign. `bug:noGuard` is left to `make faults`: it needs a random moment, so a short run may miss it.
  private static let own = [
    "state-folder", "standby", "compaction", "repair", "broker", "brokers", "network", "errors", "disk-full", "io-error", "clock",
    "provider", "bug:noFence",
  ]

  package static let heading = line("FAULT", "CYCLES", "EVENTS", "VIOLATIONS", "P50 s", "P99 s", "SECONDS")

  package static func line(_ row: FaultRow, _ result: FaultResult) -> String {
    func seconds(_ value: Double?) -> String { value.map { String(format: "%.1f", $0) } ?? "–" }
    return line(
      row.name, "\(result.cycles)", "\(result.events)", "\(result.violations.count)", seconds(result.recovery(0.5)),
      seconds(result.recovery(0.99)), String(format: "%.0f", result.seconds)) + (result.remark.map { "  \($0)" } ?? "")
  }

  private static func line(_ cells: String...) -> String {
    cells.enumerated().map { index, cell in
      let space = String(repeating: " ", count: max(0, (index == 0 ? 16 : 11) - cell.count))
      return index == 0 ? cell + space : space + cell
    }.joined()
  }
}
