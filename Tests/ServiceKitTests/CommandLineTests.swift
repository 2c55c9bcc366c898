import Testing

@testable import ServiceKit

/// A small command tree like Laurel's.
let laurel = Command(
  "laurel", summary: "Run and operate Laurel",
  options: Option.common + [
    Option("bootstrap", placeholder: "HOST:PORT,…", help: "Brokers to connect to", defaultValue: "localhost:9092"),
    Option(
      "kafka", placeholder: "KEY=VALUE", kind: .keyValue, help: "Any librdkafka property, such as security.protocol=ssl",
      repeatable: true),
  ],
  subcommands: [
    Command(
      "publish", summary: "Publish the events of a file",
      discussion: "Each line is one CloudEvent. A malformed line is reported with its number, and the rest goes on.",
      example: "laurel publish ops/demo/bonus.jsonl\n# from another program\ngenerate | laurel publish -",
      options: [
        Option("in-order", help: "Wait until everything an event caused has been processed"),
        Option(
          "batch-records", placeholder: "N", kind: .integer(1...10000), help: "Events per batch",
          defaultValue: "100"),
        Option("tag", placeholder: "WORD", help: "Put WORD on every event", repeatable: true),
      ],
      operands: [
        Operand("FILE", help: "JSONL, or - for standard input"),
        Operand("MORE", help: "Further files", required: false, repeatable: true),
      ]),
    Command(
      "topics", summary: "Create and list topics",
      subcommands: [
        Command("create", summary: "Create what is missing"),
        Command("list", summary: "List them", options: [Option("json", help: "One JSON object per line")]),
      ]),
    Command(
      "simulate", summary: "Run without a bus",
      options: [
        Option("terms", placeholder: "DIR", help: "Programs", required: true),
        Option(
          "until", placeholder: "INSTANT", kind: .checked(expected: "an instant") { $0.hasSuffix("Z") },
          help: "Move the clock there"),
      ]),
  ], version: "0.1.0")

func run(_ line: String, environment: [String: String] = [:], alsoKnown: Set<String> = []) throws -> Invocation {
  let parsed = try laurel.parse(line.split(separator: " ").map(String.init), environment: environment, alsoKnown: alsoKnown)
  guard case .run(let invocation) = parsed else { throw UsageError(command: "", problems: ["expected a run, got help"]) }
  return invocation
}

func problems(_ line: String, environment: [String: String] = [:], alsoKnown: Set<String> = []) -> [String] {
  do {
    _ = try run(line, environment: environment, alsoKnown: alsoKnown)
    return []
  } catch let error as UsageError {
    return error.problems
  } catch {
    return ["\(error)"]
  }
}

@Suite struct CommandLineTests {
  @Test(arguments: [
    ("publish f --batch-records 5", 5), ("publish --batch-records=5 f", 5), ("publish f", 100),
    ("publish --batch-records 1 f --batch-records 7", 7),
  ])
  func aValueIsTakenHoweverItIsWritten(line: String, expected: Int) throws {
    let invocation = try run(line)
    #expect(invocation.path == ["publish"])
    #expect(invocation.operands == ["f"])
    #expect(invocation.integer("batch-records") == expected)
  }

  @Test func flagsOperandsAndListsInAnyOrder() throws {
    let invocation = try run("--bootstrap a:1 publish --tag x - --in-order --tag=y -- --tag -h")
    #expect(invocation.operands == ["-", "--tag", "-h"])
    #expect(invocation.list("tag") == ["x", "y"])
    #expect(invocation.flag("in-order"))
    #expect(invocation.text("bootstrap") == "a:1")
  }

  @Test func flagsMayBeTakenBack() throws {
    #expect(try run("publish f --in-order --in-order=no").flag("in-order") == false)
  }

  @Test func optionsOfTheRootStandAfterItsSubcommandsToo() throws {
    let invocation = try run("topics list --json --bootstrap b:2")
    #expect(invocation.path == ["topics", "list"])
    #expect(invocation.text("bootstrap") == "b:2")
    #expect(invocation.flag("json"))
    #expect(try run("topics list").optionalText("config") == nil)
  }

  @Test func valuesOfKeysMayContainEqualsSigns() throws {
    #expect(try run("topics list --kafka sasl.password=a=b").pairs("kafka") == ["sasl.password": "a=b"])
  }

