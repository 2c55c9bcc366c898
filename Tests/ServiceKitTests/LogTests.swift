import Contracts
import Foundation
import Testing

@testable import ServiceKit

/// Collects the body's output on a descriptor, reading it meanwhile so that no amount of output blocks.
func written(_ body: (Int32) async throws -> Void) async throws -> String {
  let pipe = Pipe()
  let reading = Task.detached { pipe.fileHandleForReading.readDataToEndOfFile() }
  try await body(pipe.fileHandleForWriting.fileDescriptor)
  try pipe.fileHandleForWriting.close()
  return String(decoding: await reading.value, as: UTF8.self)
}

@Suite struct LogTests {
  private func logged(
    _ level: LogLevel = .info, _ format: LogFormat = .auto, _ environment: [String: String] = [:], _ body: (Log) -> Void
  ) async throws -> [String] {
    let text = try await written { descriptor in
      body(
        Log(
          service: "accrual", instance: "1", level: level, format: format, environment: environment,
          sink: LineSink(descriptor: descriptor)))
    }
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }

  private func object(_ line: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  @Test func aLineIsAnObject() async throws {
    let topic = "billing"
    let before = Date()
    let lines = try await logged { log in
      log.with(["worker": 2]).notice(
        "committed \"it\"\n\\ \u{1B}[31m é",
        ["topic": topic, "partition": 3, "seconds": 0.25, "late": true, "level": "x", "worker": 4, "odd": Double.nan])
    }
    #expect(lines.count == 1)
    let line = try object(lines[0])
    #expect(line["level"] as? String == "notice")
    #expect(line["service"] as? String == "accrual")
    #expect(line["instance"] as? String == "1")
    #expect(line["message"] as? String == "committed \"it\"\n\\ \u{1B}[31m é")
    #expect(line["topic"] as? String == "billing")
    #expect(line["partition"] as? Int == 3)
    #expect(line["seconds"] as? Double == 0.25)
    #expect(line["late"] as? Bool == true)
    #expect(line["_level"] as? String == "x")
    #expect(line["worker"] as? Int == 4)
    #expect(line["odd"] as? String == "nan")
    let time = try #require(line["time"] as? String)
    let format = ISO8601DateFormatter()
    format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    let date = try #require(format.date(from: time))
    #expect(date >= before.addingTimeInterval(-0.001) && date <= Date())
  }

  @Test func levelsBelowTheThresholdCostNothing() async throws {
    var evaluated = 0
    func costly() -> String {
      evaluated += 1
      return "x"
    }
    let lines = try await logged(.warning) { log in
      log.debug(costly())
      log.info(costly())
      log.notice(costly())
      log.warning(costly())
      log.error(costly())
      log.line(.info, "x")
    }
    #expect(evaluated == 2)
    #expect(try lines.map { try object($0)["level"] as? String } == ["warning", "error"])
  }

  @Test func theTextForm() {
    let line = LogLine(
      time: Instant(milliseconds: 1_767_225_600_007), level: .warning, service: "accrual", instance: "1",
      message: "no\nbroker \u{9B}1m",
      fields: ["at": "a b", "n": 3, "quote": "\"", "empty": "", "plain": "x:1"])
    #expect(
      line.text(coloured: false)
        == #"00:00:00.007 WARNING accrual/1  no\nbroker \u009b1m  at="a b" n=3 quote="\"" empty="" plain=x:1"#)
    #expect(line.json.hasPrefix(#"{"time":"2026-01-01T00:00:00.007Z","level":"warning","#))
    #expect(line.text(coloured: true).contains("\u{1B}[33mWARNING\u{1B}[0m"))
  }

  @Test(
    arguments: [
      (LogFormat.text, [:], Log.Style.plain), (.json, ["CLICOLOR_FORCE": "1"], .json), (.auto, [:], .json),
      (.text, ["CLICOLOR_FORCE": "1"], .coloured), (.text, ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"], .plain),
      (.text, ["CLICOLOR_FORCE": "0"], .plain),
    ] as [(LogFormat, [String: String], Log.Style)])
  func theStyleOnAPipe(format: LogFormat, environment: [String: String], style: Log.Style) {
    let pipe = Pipe()
    let sink = LineSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    #expect(Log(service: "s", instance: "i", format: format, environment: environment, sink: sink).style == style)
  }

  @Test func linesOfManyThreadsStayWhole() async throws {
    let long = String(repeating: "ä", count: 3000)
    let text = try await written { descriptor in
      let sink = LineSink(descriptor: descriptor)
      await withTaskGroup(of: Void.self) { group in
        for writer in 0..<8 {
          group.addTask {
            let log = Log(service: "s", instance: "\(writer)", format: .json, sink: sink)
            for number in 0..<100 { log.info(long, ["number": number]) }
          }
        }
      }
    }
    var seen: [String: [Int]] = [:]
    for line in text.split(separator: "\n") {
      let object = try object(String(line))
      #expect(object["message"] as? String == long)
      seen[try #require(object["instance"] as? String), default: []].append(try #require(object["number"] as? Int))
    }
    #expect(seen.count == 8)
    for numbers in seen.values { #expect(numbers == Array(0..<100)) }
  }

  @Test func linesThatRepeatAreCounted() {
    var limit = LineLimit()
    let start = ContinuousClock.now
    func hold(_ kind: String, _ number: Int, at second: Int) -> [String] {
      let now = start + .seconds(second)
      limit.hold(LineLimit.Line(level: .warning, message: "\(kind) \(number)", fields: [:]), kind: kind, at: now)
      return limit.due(at: now).map(\.message)
    }
    #expect(hold("a", 1, at: 0) == ["a 1"])
    for number in 2...1000 { #expect(hold("a", number, at: 9).isEmpty) }
    // Another kind is not delayed by it.
    #expect(hold("b", 1, at: 9) == ["b 1"])
    // A burst is counted after it ends.
    #expect(limit.due(at: start + .seconds(9)).isEmpty)
    #expect(limit.due(at: start + .seconds(10)).map(\.message) == ["a 1000 (and 998 more like it)"])
    #expect(limit.due(at: start + .seconds(60)).isEmpty)
    // After a pause the next one is written at once.
    #expect(hold("a", 1001, at: 60) == ["a 1001"])
    #expect(hold("a", 1002, at: 61).isEmpty)
    #expect(limit.due(at: start + .seconds(61), all: true).map(\.message) == ["a 1002"])
  }

  @Test func aLogWritesTheFirstLineOfAKindAtOnceAndTheRestAtTheEnd() async throws {
    let lines = try await logged { log in
      for number in 0..<100 { log.limited(.warning, kind: "letter", "letter", ["number": number]) }
      log.limited(.debug, kind: "unseen", "unseen")
      log.writeHeld(all: true)
    }
    let objects = try lines.map(object)
    #expect(objects.map { $0["message"] as? String } == ["letter", "letter (and 98 more like it)"])
    #expect(objects.map { $0["number"] as? Int } == [0, 99])
  }

  @Test func theLineAtTheBottomGivesWayAndComesBack() async throws {
    let text = try await written { descriptor in
      let sink = LineSink(descriptor: descriptor)
      sink.setFooter("50%")
      sink.line("hello")
      sink.setFooter("")
      sink.line("bye")
    }
    #expect(text == "\r\u{1B}[K50%\r\u{1B}[Khello\n50%\r\u{1B}[Kbye\n")
  }
}
