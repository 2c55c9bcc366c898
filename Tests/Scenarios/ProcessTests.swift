import Contracts
import Foundation
import ScenarioFiles
import TestSupport
import Testing

/// The same file gives the same bytes in every process, although Swift seeds the order of dictionaries per process, and each process has
/// another time zone and language.
@Suite struct ProcessTests {
  static let zones = [
    "UTC", "Europe/Kyiv", "America/New_York", "Pacific/Apia", "Asia/Kathmandu", "America/Sao_Paulo", "Africa/Cairo",
    "Pacific/Kiritimati", "Pacific/Marquesas", "Australia/Lord_Howe",
  ]
  static let languages = ["C", "de_DE.UTF-8", "tr_TR.UTF-8"]

  @Test func twentyProcessesSayTheSame() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: uniqueName("processes"), directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Runs in a zone of the terms must not depend on the machine's zone.
    let terms = folder.appending(path: "terms", directoryHint: .isDirectory)
    try FileManager.default.copyItem(at: Examples.terms, to: terms)
    let tiers = terms.appending(path: "tiers.yaml")
    let text = try String(contentsOf: tiers, encoding: .utf8)
    try #require(text.contains("zone: UTC"))
    try text.replacing("zone: UTC", with: "zone: Europe/Kyiv").write(to: tiers, atomically: true, encoding: .utf8)
    let histories = try (UInt64(1)...5).map { try History.make(program: "mixed", seed: $0) }
    let events = folder.appending(path: "events.jsonl")
    try (histories.flatMap(\.lines).joined(separator: "\n") + "\n").write(to: events, atomically: true, encoding: .utf8)
    let until = Instant(milliseconds: histories.map(\.until).max() ?? 0)

    var first: Data?
    for number in 0..<20 {
      let said = try simulate(
        events, terms, until, in: folder,
        ["TZ": Self.zones[number % Self.zones.count], "LC_ALL": Self.languages[number % Self.languages.count]])
      try #require(said.count > 10_000)
      #expect(said == first ?? said, "process \(number + 1)")
      first = first ?? said
    }
  }

  /// The process's standard output and standard error.
  private func simulate(
    _ events: URL, _ terms: URL, _ until: Instant, in folder: URL, _ environment: [String: String]
  ) throws -> Data {
    let output = folder.appending(path: "output")
    _ = FileManager.default.createFile(atPath: output.path, contents: nil)
    let handle = try FileHandle(forWritingTo: output)
    let process = Process()
    process.executableURL = try BuiltProgram.url("laurel")
    process.arguments = ["simulate", "--terms", terms.path, "--events", events.path, "--until", "\(until)"]
    // Without the switch that would give every process the same seed.
    process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "SWIFT_DETERMINISTIC_HASHING" }
      .merging(environment) { $1 }
    process.standardOutput = handle
    process.standardError = handle
    try process.start()
    process.waitUntilExit()
    try handle.close()
    try #require(process.terminationStatus == 0)
    return try Data(contentsOf: output)
  }
}
