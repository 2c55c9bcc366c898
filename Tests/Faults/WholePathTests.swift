import Contracts
import FaultBench
import Foundation
import JSON
import Kafka
import ScenarioFiles
import TestSupport
import Testing

/// Runs the three programs' main paths, every worked example of the contract and a dozen of the rows' cases through two instances of each
/// service, and compares them with the simulation and with the expected text.
///
/// One deployment serves all of them: each example and case is a separate program with the terms of its program.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct WholePathTests {
  /// By then everything that the examples start is finished.
  private static let until = "2026-06-01T00:00:00Z"

  @Test func theBusSaysWhatTheSimulationSaysAndWhatIsWritten() throws {
    let examples = try BusExample.examples()
    let cases = try BusExample.scenarios()
    try #require(examples.count == 37 && cases.count >= 12)
    try Installation.run { installation in
      let events = installation.folder.appending(path: "events.jsonl")
      let expected = installation.folder.appending(path: "expected.jsonl")
      let terms = installation.folder.appending(path: "terms", directoryHint: .isDirectory)
      try FileManager.default.copyItem(at: Installation.terms, to: terms)
      for example in examples + cases {
        try example.terms.write(to: terms.appending(path: "\(example.program).yaml"), atomically: true, encoding: .utf8)
      }
      try inOrder(demonstration() + (examples + cases).map(\.events)).write(to: events, atomically: true, encoding: .utf8)
      let laurel = try BuiltProgram.url("laurel").path
      try runScript(
        #"exec "$1" simulate --terms "$2" --events "$3" --until "$4" > "$5""#,
        [laurel, terms.path, events.path, Self.until, expected.path], in: installation.folder)

      for service in ServiceName.allCases {
        for number in 1...2 { try installation.start(service, number, terms: terms) }
      }
      try installation.waitReady()
      try runScript(
        #"exec "$1" publish "$2" --in-order --yes --until "$3" --bootstrap "$4" --topic-prefix "$5""#,
        [laurel, events.path, Self.until, installation.configuration.bootstrap, installation.prefix], in: installation.folder)
      try installation.stopAll()

      let simulated = try String(contentsOf: expected, encoding: .utf8).split(separator: "\n").map(String.init).sorted()
      try #require(simulated.count > 300)
      let said = try notices(installation)
      let missing = Set(simulated).subtracting(said)
      let strange = Set(said).subtracting(simulated)
      try #require(
        said == simulated,
        """
        \(said.count) notices instead of \(simulated.count)
        missing:
        \(missing.sorted().prefix(5).joined(separator: "\n"))
        unasked:
        \(strange.sorted().prefix(5).joined(separator: "\n"))
        """)
      for example in examples + cases {
        let differences = try example.differences(from: said)
        #expect(differences.isEmpty, "\(example.program)\n\(differences.joined(separator: "\n"))")
      }
    }
  }

  /// The demo's files.
  private func demonstration() throws -> [[String]] {
    let folder = Installation.root.appending(path: "ops/demo", directoryHint: .isDirectory)
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "jsonl" }.sorted { $0.path < $1.path }
    try #require(files.count == 4)
    return try files.map { try String(contentsOf: $0, encoding: .utf8).split(separator: "\n").map(String.init) }
  }

  /// Merges all files by time. Each keeps its own order, even where an event arrives late.
  private func inOrder(_ files: [[String]]) throws -> String {
    let parser = JSONParser()
    let timed = try files.flatMap { lines in
      var clock = Instant(milliseconds: 0)
      return try lines.map { line in
        // An event without a time keeps its place.
        if let time = try Envelope.structured(Array(line.utf8), parser: parser).envelope.time { clock = max(clock, time) }
        return (line, clock)
      }
    }
    return timed.enumerated().sorted { ($0.element.1, $0.offset) < ($1.element.1, $1.offset) }
      .map { $0.element.0 + "\n" }.joined()
  }

  /// All notices on the bus, as lines of an event file.
  private func notices(_ installation: Installation) throws -> [String] {
    let parser = JSONParser()
    return try installation.records([.referrals, .rewards, .discounts, .payouts]).map { record in
      let headers = record.headers.compactMap { header in header.value.map { (header.name, $0) } }
      let (envelope, data) = try Envelope.record(headers: headers, value: record.value ?? [], parser: parser)
      return String(decoding: envelope.structuredText(data: data), as: UTF8.self)
    }.sorted()
  }
}
