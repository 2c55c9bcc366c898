import Contracts
import Foundation
import JSON
import Testing

/// The worked examples beside the repository, if they exist: every line in both directions.
@Suite("Shared examples")
struct SharedExamplesTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/examples")

  static let files: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []).filter { $0.hasSuffix(".jsonl") }.sorted()

  /// The expected notices have only the compared fields. These values fill the other fields.
  static var leftOut: [String: Any] {
    [
      "terms": "golden@1", "because": [] as [Any], "at": "2026-01-01T00:00:00.000Z", "amount": 1, "currency": "USD",
      "period": "2026-01", "payment": "p", "request": "r",
    ]
  }

  /// Lines in the examples that must be rejected.
  static let rejected = [
    "r5-refund-of-zero-6": "amount: -5 is below 0", "r5-refund-of-zero-7": "country: \"UKR\"",
    "r5-refund-of-zero-9": "currency: \"kzt\"", "r5-refund-of-zero-10": "amount: 0 changes nothing",
    "t8-instants-7": "paidAt", "t8-instants-8": "paidAt",
    "t8-instants-9": "paidAt", "t8-instants-11": "paidAt",
  ]

  @Test("Every line decodes, and means the same when written again", .enabled(if: !files.isEmpty), arguments: files)
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

      let json = try JSONSerialization.data(withJSONObject: whole)
      let encoded: [UInt8]
      do { encoded = try Self.roundTrip(type, json, parser) } catch let error as JSONError {
        let detail = try #require(Self.rejected[envelope.id], "\(place): \(error)")
        #expect(Rejection(error).detail.contains(detail), "\(place): \(error)")
        continue
      }
      #expect(Self.rejected[envelope.id] == nil, "\(place)")
      let written = try Self.members(encoded)
      // A provider's adapter may add the request to its result. Laurel takes it from the payout's id.
      for (name, value) in given where !(name == "request" && type.topic == .payoutResults) {
        #expect(
          Self.same(value, written[name], type), "\(place): \(name) was \(value), became \(String(describing: written[name]))")
      }

      let again = try Envelope.structured(envelope.structuredText(data: encoded), parser: parser)
      #expect(again.envelope == envelope && again.data == encoded, "\(place)")
      #expect(try Envelope(headers: envelope.headers.map { ($0.0, Array($0.1.utf8)) }) == envelope, "\(place)")
    }
  }

  /// Another form of an instant is the same instant (DECISIONS T8). A clicked code without surrounding blanks is the same code (R7), and
  /// a country in small letters the same country (R5).
  static func same(_ value: Any, _ written: Any?, _ type: any Message.Type) -> Bool {
    if let text = value as? String, let other = written as? String {
      if let instant = Instant(rfc3339: text) { return Instant(rfc3339: other) == instant }
      if type == LinkVisited.self { return text.trimmingBlanks == other }
      if text.utf8.count == 2 { return text.uppercased() == other.uppercased() }
    }
    return (value as? NSObject)?.isEqual(written) == true
  }

  static func members(_ json: [UInt8]) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
  }

  static func roundTrip<M: Message>(_ type: M.Type, _ json: Data, _ parser: JSONParser) throws -> [UInt8] {
    let message = try parser.decode(type, from: Array(json))
    let bytes = message.jsonBytes()
    #expect(try parser.decode(type, from: bytes) == message)
    return bytes
  }
}
