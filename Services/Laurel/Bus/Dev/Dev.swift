import CommandKit
import Contracts
import ServiceKit

/// `laurel dev`: runs everything on this machine, to try it out.
package enum Dev {
  package static let command = Command(
    "dev", summary: "Run all services here, on a bus in memory or a real one",
    discussion: """
      Without --bootstrap the bus is embedded: librdkafka's mock cluster, in this process. It needs no installation, and its \
      content is lost at the end. It keeps at most 5 MiB per partition and shows aborted transactions, so it is only for a first \
      look and proves nothing about exactly-once. With --bootstrap the bus is a real Kafka; missing topics are created.

      The services follow a virtual clock. 'laurel clock advance' and 'laurel publish --in-order' move it. Ctrl-C stops everything.
      """,
    example: """
      laurel dev
      # two instances of each service on a real broker; the state is kept
      laurel dev --bootstrap localhost:9092 --instances 2 --state /tmp/laurel
      """,
    options: Bus.optionalConnection + [
      Option("terms", placeholder: "DIR", help: "Folder with the programs' terms (*.yaml)", defaultValue: "ops/terms"),
      Option("state", placeholder: "DIR", help: "Folder for the state stores; a temporary one if absent"),
      Option(
        "partitions", placeholder: "N", kind: .integer(1...64), help: "Partitions of new topics", defaultValue: "4"),
      Option("instances", placeholder: "N", kind: .integer(1...8), help: "Instances of each service", defaultValue: "1"),
      Option(
        "commit-ms", placeholder: "MS", kind: .integer(1...5000), help: "Maximum time to gather a batch",
        defaultValue: "20"),
      Option(
        "start", placeholder: "INSTANT", kind: .instant, help: "Start of the virtual clock on a bus that has none",
        defaultValue: Playground.clockStart),
      Option(
        "pages", placeholder: "ADDRESS", help: "Address of the account pages; with port 0 the kernel chooses one",
        defaultValue: "127.0.0.1:0"),
      .logLevel,
    ], run: run)

  private static func run(_ invocation: Invocation) throws -> Int32 {
    Shutdown.install()
    let output = LineSink.standardOutput
    let coloured = Terminal.coloured(output.descriptor, environment: environment)
    let playground = try Playground(
      real: Bus(of: invocation), terms: invocation.text("terms"), state: invocation.optionalText("state"),
      partitions: Int32(invocation.integer("partitions")), instances: invocation.integer("instances"),
      commitMilliseconds: invocation.integer("commit-ms"), clockStart: invocation.instant("start") ?? Instant.range.lowerBound,
      logLevel: LogLevel(name: invocation.text(Option.logLevel.name)) ?? .info, coloured: coloured,
      pages: invocation.text("pages"),
      print: { LineSink.standardOutput.line($0) })
    defer { playground.stop() }
    let bus = playground.bus
    output.line(
      playground.isEmbedded
        ? "laurel dev: embedded bus at \(bus.bootstrap), in memory. It is for a first look and proves nothing about exactly-once"
        : "laurel dev: Kafka at \(bus.bootstrap)")
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
        The account pages, for any account: \(playground.fleet.pages ?? "")
        Ctrl-C stops everything.

        """, if: coloured))
    while !Shutdown.wait(upTo: .milliseconds(200)) { try playground.fleet.requireAll(", so all others are stopped") }
    output.line("laurel dev: stopping")
    return 0
  }
}