  @Test(arguments: [
    ("topics list --bootstap x:1", "unknown option '--bootstap'; did you mean '--bootstrap'?"),
    ("topics list --bootstap=x:1", "unknown option '--bootstap'; did you mean '--bootstrap'?"),
    ("publish f -in-order", "unknown option '-in-order'; did you mean '--in-order'?"),
    ("publish f --ni-order", "unknown option '--ni-order'; did you mean '--in-order'?"),
    ("topics list --zzzzzz", "unknown option '--zzzzzz'"),
    ("topics list -z", "unknown option '-z'"),
    ("pubish f", "unknown command 'pubish'; did you mean 'publish'?"),
    ("sim --terms x", "unknown command 'sim'; did you mean 'simulate'?"),
    ("topics crate", "unknown command 'crate'; did you mean 'create'?"),
    ("topics destroy", "unknown command 'destroy'; the commands are create, list"),
    ("topics", "a command is missing; the commands are create, list"),
    ("topics list extra", "unexpected operand 'extra'"),
    ("publish", "operand FILE is missing"),
    ("publish f --batch-records", "option '--batch-records' needs a value: --batch-records N"),
    ("publish f --batch-records 0", "'--batch-records' must be a whole number from 1 to 10000, not '0'"),
    ("publish f --batch-records 1e3", "'--batch-records' must be a whole number from 1 to 10000, not '1e3'"),
    (
      "publish f --batch-records 99999999999999999999",
      "'--batch-records' must be a whole number from 1 to 10000, not '99999999999999999999'"
    ),
    ("publish f --in-order=maybe", "'--in-order' must be true or false, not 'maybe'"),
    ("publish f --bootstrap=", "'--bootstrap' must not be empty"),
    ("publish f --kafka secret", "'--kafka' must be KEY=VALUE"),
    (
      "publish f --log-level wraning",
      "'--log-level' must be one of debug, info, notice, warning, error, not 'wraning'; did you mean 'warning'?"
    ),
    ("simulate", "--terms DIR is needed (or LAUREL_TERMS in the environment)"),
    ("simulate --terms d --until noon", "'--until' must be an instant, not 'noon'"),
  ])
  func whatIsWrongIsNamed(line: String, problem: String) {
    #expect(problems(line) == [problem])
  }

  @Test func allProblemsAreListedAtOnce() {
    let error = #expect(throws: UsageError.self) { try run("publish --bootstap x f --batch-records many --log-format xml") }
    #expect(
      error?.description == """
        laurel: unknown option '--bootstap'; did you mean '--bootstrap'?
        laurel: '--log-format' must be one of text, json, auto, not 'xml'
        laurel: '--batch-records' must be a whole number from 1 to 10000, not 'many'
        Try 'laurel publish --help' for more information.
        """)
    #expect(UsageError.exitCode == 2)
  }
}

@Suite struct HelpTextTests {
  private func answer(_ line: String) throws -> String {
    guard case .answer(let text) = try laurel.parse(line.split(separator: " ").map(String.init), environment: [:]) else {
      return ""
    }
    return text
  }

  @Test(arguments: ["publish --help", "publish -h", "publish --nonsense --help", "help publish"])
  func helpOfACommand(line: String) throws {
    #expect(
      try answer(line) == """
        Usage: laurel publish [OPTION]... FILE [MORE...]

        Publish the events of a file.

        Each line is one CloudEvent. A malformed line is reported with its number, and
        the rest goes on.

        Example:
          laurel publish ops/demo/bonus.jsonl
          # from another program
          generate | laurel publish -

        Operands:
          FILE  JSONL, or - for standard input
          MORE  Further files

        Options:
              --in-order         Wait until everything an event caused has been
                                 processed
              --batch-records N  Events per batch (default 100)
              --tag WORD         Put WORD on every event (repeatable)
          -h, --help             Print this help and exit

        Options of every command:
              --config FILE        Read settings from FILE, lines of 'name = value'
              --log-level LEVEL    Minimum log level: debug, info, notice, warning or
                                   error (default info)
              --log-format FORMAT  Log as text, json, or auto: text on a terminal and
                                   JSON elsewhere (default auto)
              --bootstrap HOST:PORT,…
                                   Brokers to connect to (default localhost:9092)
              --kafka KEY=VALUE    Any librdkafka property, such as
                                   security.protocol=ssl (repeatable)

        """)
  }

  @Test func helpOfTheProgramListsItsCommands() throws {
    let text = try answer("--help")
    #expect(text.hasPrefix("Usage: laurel [OPTION]... COMMAND [ARGUMENT]...\n\nRun and operate Laurel.\n"))
    #expect(text.contains("\nCommands:\n  publish   Publish the events of a file\n  topics    Create and list topics\n"))
    #expect(text.contains("      --version "))
    #expect(text.hasSuffix("Run 'laurel COMMAND --help' for more about a command.\n"))
  }

  @Test func noLineIsWiderThanTheTerminal() throws {
    for line in ["--help", "publish --help", "topics --help", "topics list --help", "simulate --help"] {
      for row in try answer(line).split(separator: "\n") { #expect(row.count <= 80, "\(row)") }
    }
  }

  @Test func theVersion() throws {
    #expect(try answer("--version") == "laurel 0.1.0\n")
  }
}
