import Contracts
import FaultBench
import Foundation
import Kafka
import TestSupport
import Testing

/// Settings that a service rejects at its start. No broker is needed.
@Suite struct SettingsTests {
  @Test(arguments: [
    (["--no-such-setting", "1"], "--no-such-setting"),
    (["--commit-ms", "soon"], "--commit-ms"),
    (["--commit-ms", "0"], "--commit-ms"),
    (["--batch-records", "many"], "--batch-records"),
    (["--threads", "0"], "--threads"),
    (["--input-wait-ms", "soon"], "--input-wait-ms"),
    (["--clock", "sundial"], "--clock"),
    (["--kafka", "no-equals-sign"], "--kafka"),
    (["--topic-prefix", "no spaces"], "--topic-prefix"),
  ])
  func wrongSettingIsRejectedByName(_ setting: (arguments: [String], name: String)) throws {
    let (ending, log) = try run(setting.arguments, terms: Installation.terms)
    #expect(ending == .status(2))
    #expect(log.contains(setting.name), "\(log)")
  }

  @Test func missingSettingIsRejectedByName() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = try ServiceProcess("accrual", name: "accrual", arguments: ["--bootstrap", "127.0.0.1:1"], folder: folder)
    #expect(process.ending(within: .seconds(20)) == .status(2))
    #expect(process.log.contains("--terms"), "\(process.log)")
  }

  @Test func unknownLibrdkafkaPropertyIsRejectedByName() throws {
    let (ending, log) = try run(["--kafka", "no.such.property=1"], terms: Installation.terms)
    #expect(ending == .status(1))
    #expect(log.contains("no.such.property"), "\(log)")
  }

  /// SCRAM fails against Kafka 4 with librdkafka before 2.6.1, in the same way as a wrong password.
  @Test func scramThatTheLibraryCannotDoIsReportedAtTheStartAndThePasswordNever() throws {
    let properties = [
      "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-256", "sasl.username": "accrual",
      "sasl.password": "my-s3cret",
    ]
    let caution = Configuration(bootstrap: "", properties: properties).caution
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = try ServiceProcess(
      "accrual", name: "accrual",
      arguments: [
        "--bootstrap", "127.0.0.1:1", "--terms", Installation.terms.path, "--state", folder.path, "--log-level", "debug",
      ]
        + properties.flatMap { ["--kafka", "\($0.key)=\($0.value)"] }, folder: folder)
    let waits = waitUntil(.seconds(20)) { process.log.contains("waiting for the broker") }
    try #require(waits, "\(process.log)")
    #expect(process.isRunning)
    let warned = process.lines.contains { $0["level"] as? String == "warning" && $0["message"] as? String == caution }
    #expect(warned == (caution != nil), "\(process.log)")
    #expect(!process.log.contains("my-s3cret"))
  }

  @Test func brokenTermsAreRejectedWithTheirPlace() throws {
    let terms = try folder()
    defer { try? FileManager.default.removeItem(at: terms) }
    let text = try String(contentsOf: Installation.terms.appending(path: "bonus.yaml"), encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let broken = try #require(lines.firstIndex { $0.contains("rate: 10%") })
    try text.replacing("rate: 10%", with: "rate: ten").write(
      to: terms.appending(path: "bonus.yaml"), atomically: true, encoding: .utf8)
    let (ending, log) = try run([], terms: terms)
    #expect(ending == .status(1))
    #expect(log.contains("bonus.yaml:\(broken + 1)"), "\(log)")
    #expect(log.contains("rate"), "\(log)")
  }

  private func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: uniqueName("laurel-settings"), directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  private func run(_ arguments: [String], terms: URL) throws -> (ServiceProcess.Ending, log: String) {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = try ServiceProcess(
      "accrual", name: "accrual",
      arguments: ["--bootstrap", "127.0.0.1:1", "--terms", terms.path, "--state", folder.path] + arguments, folder: folder)
    return (process.ending(within: .seconds(20)), process.log)
  }
}
