import Contracts
import Foundation
import JSON
import Testing

/// The worked examples beside the repository, where they are: every line in both directions.
@Suite("Shared examples")
struct SharedExamplesTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/golden")

  static let files: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []).filter { $0.hasSuffix(".jsonl") }.sorted()

  /// The expected notices name only what the comparison looks at; these stand in for the rest of a whole notice.
  static var leftOut: [String: Any] {
    [
      "terms": "golden@1", "because": [] as [Any], "at": "2026-01-01T00:00:00.000Z", "amount": 1, "currency": "USD",
      "period": "2026-01", "payment": "p",
    ]
  }

  @Test("Every line decodes, and is the same when written again", .enabled(if: !files.isEmpty), arguments: files)
  func lines(_ file: String) throws {
    let parser = JSONParser()
    let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
    for (number, line) in text.split(separator: "\n").enumerated() {
      let place = "\(file):\(number + 1)"
      let (envelope, data) = try Envelope.structured(Array(line.utf8), parser: parser)
      let type = try #require(MessageRegistry.type(named: envelope.type), "\(place)")
      var whole = try Self.members(data)
      let given = whole
      if file.hasSuffix(".expected.jsonl") { whole.merge(Self.leftOut) { line, _ in line } }

      let encoded = try Self.roundTrip(type, try JSONSerialization.data(withJSONObject: whole), parser)
      let written = try Self.members(encoded)
      // A provider adapter may add the request to its result; Laurel knows it from the payout's id.
      for (name, value) in given where !(name == "request" && envelope.type.hasPrefix("payout.settled")) {
        let same = (value as? NSObject)?.isEqual(written[name]) == true
        #expect(same, "\(place): \(name) was \(value), became \(String(describing: written[name]))")
      }

      let again = try Envelope.structured(envelope.structuredText(data: encoded), parser: parser)
      #expect(again.envelope == envelope && again.data == encoded, "\(place)")
      #expect(try Envelope(headers: envelope.headers.map { ($0.0, Array($0.1.utf8)) }) == envelope, "\(place)")
    }
  }

  static func members(_ json: [UInt8]) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
  }

  static func roundTrip<M: Message>(_ type: M.Type, _ json: Data, _ parser: JSONParser) throws -> [UInt8] {
    let message = try parser.decode(type, from: Array(json))
    let bytes = try JSONEncoding.encode(message)
    #expect(try parser.decode(type, from: bytes) == message)
    return bytes
  }
}
