import Contracts
import Foundation
import Kafka
import TestSupport
import Testing
import Words

@testable import BusCommands

/// Texts for people: plain words, with the wrong value and what to do, and never a library's own text.
@Suite(.serialized) struct PlainWordsTests {
  @Test(arguments: [
    (
      #"{"specversion":"1.0","id":"1","source":"/b","type":"payment.settled.v1","data":{"payment":"p","account":"a","paidAt":"2026-01-05T09:00:00Z","currency":"USD","lines":[{"sku":"s","kind":"Plan","amount":1}]}}"#,
      #"lines[0].kind: "Plan" is not one of plan, service, topUp"#
    ),
    (#"{"specversion":"1.0","id":"1","source":"x" "type":"y"}"#, "not valid JSON: a comma or } is expected in column 44"),
    (
      #"{"specversion":"1.0","id":"1","source":"/b","type":"payment.setled.v1","data":{}}"#,
      "unknown type payment.setled.v1; did you mean payment.settled.v1?"
    ),
  ])
  func aLineOfAFileThatIsWrong(_ line: String, _ says: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: uniqueName("laurel-words"), directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "events.jsonl")
    try Data((line + "\n").utf8).write(to: file)
    #expect(try said(by: "laurel", ["simulate", "--terms", Example.terms, "--events", file.path], 0).contains(":1: "))
    #expect(try said(by: "laurel", ["simulate", "--terms", Example.terms, "--events", file.path], 0).contains(says))
  }

  @Test(
    arguments: [
      (
        "laurel", ["topics", "create", "--bootstrap", "127.0.0.1:1"], nil,
        "cannot connect to 127.0.0.1:1: connection refused. Is Kafka running?"
      ),
      (
        "laurel", ["dead-letters", "list", "--bootstrap", "127.0.0.1:1"], 1,
        "cannot connect to 127.0.0.1:1: connection refused. Is Kafka running?"
      ),
      ("laurel", ["terms", "check", "/nope"], 1, "/nope: no such file or directory"),
      ("laurel", ["simulate", "--terms", "/nope", "--events", "-"], 1, "/nope: no such directory"),
      (
        "laurel",
        [
          "backtest", "--terms", Example.terms, "--against", Example.terms, "--events", "\(Example.demo)/cash.jsonl", "--report",
          "/nope/x.html",
        ], 1, "/nope/x.html: No such file or directory"
      ),
      ("accrual", ["--bootstrap", "127.0.0.1:1", "--terms", "/nope", "--state", "/tmp"], 1, "fatal: /nope: no such directory"),
      (
        "accrual", ["--bootstrap", "127.0.0.1:1", "--terms", Example.terms, "--state", "/proc/nope"], 1,
        "--state /proc/nope: cannot create this folder: No such file or directory"
      ), ("accrual", ["--help"], 0, "Minimum log level"), ("accrual", ["--help"], 0, "Maximum batch size"),
    ] as [(String, [String], Int32?, String)])
  func aCommandThatFails(_ program: String, _ arguments: [String], _ status: Int32?, _ says: String) throws {
    #expect(try said(by: program, arguments, status).contains(says))
  }

  /// A program's output on both streams. It must not contain phrases of Foundation or names of librdkafka.
  private func said(by program: String, _ arguments: [String], _ status: Int32?) throws -> String {
    let folder = FileManager.default.temporaryDirectory
    let process = try ServiceProcess(program, name: uniqueName("words"), arguments: arguments, folder: folder)
    if let status {
      #expect(process.ending(within: .seconds(60)) == .status(status), "\(process.log)")
    } else {
      // The program first reports that it waits for a broker that may be starting.
      _ = waitUntil(.seconds(30)) { process.log.contains("\n") }
      process.kill()
    }
    for raw in ["could not be completed", "Cannot initialize", "[thrd:", "(_", "Local: ", "Error Domain"] {
      #expect(!process.log.contains(raw), "\(process.log)")
    }
    return process.log
  }

  /// An error that librdkafka reports: nothing listens on port 1.
  @Test func anErrorOfLibrdkafka() throws {
    let configuration = Kafka.Configuration(bootstrap: "127.0.0.1:1", log: { _ in })
    let consumer = try Consumer(configuration, group: "words")
    defer { consumer.close() }
    let error = #expect(throws: KafkaError.self) {
      try consumer.watermarks(TopicPartition(topic: "x", partition: 0), timeoutMilliseconds: 300)
    }
    let words = plainWords(try #require(error))
    #expect(["the broker stopped answering", "the connection to the broker was lost"].contains(words), "\(words)")
    #expect(plainWords(TransactionFailure.fatal(try #require(error))) == words)
  }

  @Test func requestsAreInMoney() throws {
    let spend = Because("spend", ["amount": .number(37_045_154), "available": .number(100), "kinds": .list(["plan"])])
    let declined = BonusDeclined(
      request: "s", referrer: "acme", amount: 37_045_154, currency: "KZT", at: Instant(milliseconds: 0),
      reasons: [.insufficientBalance], terms: "bonus@1", because: [spend])
    let reasons = Story.because(declined, currency: NoticeText.currency(of: declined))
    #expect(reasons.contains { $0.contains("requested 370,451.54 KZT, available 1.00") }, "\(reasons)")
    #expect(NoticeText.sentence(declined)?.hasPrefix("A request of acme for 370,451.54 KZT (s) is declined") == true)
    let opened = WithdrawalOpened(
      request: "w1", referrer: "olena", amount: 1010, currency: "USD", requestedAt: Instant(milliseconds: 0),
      dueAt: Instant(milliseconds: 0), at: Instant(milliseconds: 0), terms: "cash@1", because: [])
    #expect(NoticeText.sentence(opened)?.hasPrefix("olena requested a withdrawal of 10.10 USD (w1)") == true)
  }
}
