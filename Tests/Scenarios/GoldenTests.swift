import Contracts
import Deployment
import Foundation
import JSON
import Streaming
import Terms
import TermsFiles
import Testing

/// The worked examples of the contract, and what must be said about each, notice by notice.
@Suite struct GoldenTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
  static let terms = folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(
    path: "ops/terms")

  static let names: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".expected.jsonl") }.map { String($0.dropLast(".expected.jsonl".count)) }.sorted()
  }()

  @Test func thereAreExamples() { #expect(Self.names.count >= 14) }

  @Test(arguments: names)
  func saysWhatMustBeSaid(name: String) throws {
    let expected = try ComparedNotices(lines: Self.lines("\(name).expected.jsonl"))
    let actual = try ComparedNotices(lines: Self.simulated(name))
    let differences = actual.differences(from: expected)
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
  }

  /// The same file gives the same bytes.
  @Test(arguments: names)
  func saysItAgain(name: String) throws {
    #expect(try Self.simulated(name) == Self.simulated(name))
  }

  static func lines(_ file: String) throws -> [String] {
    try String(contentsOf: folder.appending(path: file), encoding: .utf8).split(separator: "\n").map(String.init)
  }

  static func simulated(_ name: String) throws -> [String] {
    let untils = try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appending(path: "until.json"))) as? [String: Any]
    let until = (untils?[name] as? String).flatMap { Instant(rfc3339: $0) }
    return try simulate(lines("\(name).jsonl"), until: until).notices
  }

  /// What the simulation says about these events, and what it refuses.
  /// - Parameter store: where each service's state goes.
  static func simulate(
    _ lines: [String], until: Instant? = nil, programs: Programs? = nil,
    store: (ServiceName) throws -> any StateStore = { _ in MemoryStore() }
  ) throws -> (notices: [String], refused: [Refusal]) {
    let programs = try programs ?? TermsFiles.load(directory: terms.path)
    var notices: [String] = []
    var refused: [Refusal] = []
    let simulation = try Simulation(
      services: Deployment.services(programs), programs: programs.ids, store: store,
      notice: { notices.append(String(decoding: $0.envelope.structuredText(data: $0.data), as: UTF8.self)) },
      refused: { refused.append($0.refusal) })
    let parser = JSONParser()
    for (number, line) in lines.enumerated() {
      let (envelope, data) = try Envelope.structured(Array(line.utf8), parser: parser)
      let type = try #require(MessageRegistry.type(named: envelope.type))
      try simulation.take(envelope, topic: type.topic, data: data, number: Int64(number))
    }
    if let until { try simulation.advance(to: until) }
    return (notices, refused)
  }
}
