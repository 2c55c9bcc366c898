import Foundation
import TestSupport
import Testing

/// The command as a program, on the embedded bus and on real Kafka.
@Suite(.serialized) struct ProgramTests {
  @Test func demoEndsWithTheRightFigures() throws {
    let folder = try Folder()
    let demo = try ServiceProcess(
      "laurel", name: "demo", arguments: ["demo", "--terms", Example.terms, "--events", Example.demo], folder: folder.url)
    #expect(demo.ending(within: .seconds(120)) == .status(0), "\(demo.log)")
    #expect(demo.log.contains("All figures are right"))
    #expect(!demo.log.contains("\u{1B}"), "a file gets no colours")
  }

  /// Compares notice by notice, including the envelope.
  @Test(arguments: ["a6-spend", "c9-c10-withdrawal"])
  func aFileInOrderMeansOnTheEmbeddedBusWhatItMeansInTheSimulation(_ name: String) throws {
    try sameAsSimulated(name, ["dev"], prefix: "")
  }

  @Test(
    .enabled(if: KafkaBroker.runsTests, Comment(rawValue: KafkaBroker.skipReason)), arguments: ["b7-next-invoice", "c5-60-40-10"])
  func aFileInOrderMeansOnKafkaWithTwoInstancesWhatItMeansInTheSimulation(_ name: String) throws {
    let prefix = uniqueName("command") + "."
    let bootstrap = try KafkaBroker.forTest().bootstrap
    try sameAsSimulated(name, ["dev", "--bootstrap", bootstrap, "--topic-prefix", prefix, "--instances", "2"], prefix: prefix)
  }

