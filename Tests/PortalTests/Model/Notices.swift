import Contracts
import Foundation
import JSON

@testable import Portal

/// A read model of messages that a test makes itself, all of one program.
final class Notices {
  static let program: ProgramID = "cash"
  static let account: AccountID = "olena"
  static let start = Instant(milliseconds: 1_770_000_000_000)

  let path = FileManager.default.temporaryDirectory.appendingPathComponent("notices-\(UUID().uuidString).sqlite").path
  private let writer: ModelWriter
  private var last: [String: Int64] = [:]

  init() throws { writer = try ModelWriter(path, bus: "test") }

  deinit { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }

  /// - Parameter sequence: the number of a notice; `nil` for the next one of its key.
  func put(_ message: some Message, sequence: Int64? = nil) throws {
    let type = Swift.type(of: message)
    let line = "\(type.topic.name)/\(message.key)"
    let number = sequence ?? last[line, default: 0] + 1
    last[line] = max(number, last[line, default: 0])
    let body = message.jsonBytes()
    guard let decoder = Fold.byType[type.type] else { throw CocoaError(.coderInvalidValue) }
    let (key, effect) = try JSONParser().read(body) { json throws(JSONError) in try decoder.decode(json) }
    let place = ModelWriter.Place(
      type: type.type, topic: type.topic, offset: number, program: Self.program, key: key,
      sequence: type.topic.kind == .notices ? number : nil)
    try writer.apply(ModelWriter.Change(place: place, body: body, effect: effect))
  }

  func model() throws -> ReadModel {
    try writer.commit([:])
    return try ReadModel(path)
  }

  func summary() throws -> Summary { try model().summary(Self.account, Self.program, now: Self.start) }

  /// A line of the account book for which only its number matters.
  func line(_ number: Int64, sequence: Int64? = nil) throws {
    try put(
      BalanceCorrected(
        request: id("c-\(number)"), referrer: Self.account, delta: 1, currency: "USD", at: Self.start, operator: "o", reason: "r",
        balance: Balance(currency: "USD", available: number), terms: "cash@1", because: []), sequence: sequence)
  }
}

/// An id that the test knows to be valid.
func id<Kind>(_ text: String) throws -> Identifier<Kind> {
  guard let id = Identifier<Kind>(text) else { throw CocoaError(.formatting) }
  return id
}
