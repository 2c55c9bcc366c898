import CommandKit
import Contracts
import Foundation
import TestSupport
import Testing

/// How a line of a file is classified.
@Suite struct EventFileTests {
  private static let good =
    #"{"specversion":"1.0","id":"1","source":"/t","type":"account.closed.v1","program":"bonus","data":{"account":"a","closedAt":"2026-01-05T08:00:00Z"}}"#

  @Test(arguments: [
    (good, "event account.closed.v1 at 2026-01-05T08:00:00.000Z"),
    (
      good.replacing(#""source""#, with: #""time":"2026-02-01T00:00:00Z","source""#),
      "event account.closed.v1 at 2026-02-01T00:00:00.000Z"
    ),
    (good + "\r", "event account.closed.v1 at 2026-01-05T08:00:00.000Z"),
    (good.replacing("account.closed.v1", with: "account.renamed.v1"), "unknown type"),
    (good.replacing("account.closed.v1", with: "reward.accrued.v1"), "not-an-input"),
    (good.replacing(#""account":"a""#, with: #""account":"a","account":"b""#), "duplicate-key"),
    (good.replacing(#""a""#, with: "99999999999999999999"), "out-of-range"),
    (good.replacing(#""a""#, with: #""\#(String(repeating: "x", count: 300_000))""#), "oversized"),
    (good.replacing(#""closedAt":"2026"#, with: #""closedAt":"2300"#), "malformed"),
    ("no json", "malformed"), ("[]", "malformed"), ("{}", "malformed"),
  ])
  func entry(_ example: (line: String, meaning: String)) throws {
    #expect(try meanings(of: Data((example.line + "\n").utf8)) == [example.meaning])
  }

  @Test func badBytesDoNotSpoilTheirNeighbours() throws {
    var bytes = Data("\n  \n".utf8)
    bytes += Data("\(Self.good)\n".utf8)
    bytes += Data([0x7B, 0xFF, 0xFE, 0x0A])
    bytes += Data(Self.good.utf8)  // the last line has no newline
    let event = "event account.closed.v1 at 2026-01-05T08:00:00.000Z"
    #expect(try meanings(of: bytes) == [event, "not-utf8", event])
    #expect(try numbers(of: bytes) == [3, 4, 5])
  }

  /// A very long line is counted, but not kept in memory.
  @Test func aLongLineIsCutOff() throws {
    let file = try temporaryFile(Data(repeating: 0x78, count: 3_000_000) + Data("\nshort\n".utf8))
    defer { try? FileManager.default.removeItem(at: file) }
    let reader = try LineReader(path: file.path, keptBytesMax: 10)
    let long = try #require(try reader.line())
    #expect((long.bytes.count, long.length) == (10, 3_000_000))
    let short = try #require(try reader.line())
    #expect((String(decoding: short.bytes, as: UTF8.self), short.number) == ("short", 2))
    #expect(try reader.line() == nil)
    #expect(LineReader.count(path: file.path) == 2)
  }

  @Test func aMissingFileIsNamed() {
    #expect(throws: CommandFailure.self) { try EventFile(path: "/no/such/file") }
    #expect(LineReader.count(path: "-") == nil)
  }

  private func temporaryFile(_ bytes: Data) throws -> URL {
    let file = FileManager.default.temporaryDirectory.appending(path: uniqueName("events"))
    try bytes.write(to: file)
    return file
  }

  private func entries(of bytes: Data) throws -> [FileEntry] {
    let file = try temporaryFile(bytes)
    defer { try? FileManager.default.removeItem(at: file) }
    let events = try EventFile(path: file.path)
    var entries: [FileEntry] = []
    while let entry = try events.next() { entries.append(entry) }
    return entries
  }

  private func meanings(of bytes: Data) throws -> [String] {
    try entries(of: bytes).map { entry in
      switch entry {
      case .event(let event): "event \(event.envelope.type) at \(event.time)"
      case .unknownType: "unknown type"
      case .rejected(_, _, let reason, _): reason
      }
    }
  }

  private func numbers(of bytes: Data) throws -> [Int] {
    try entries(of: bytes).map { entry in
      switch entry {
      case .event(let event): event.line
      case .unknownType(let line, _, _): line.number
      case .rejected(let line, _, _, _): line.number
      }
    }
  }
}
