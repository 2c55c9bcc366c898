import CommandKit
import Contracts
import ServiceKit

/// `laurel dev`: everything on this machine, to try things out.
package enum Dev {
  package static let command = Command(
    "dev", summary: "Run all services here, on a bus in memory or a real one",
    discussion: """
      Without --bootstrap the bus is embedded: librdkafka's mock cluster, in this process. It needs nothing installed and forgets everything \
      at the end; it keeps at most 5 MiB per partition and shows aborted transactions, so it is for a first look and proves nothing about \
      exactly-once. With --bootstrap it is a real Kafka, on which missing topics are created.

      The services follow a virtual clock: 'laurel clock advance', or the events of 'laurel publish --in-order', move it. Ctrl-C stops all.
      """,
    example: """
      laurel dev
      # two instances of each service on a real broker, state kept
      laurel dev --bootstrap localhost:9092 --instances 2 --state /tmp/laurel
      """,
    options: Bus.optionalConnection + [
      Option("terms", placeholder: "DIR", help: "Folder with the programs' terms (*.yaml)", defaultValue: "ops/terms"),
      Option("state", placeholder: "DIR", help: "Folder for the state stores; a temporary one if absent"),
      Option(
        "partitions", placeholder: "N", kind: .integer(1...64), help: "Partitions of topics that are created", defaultValue: "4"),
      Option("instances", placeholder: "N", kind: .integer(1...8), help: "Instances of each service", defaultValue: "1"),
      Option(
        "commit-ms", placeholder: "MS", kind: .integer(1...5000), help: "Longest time that a batch gathers records",
        defaultValue: "20"),
      Option(
        "start", placeholder: "INSTANT", kind: .instant, help: "Where the clock starts on a bus without one",
        defaultValue: Playground.clockStart),
      Option(
        "pages", placeholder: "ADDRESS", help: "Where the account pages are served; port 0: the kernel chooses",
        defaultValue: "127.0.0.1:0"),
      .logLevel,
    ])

  package static func run(_ invocation: Invocation) throws -> Int32 {
    Shutdown.install()
    let output = LineSink.standardOutput
    let coloured = Terminal.coloured(output.descriptor, environment: environment)
    let playground = try Playground(
      real: Bus(invocation), terms: invocation.text("terms"), state: invocation.optionalText("state"),
      partitions: Int32(invocation.integer("partitions")), instances: invocation.integer("instances"),
      commitMilliseconds: invocation.integer("commit-ms"), clockStart: invocation.instant("start") ?? Instant.range.lowerBound,
      logLevel: LogLevel(name: invocation.text(Option.logLevel.name)) ?? .info, coloured: coloured,
      pages: invocation.text("pages"),
      print: { LineSink.standardOutput.line($0) })
    defer { playground.stop() }
    let bus = playground.bus
    output.line(
      playground.isEmbedded
        ? "laurel dev: an embedded bus at \(bus.bootstrap): in memory, for a first look; it proves nothing about exactly-once"
        : "laurel dev: on Kafka at \(bus.bootstrap)")
    do {
      try playground.fleet.start()
      try playground.fleet.waitUntilReady(within: .seconds(60))
    } catch is BusWatch.Interrupted {
      return 0
    }
    let connection = bus.flags
    output.line(
      Terminal.bold(
        """

        All services are ready. In another terminal, for example:
          laurel tail \(connection)
          laurel publish ops/demo/bonus.jsonl \(connection) --in-order
          laurel clock advance 14d \(connection)
        The account pages, as any account: \(playground.fleet.pages ?? "")
        Ctrl-C stops everything.

        """, if: coloured))
    while !Shutdown.wait(upTo: .milliseconds(200)) {
      if let ended = playground.fleet.ended {
        throw CommandFailure("\(ended.name) has ended (\(ended.exit.text)); all others are stopped")
      }
    }
    output.line("laurel dev: stopping")
    return 0
  }
}