  /// Explaining from a bus gives the same text as explaining from its events, and the balance equals the one in the state folder.
  @Test func aBusIsExplainedLikeItsEvents() throws {
    let folder = try Folder()
    let state = folder.url.appending(path: "state").path
    let dev = try ServiceProcess(
      "laurel", name: "dev", arguments: ["dev", "--terms", Example.terms, "--state", state], folder: folder.url)
    let ready = waitUntil(.seconds(60)) { dev.log.contains("All services are ready") || !dev.isRunning }
    try #require(ready, "\(dev.log)")
    let bus = ["--bootstrap", String(try #require(dev.log.firstMatch(of: /--bootstrap (\S+)/)?.output.1, "\(dev.log)"))]
    func said(_ arguments: [String]) throws -> String {
      let process = try ServiceProcess("laurel", name: uniqueName("laurel"), arguments: arguments, folder: folder.url)
      #expect(process.ending(within: .seconds(120)) == .status(0), "\(arguments): \(process.log.suffix(1000))")
      return process.log
    }
    let until = "2026-03-31T00:00:00Z"
    let events = "\(Example.demo)/cash.jsonl"
    _ = try said(["publish", events, "--in-order", "--until", until] + bus)
    for subject in [["payment", "h1"], ["withdrawal", "w1"], ["referral", "taras"]] {
      let fromEvents = try said(["explain"] + subject + ["--terms", Example.terms, "--events", events, "--until", until])
      #expect(try said(["explain"] + subject + ["--terms", Example.terms] + bus) == fromEvents)
      #expect(try said(["explain"] + subject + bus).contains("→ "))
    }
    let balance = try said(["balance", "olena"] + bus)
    #expect(balance.contains("last notices") && balance.contains("no open withdrawal"), "\(balance)")
    let json = try said(["balance", "olena", "--json"] + bus)
    let line = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    #expect(line["paid"] as? Int == 1010 && line["available"] as? Int == 0 && line["program"] as? String == "cash", "\(json)")
    #expect((line["notices"] as? [[String: Any]])?.count == 5, "\(json)")
    let places = balance.split(separator: "\n").prefix(8)
    #expect(try said(["balance", "olena", "--state", state]).split(separator: "\n").prefix(8) == places)
    #expect(dev.stop() == .status(0))
  }

  private func sameAsSimulated(_ name: String, _ arguments: [String], prefix: String) throws {
    let folder = try Folder()
    let events = Example.examples.appending(path: "\(name).jsonl").path
    let until = try self.until(name).map { ["--until", $0] } ?? []
    let dev = try ServiceProcess("laurel", name: "dev", arguments: arguments + ["--terms", Example.terms], folder: folder.url)
    let ready = waitUntil(.seconds(60)) { dev.log.contains("All services are ready") || !dev.isRunning }
    try #require(ready, "\(dev.log)")
    let bootstrap = try #require(dev.log.firstMatch(of: /--bootstrap (\S+)/)?.output.1, "\(dev.log)")
    let bus = ["--bootstrap", String(bootstrap)] + (prefix.isEmpty ? [] : ["--topic-prefix", prefix])
    _ = try output(of: ["publish", events, "--in-order"] + until + bus, folder)
    try #require(dev.isRunning, "\(dev.log)")
    let reported = try output(of: ["tail", "--json", "--from-beginning", "--until-quiet", "1"] + bus, folder)
    let simulated = try output(of: ["simulate", "--terms", Example.terms, "--events", events] + until, folder)
    #expect(!simulated.isEmpty)
    #expect(reported.sorted() == simulated.sorted())
    #expect(dev.stop() == .status(0))
    #expect(dev.log.contains("accrual-1") && !dev.log.contains("\u{1B}"))
  }

  /// Only the lines of standard output that are events, because the process writes both streams into one file.
  private func output(of arguments: [String], _ folder: Folder) throws -> [String] {
    let process = try ServiceProcess("laurel", name: uniqueName("laurel"), arguments: arguments, folder: folder.url)
    #expect(process.ending(within: .seconds(120)) == .status(0), "\(process.log.suffix(1000))")
    return process.log.split(separator: "\n").map(String.init).filter { $0.hasPrefix("{") }
  }

  private func until(_ name: String) throws -> String? {
    let data = try Data(contentsOf: Example.examples.appending(path: "until.json"))
    return (try JSONSerialization.jsonObject(with: data) as? [String: Any])?[name] as? String
  }

  @Test(arguments: [
    (["simulat"], "did you mean 'simulate'?"), (["topics", "crate"], "did you mean 'create'?"),
    (["tail", "rewads", "--bootstrap", "127.0.0.1:1"], "did you mean 'rewards'?"),
    (["clock", "advance", "2weeks", "--bootstrap", "127.0.0.1:1"], "14d"),
    (["simulate", "--events", "-", "--terms", ".", "--until", "tomorrow"], "2026-01-28"),
    (["publish", "--bootstrap", "127.0.0.1:1"], "operand FILE is missing"),
    (["explain", "paymet"], "did you mean 'payment'?"),
    (["balance", "acme"], "one of --bootstrap HOST:PORT and --state DIR is needed"),
    (["explain", "payment", "p1"], "one of --events FILE and --bootstrap HOST:PORT is needed"),
    (["explain", "payment", "p1", "--events", "-"], "--terms DIR is needed with --events"),
    (["terms", "check", "--at", "soon", "."], "2026-01-28"),
    (["dead-letters", "show", "acrual/2/17", "--bootstrap", "127.0.0.1:1"], "did you mean 'accrual/2/17'?"),
    (["dead-letters", "replay", "--bootstrap", "127.0.0.1:1"], "IDs, --reason REASON or --all-open"),
    (["dead-letters", "list", "--reason", "unknown-programme", "--bootstrap", "127.0.0.1:1"], "did you mean 'unknown-program'?"),
    (["verify", "--bootstrap", "127.0.0.1:1", "--group", "g"], "--group goes with one --service"),
    (["withdrawals", "approve", "w1", "--operator", "m", "--bootstrap", "127.0.0.1:1"], "there is no terminal to ask at"),
    (["correct", "a", "--amount", "-1.00", "--reason", "x", "--bootstrap", "127.0.0.1:1"], "--operator NAME is needed"),
    (["payouts", "settle", "--yes", "--bootstrap", "127.0.0.1:1"], "either PAYOUT or --file FILE"),
  ])
  func misuseIsExplained(_ example: (arguments: [String], says: String)) throws {
    let folder = try Folder()
    let process = try ServiceProcess("laurel", name: "laurel", arguments: example.arguments, folder: folder.url)
    #expect(process.ending(within: .seconds(20)) == .status(2), "\(process.log)")
    #expect(process.log.contains(example.says), "\(process.log)")
  }

  /// Pipelines depend on exit codes.
  @Test(
    arguments: [
      (["terms", "check", Example.terms], 0, "Worth a second look"),
      (["terms", "check", Example.terms, "--strict", "--quiet"], 1, "attribution.parameter: warning: is a name that sites use"),
      (
        [
          "terms", "check", Example.repository.appending(path: "Tests/Scenarios/Examples/a1-code-pattern.terms").path, "--strict",
          "--quiet",
        ], 0, "note: "
      ),
      (["terms", "check", "no/such/file.yaml"], 1, "no/such/file.yaml: no such file or directory"),
      (
        ["explain", "payment", "p1", "--terms", Example.terms, "--events", "\(Example.demo)/bonus.jsonl"], 0,
        "× 10 % = 40,500.00 KZT"
      ),
      (
        ["explain", "payment", "p9", "--terms", Example.terms, "--events", "\(Example.demo)/bonus.jsonl"], 1, "did you mean 'p1'?"
      ),
      (["balance", "acme", "--state", Example.demo], 1, "holds no service's state"),
    ] as [([String], Int32, String)])
  func answersAndSaysHowItWent(_ arguments: [String], _ status: Int32, _ says: String) throws {
    let folder = try Folder()
    let process = try ServiceProcess("laurel", name: "laurel", arguments: arguments, folder: folder.url)
    #expect(process.ending(within: .seconds(30)) == .status(status), "\(process.log)")
    #expect(process.log.contains(says), "\(process.log)")
  }

  @Test func strictWarningsFail() throws {
    let folder = try Folder()
    let file = folder.url.appending(path: "p.yaml")
    try TermsWordsTests.sound.replacing("rate: 10%", with: "rate: 0%").write(to: file, atomically: true, encoding: .utf8)
    for (flags, status) in [([], 0), (["--strict"], 1)] as [([String], Int32)] {
      let process = try ServiceProcess(
        "laurel", name: uniqueName("laurel"), arguments: ["terms", "check", file.path, "--at", "2026-05-01"] + flags,
        folder: folder.url)
      #expect(process.ending(within: .seconds(30)) == .status(status), "\(process.log)")
      #expect(process.log.contains("reward.rate: warning: is 0 %"), "\(process.log)")
    }
  }

  @Test func aBacktestNamesWhoseTermsAreWrong() throws {
    let folder = try Folder()
    let wrong = folder.url.appending(path: "wrong", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: wrong, withIntermediateDirectories: true)
    try Data("program: bonus\n".utf8).write(to: wrong.appending(path: "bonus.yaml"))
    let process = try ServiceProcess(
      "laurel", name: "laurel",
      arguments: ["backtest", "--terms", Example.terms, "--against", wrong.path, "--events", "\(Example.demo)/bonus.jsonl"],
      folder: folder.url)
    #expect(process.ending(within: .seconds(20)) == .status(1))
    #expect(
      process.log.contains("--against (\(wrong.path)) cannot be used") && process.log.contains("bonus.yaml:1"), "\(process.log)")
    #expect(!process.log.contains("--terms ("))
  }

  @Test(arguments: [
    "demo", "simulate", "backtest", "dev", "publish", "tail", "clock", "clock advance", "topics", "topics create",
    "topics manifests", "health", "terms",
    "terms check",
    "dead-letters", "dead-letters list", "dead-letters show", "dead-letters replay", "dead-letters close",
    "explain", "balance",
    "explain payment", "explain referral", "explain company", "explain withdrawal",
    "verify",
  ])
  func helpTeachesWithAnExample(_ command: String) throws {
    let folder = try Folder()
    let process = try ServiceProcess(
      "laurel", name: "laurel", arguments: command.split(separator: " ").map(String.init) + ["--help"], folder: folder.url)
    #expect(process.ending(within: .seconds(20)) == .status(0))
    #expect(process.log.contains("Example:\n") && process.log.contains("  laurel \(command)"), "\(process.log)")
  }
}

/// A temporary folder that is removed with its owner.
final class Folder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: uniqueName("laurel-command"), directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}
