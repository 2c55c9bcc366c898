import Contracts
import Foundation
import JSON
import Streaming
import Terms
import TermsFiles

/// The worked examples of the contract: NAME.jsonl has the events, NAME.expected.jsonl the expected notices.
public enum Examples {
  static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let scenarios = package.appending(path: "Tests/Scenarios", directoryHint: .isDirectory)
  public static let folder = scenarios.appending(path: "Examples", directoryHint: .isDirectory)
  public static let terms = package.appending(path: "ops/terms", directoryHint: .isDirectory)

  public static let names: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".expected.jsonl") }.map { String($0.dropLast(".expected.jsonl".count)) }.sorted()
  }()

  public static func events(_ name: String) throws -> [String] { try lines("\(name).jsonl") }
  public static func expected(_ name: String) throws -> [String] { try lines("\(name).expected.jsonl") }

  /// The terms file of a program: the example's own, or that of `ops/terms`.
  public static func terms(of program: String, in name: String) -> URL {
    let own = folder.appending(path: "\(name).terms/\(program).yaml")
    return FileManager.default.fileExists(atPath: own.path) ? own : terms.appending(path: "\(program).yaml")
  }

  public static func programs(_ name: String) throws -> Programs {
    let usual = try TermsFiles.load(directory: terms.path)
    return Programs(try usual.all.flatMap { try TermsFiles.files(at: terms(of: $0.id.value, in: name).path).map(\.program) })
  }

  /// The time to which the clock advances after the last event; nil if it does not.
  public static func until(_ name: String) throws -> Instant? {
    let untils = try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appending(path: "until.json"))) as? [String: Any]
    return (untils?[name] as? String).flatMap { Instant(rfc3339: $0) }
  }

  private static func lines(_ file: String) throws -> [String] {
    try String(contentsOf: folder.appending(path: file), encoding: .utf8).split(separator: "\n").map(String.init)
  }
}

extension InputRecord {
  /// A line of an event file as a record of its topic.
  ///
  /// - Parameter number: its offset.
  public init(line: String, number: Int) throws {
    let text = Array(line.utf8)
    let type = try Envelope.structured(text, parser: JSONParser()).envelope.type
    guard let topic = MessageRegistry.type(named: type)?.topic else { throw ScenarioError(line, "unknown type \(type)") }
    self.init(
      topic: topic, offset: Int64(number), key: nil, value: text,
      headers: [(name: "content-type", value: Array(Envelope.structuredContentType.utf8))])
  }
}
