import Contracts
import ContractsGenerator
import Foundation
import JSON
import Testing

/// The generated files, and that they match ops/contracts/messages.
@Suite("Descriptions")
struct DescriptionTests {
  static let root = GoldenMessage.folder.deletingLastPathComponent().deletingLastPathComponent()

  @Test("Swift, schemas, AsyncAPI and pages are what the descriptions say; otherwise run `make contracts`")
  func outputs() throws {
    #expect(try Outputs(root: Self.root).stale(in: Self.root) == [])
  }

  struct Example: Sendable, CustomTestStringConvertible {
    let type: String
    let json: String
    var testDescription: String { type }
  }

  static let examples: [Example] =
    (try? DescriptionReader.read(root.appending(path: Outputs.source))).map { description in
      description.messages.map { Example(type: $0.type, json: description.example(of: $0).compact) }
    } ?? []

  /// Laurel's own codec and Foundation's, which uses Codable, must agree on every example.
  @Test("Every example decodes, is written again as it was, and means the same to Foundation", arguments: examples)
  func example(_ example: Example) throws {
    func check<M: Message>(_ type: M.Type) throws {
      let message = try JSONParser().decode(type, from: Array(example.json.utf8))
      #expect(String(decoding: message.jsonBytes(), as: UTF8.self) == example.json)
      let codable = try #require(type as? any Codable.Type)
      func second<C: Codable>(_ type: C.Type) throws {
        let read = try JSONDecoder().decode(type, from: Data(example.json.utf8))
        #expect(read as? M == message)
        let written = try JSONSerialization.jsonObject(with: JSONEncoder().encode(read)) as? NSDictionary
        let wanted = try JSONSerialization.jsonObject(with: Data(example.json.utf8)) as? NSDictionary
        #expect(written == wanted)
      }
      try second(codable)
    }
    let type = try #require(MessageRegistry.type(named: example.type) as (any Message.Type)?)
    try check(type)
  }

  @Test("Every type has an example") func complete() {
    #expect(Set(Self.examples.map(\.type)) == Set(MessageRegistry.all.map { $0.type }))
  }

  @Test("The page shows every example as it is") func page() throws {
    let page = try String(contentsOf: Self.root.appending(path: "ops/docs/MESSAGES.md"), encoding: .utf8)
    var blocks: [String] = []
    for block in page.components(separatedBy: "```json\n").dropFirst() {
      blocks.append(block.components(separatedBy: "\n```")[0])
    }
    let shown = try blocks.map { String(decoding: try JSONParser().read(Array($0.utf8)) { $0.serialized() }, as: UTF8.self) }
    for example in Self.examples where example.type != ClockMoved.type {
      #expect(shown.contains(example.json), "\(example.type)")
    }
  }

  @Test(
    "A description that cannot be used says where and why",
    arguments: [
      ("payment: PaymentID — Your id", "payment: PaymentIdentifier — Your id", "unknown type PaymentIdentifier"),
      ("key: account\n  at: paidAt", "key: payer\n  at: paidAt", "unknown field payer"),
      ("tax?: Amount, at least 0 —", "tax?: Amount, about 0 —", "\"about 0\" is not a bound"),
      ("tax?: Amount, at least 0 —", "tax?: Amount, at least O —", "\"at least O\" is not a bound"),
      ("paidAt: Instant — When", "paidAt: Instant: When", "is not YAML"),
      ("  doc: Money was received.", "  note: Money was received.", "\"note\" is not one of"),
    ])
  func unusable(_ old: String, _ new: String, _ says: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "laurel-contracts-\(UUID())")
    try FileManager.default.copyItem(at: Self.root.appending(path: Outputs.source), to: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "billing.yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.contains(old))
    try text.replacing(old, with: new).write(to: file, atomically: true, encoding: .utf8)
    let error = #expect(throws: DescriptionError.self) { try DescriptionReader.read(folder) }
    #expect(error?.description.hasPrefix("billing.yaml:") == true)
    #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
  }
}
