import CommandKit
import Contracts
import Kafka
import ServiceKit
import Worker

/// `laurel clock`: the virtual clock of a bus.
package enum Clock {
  package static let command = Command(
    "clock", summary: "Show or move the bus's virtual clock",
    discussion: """
      For sandboxes. Services with --clock bus follow the system's time until the first tick on the topic 'clock'. From then on \
      they follow the ticks: at each tick, everything that is due by then happens, in order. Other services ignore ticks. 'laurel \
      dev' starts a sandbox; elsewhere 'laurel clock set INSTANT --yes' does. Without --yes, 'set' and 'advance' fail if the bus \
      has no virtual clock or a service does not follow it.
      """,
    example: """
      laurel clock set 2026-01-01 --yes --bootstrap localhost:9092
      laurel clock advance 14d --bootstrap localhost:9092
      """,
    subcommands: [
      Command(
        "show", summary: "Print the clock's time", example: "laurel clock show --bootstrap localhost:9092",
        options: Settings.connection),
      Command(
        "set", summary: "Move the clock forward to an instant",
        discussion: "On a bus without a virtual clock, --yes starts one. Services with --clock bus follow it from then on.",
        example: "laurel clock set 2026-01-28T00:00:00Z --bootstrap localhost:9092",
        options: Settings.connection + [BusClock.yes],
        operands: [Operand("INSTANT", help: "In UTC, such as 2026-01-28T00:00:00Z or 2026-01-28")]),
      Command(
        "advance", summary: "Move the clock forward by a span of time",
        example: "laurel clock advance 14d --bootstrap localhost:9092", options: Settings.connection + [BusClock.yes],
        operands: [Operand("SPAN", help: "A whole number and a unit: 14d, 36h, 90m, 30s")]),
    ], run: run)

  private static func run(_ invocation: Invocation) throws -> Int32 {
    let bus = Bus(invocation)
    let operand = invocation.operands.first ?? ""
    // Check the operand before connecting to the broker.
    var target: Instant?
    var span: TimeSpan?
    switch invocation.path.last {
    case "set":
      target = Instant(written: operand)
      guard target != nil else {
        throw invocation.misuse("INSTANT must be an instant in UTC such as 2026-01-28T00:00:00Z, not '\(operand)'")
      }
    case "advance":
      span = TimeSpan(operand)
      guard span != nil else {
        throw invocation.misuse("SPAN must be a whole number and a unit such as 14d or 36h, not '\(operand)'")
      }
    default: break
    }
    let clock = BusClock(bus: bus, partitions: try bus.partitions())
    if target != nil || span != nil { try clock.requireSandbox(confirmed: invocation.flag("yes")) }
    let now = try clock.now()
    if let span { target = (now ?? .now) + span }
    if let target {
      guard Instant.range.contains(target) else { throw CommandFailure("\(target) is out of range") }
      if let now, target < now { throw CommandFailure("the clock is at \(now) already and cannot move back") }
      try clock.move(to: target)
    }
    try ResultOutput().print([(target ?? now)?.description ?? "system time: this bus has no virtual clock"])
    return 0
  }
}
