import Contracts
import FaultBench
import Foundation
import JSON
import Kafka
import TestSupport
import Testing

/// `laurel dead-letters` on real Kafka: a dead letter is replayed to its service once, whatever is killed and however many run at the
/// same time.
@Suite(.enabled(if: KafkaBroker.runsTests, "\(KafkaBroker.skipReason)"))
struct DeadLetterCommandTests {
  /// At first accrual's terms do not have the program of these payments.
  private static let program = "lottery"
  private static let start = Instant(milliseconds: 1_767_603_600_000)  // 2026-01-05T09:00:00Z

  @Test func whatWasRejectedEarnsOnceWhenItsProgramIsKnown() throws {
    try Installation.run { installation in
      let terms = try Self.termsWithTheProgram(installation)
      let publisher = try Publisher(installation)
      try installation.start(.attribution, terms: terms)
      try installation.start(.accrual)
      try publisher.publish(
        CodeRequested(request: "code", account: "r0", requestedAt: Self.start, vanity: "CODE"), program: Self.program)
      try publisher.flush()
      let referrals = try installation.reader([.referrals])
      let issued = try referrals.read(for: .seconds(60)) { $0.contains { $0.header("ce_type") == CodeIssued.type } }
      try #require(issued)
      try publisher.publish(
        AccountRegistered(
          account: "e0", registeredAt: Self.start + .minutes(1), referral: RegistrationReferral(code: "CODE")),
        program: Self.program)
      for number in 0..<3 { try publisher.publish(try Self.payment(number), program: Self.program) }
      // A record that would be rejected again, one that only claims to come from billing, and one too long to be kept whole.
      try publisher.produce(.billing, key: "e0", value: Array(#"{"payment":7,"#.utf8), headers: try Self.headers("garbage"))
      try publisher.produce(.billing, key: "e0", value: [0xFF, 0x1B, 0x00], headers: try Self.headers("bytes"))
      let stray = try Self.payment(9).jsonBytes()
      try publisher.produce(
        .requests, key: "e0", value: stray,
        headers: try Self.headers("stray")
          + [
            ("laurel_topic", "billing"), ("laurel_partition", "0"), ("laurel_offset", "0"), ("laurel_replayed", "accrual/0/0"),
          ].map { Header(name: $0.0, value: Array($0.1.utf8)) })
      let long = #"{"payment":"long","note":""# + String(repeating: "x", count: 950_000) + #""}"#
      try publisher.produce(.billing, key: "e0", value: Array(long.utf8), headers: try Self.headers("long"))
      try publisher.flush()
      // The registration, attribution's notices about it, three payments.
      let letters = try installation.reader([.deadLetters(.accrual)])
      let rejected = try letters.read(for: .seconds(60)) { $0.count { $0.header("laurel_reason") == "unknown-program" } >= 5 }
      try #require(rejected, "\(letters.records.map { $0.header("laurel_reason") ?? "" })")
      let others = try letters.read(for: .seconds(60)) { $0.count { $0.header("laurel_reason") != "unknown-program" } >= 4 }
      try #require(others)

      let listed = try Self.list(installation)
      let open = listed.filter { $0.reason == "unknown-program" }
      #expect(open.count == letters.records.count { $0.header("laurel_reason") == "unknown-program" })
      #expect(open.allSatisfy { $0.state == "open" && $0.obstacle == nil })
      let table = try Self.laurel(installation, ["list", "--service", "accrual"])
      #expect(
        table.contains("this deployment has no program 'lottery'")
          && table.contains("dead letters: \(open.count) unknown-program"))
      try showReportsEverything(installation, listed)
      let story = try Self.laurel(installation, ["payment", "p1"], of: ["explain"])
      #expect(
        story.contains("rejected, in billing/") && story.contains("unknown-program: this deployment has no program"), "\(story)")

      // A dry run, and records that cannot be replayed.
      let rehearsal = try Self.laurel(installation, ["replay", "--reason", "unknown-program", "--dry-run"])
      #expect(rehearsal.contains("\(open.count) letters would be replayed"))
      #expect(try installation.records([.repartitioned(.accrual)]).isEmpty)
      let strayID = try #require(listed.first { $0.detail.contains("belongs on billing, not on requests") }?.id)
      #expect(try Self.laurel(installation, ["replay", strayID], status: 1).contains("the service would accept it"))
      let longID = try #require(listed.first { $0.reason == "oversized" }?.id)
      #expect(try Self.laurel(installation, ["replay", longID], status: 1).contains("rejected again as oversized"))

      try installation.end(.accrual, 1, gracefully: true)
      try installation.start(.accrual, terms: terms)
      let garbage = try #require(listed.first { $0.reason == "malformed" && $0.id != strayID }?.id)
      #expect(try Self.laurel(installation, ["replay", garbage]).contains("1 letter replayed"))
      #expect(
        try Self.laurel(installation, ["replay", "--reason", "unknown-program"]).contains("\(open.count) letters replayed"))
      #expect(try Self.laurel(installation, ["replay", "--reason", "unknown-program"]).contains("nothing to replay"))
      #expect(try Self.laurel(installation, ["replay", open[0].id]).contains("\(open[0].id) was replayed already"))

      let rewards = try installation.reader([.rewards])
      let earned = try rewards.read(for: .seconds(60)) { $0.count { $0.header("ce_type") == RewardAccrued.type } >= 3 }
      try #require(earned, "\(rewards.records.count) notices")
      let earning = try Self.laurel(installation, ["payment", "p1"], of: ["explain"])
      #expect(!earning.contains("rejected, in") && earning.contains("→ "), "\(earning)")
      let balance = try Self.laurel(installation, ["r0"], of: ["balance"])
      #expect(balance.contains("r0, program \(Self.program), KZT") && balance.contains("last notices"), "\(balance)")
      let again = try letters.read(for: .seconds(60)) { $0.contains { $0.header("laurel_replay_of") == garbage } }
      try #require(again)
      let second = try #require(try Self.list(installation).first { $0.state == "rejected again" })
      #expect(
        second.replayOf == garbage && second.topic == "billing" && second.offset == listed.first { $0.id == garbage }?.offset)
      #expect(try Self.laurel(installation, ["show", garbage]).contains("rejected again as \(second.id)"))
      #expect(try Self.laurel(installation, ["replay", second.id, "--dry-run"]).contains("1 letter would be replayed"))
      #expect(try Self.list(installation, ["--all"]).count { $0.state == "replayed" } == open.count)
      try closedOnce(installation, second.id, note: "the sender has mended it")
      try installation.stopAll()
      try onceEach(installation, open.map(\.id) + [garbage])
      let audit = try Audit(installation)
      try audit.checkIDsAndSequences()
      #expect(try audit.notices(RewardAccrued.self).map(\.payment.value).sorted() == ["p0", "p1", "p2"])
    }
  }

  /// A closed dead letter leaves the list, once, and nothing is sent to the service.
  private func closedOnce(_ installation: Installation, _ id: String, note: String) throws {
    let sent = try installation.records([.repartitioned(.accrual)]).count
    let others = try Self.list(installation).map(\.id).filter { $0 != id }
    #expect(try Self.laurel(installation, ["close", id], status: 2).contains("--note TEXT is needed"))
    let rehearsal = try Self.laurel(installation, ["close", id, "--note", note, "--dry-run"])
    #expect(rehearsal.contains("1 letter would be closed"))
    // At the same time: the later one takes over from the earlier, or finds nothing to do.
    let both = try (0..<2).map { _ in try Self.start(installation, ["close", id, "--note", note]) }
    for (process, ending) in zip(both, both.map { $0.ending(within: .seconds(60)) }) where ending != .status(0) {
      #expect(ending == .status(1) && process.log.contains("another replay or close started and took over"), "\(process.log)")
    }
    #expect(try Self.laurel(installation, ["close", id, "--note", "again"]).contains("\(id) was closed already"))
    #expect(try Self.list(installation).map(\.id) == others)
    let closed = try Self.list(installation, ["--all"]).filter { $0.state == "closed" }
    #expect(closed.map(\.id) == [id] && closed.map(\.note) == [note])
    #expect(try Self.laurel(installation, ["show", id]).contains(note))
    #expect(try Self.list(installation, ["--limit", "1"]).map(\.id) == others.suffix(1))
    #expect(try Self.list(installation, ["--since", "2199-01-01"]).isEmpty)
    #expect(try installation.records([.repartitioned(.accrual)]).count == sent)
    let marks = try installation.records([.deadLetters(.accrual)]).filter { $0.header("laurel_closed") == id }
    #expect(marks.count == 1)
  }

  private func showReportsEverything(_ installation: Installation, _ listed: [Line]) throws {
    let payment = try #require(listed.first { $0.type == PaymentSettled.type && $0.reason == "unknown-program" })
    let page = try Self.laurel(installation, ["show", payment.id])
    let place = try "on billing, partition \(#require(payment.partition)), offset \(#require(payment.offset))"
    for text in [
      "\(payment.id), open", "unknown-program", "this deployment has no program 'lottery'", "by accrual on", place, "ce_program",
      "laurel dead-letters replay \(payment.id)", #"      "sku": "plan","#, #""account": "e0","#,
    ] { #expect(page.contains(text), "\(text) is missing in:\n\(page)") }
    let bytes = try #require(listed.first { $0.reason == "not-utf8" })
    #expect(try Self.laurel(installation, ["show", bytes.id]).contains("00000000  ff 1b 00"))
    // The dead letter holds a part of the body. The page shows the end of the whole.
    let long = try #require(listed.first { $0.reason == "oversized" })
    let whole = try Self.laurel(installation, ["show", long.id])
    #expect(whole.contains("of 950028 are kept here; the body below was read where it was found"))
    #expect(whole.contains("body, 950028 bytes") && whole.contains("xxx\"\n  }"))

    let unknown = try Self.laurel(installation, ["show", "accrual/0/999999"], status: 1)
    #expect(unknown.contains("there is no letter accrual/0/999999"), "\(unknown)")
    #expect(try Self.laurel(installation, ["show", "accrual/77/0"], status: 1).contains("has the partitions 0 to 3"))
    let near = String(payment.id.prefix { $0 != "/" }) + "/\(payment.id.split(separator: "/")[1])/999999"
    #expect(try Self.laurel(installation, ["replay", near], status: 1).contains("the nearest is accrual/"))
  }

  @Test func replaysThatAreKilledAndReplaysAtOnceAddUpToOne() throws {
    try Installation.run { installation in
      let count = 1500
      let publisher = try Publisher(installation)
      for number in 0..<count {
        try publisher.publish(try Self.payment(number, account: "e\(number % 50)"), program: Self.program)
      }
      try publisher.flush()
      try installation.start(.accrual)
      let letters = try installation.reader([.deadLetters(.accrual)])
      let rejected = try letters.read(for: .seconds(60)) { $0.count >= count }
      try #require(rejected, "\(letters.records.count) of \(count)")
      try installation.stopAll()
      try everyLetterIsInTheLog(installation, count)
      let ids = try Self.list(installation).map(\.id)
      try #require(ids.count == count)

      // One request at a time, to slow it down.
      let slow = ["--kafka", "max.in.flight.requests.per.connection=1"]
      // Each transaction replays one record. Kill the command a moment after a new one appears.
      let replayed = try installation.reader([.repartitioned(.accrual)])
      var interrupted = 0
      for attempt in 0..<4 {
        let before = replayed.records.count
        let process = try Self.start(installation, ["replay", "--all-open", "--kafka", "batch.num.messages=1"] + slow)
        let goesOn = try replayed.read(for: .seconds(30)) { $0.count > before || !process.isRunning }
        try #require(goesOn)
        _ = waitUntil(.milliseconds(attempt * 13)) { !process.isRunning }
        if process.isRunning { interrupted += 1 }
        process.kill()
      }
      try #require(interrupted >= 3, "only \(interrupted) commands were killed while they worked")
      let done = try installation.records([.repartitioned(.accrual)]).count
      try #require(done < count, "no dead letters are left for the next commands")

      // Freeze one command while another replays a part. It must not continue after it thaws.
      let before = replayed.records.count
      let frozen = try Self.start(installation, ["replay", "--all-open", "--kafka", "batch.num.messages=1"] + slow)
      let atWork = try replayed.read(for: .seconds(30)) { $0.count > before || !frozen.isRunning }
      frozen.freeze()
      try #require(atWork, "\(frozen.log.suffix(500))")
      // On a busy machine it may have finished before it was frozen. Then there is nothing to test here.
      guard frozen.isRunning, let next = try Self.list(installation).last?.id else {
        frozen.thaw()
        #expect(frozen.ending(within: .seconds(30)) == .status(0), "\(frozen.log.suffix(500))")
        Issue.record("the replay had finished before it was frozen", severity: .warning)
        _ = try Self.laurel(installation, ["replay", "--all-open"])
        return try onceEach(installation, ids)
      }
      let taken = try Self.laurel(installation, ["replay", next])
      frozen.thaw()
      let ended = frozen.ending(within: .seconds(30))
      // Or its last transaction was being committed, and readers did not see it yet.
      guard ended != .status(0) else {
        Issue.record("the replay had finished when it was frozen", severity: .warning)
        _ = try Self.laurel(installation, ["replay", "--all-open"])
        return try onceEach(installation, ids)
      }
      #expect(taken.contains("1 letter replayed"))
      #expect(ended == .status(1))
      #expect(frozen.log.contains("another replay or close started and took over"), "\(frozen.log.suffix(500))")
      // Two at the same time: one takes over from the other, or finds nothing to do.
      let both = try (0..<2).map { _ in try Self.start(installation, ["replay", "--reason", "unknown-program"]) }
      let endings = both.map { $0.ending(within: .seconds(60)) }
      #expect(endings.contains(.status(0)), "\(both.map(\.log))")
      for (process, ending) in zip(both, endings) where ending != .status(0) {
        #expect(ending == .status(1) && process.log.contains("another replay or close started and took over"), "\(process.log)")
      }
      _ = try Self.laurel(installation, ["replay", "--all-open"])
      #expect(try Self.laurel(installation, ["replay", "--all-open"]).contains("nothing to replay"))
      #expect(try Self.list(installation).isEmpty)
      try onceEach(installation, ids)
    }
  }

  /// The log counts all of them in a few lines.
  private func everyLetterIsInTheLog(_ installation: Installation, _ count: Int) throws {
    let lines = try installation.service(.accrual).log.split(separator: "\n").filter {
      $0.contains("dead letter: unknown-program")
    }
    #expect(lines.count < 20, "\(lines.count) lines")
    let more = lines.compactMap { $0.firstMatch(of: /\(and ([0-9]+) more like it\)/).flatMap { Int($0.output.1) } }
    #expect(lines.count + more.reduce(0, +) == count)
  }

  /// Reads the topic where a duplicate would show. The service itself processes a payment once, however often it arrives.
  private func onceEach(_ installation: Installation, _ ids: [String]) throws {
    let replayed = try installation.records([.repartitioned(.accrual)])
    let counts = replayed.reduce(into: [String: Int]()) { $0[$1.header("laurel_replay_of") ?? "", default: 0] += 1 }
    try #require(counts == Dictionary(uniqueKeysWithValues: ids.map { ($0, 1) }), "\(counts.filter { $0.value > 1 }.count) twice")
    let letters = try installation.records([.deadLetters(.accrual)])
    let byID = Dictionary(
      uniqueKeysWithValues: letters.filter { $0.header("laurel_reason") != nil }.map {
        ("accrual/\($0.partition)/\($0.offset)", $0)
      })
    for record in replayed {
      let letter = try #require(byID[record.header("laurel_replay_of") ?? ""])
      #expect(record.value == letter.value && record.key == letter.key)
      #expect(record.partition == Kafka.partition(forKey: record.key ?? [], count: installation.partitions))
      let kept = letter.headers.filter { !["laurel_reason", "laurel_detail"].contains($0.name) }
      #expect(Array(record.headers.dropLast()) == kept)
    }
  }

  // MARK: The command

  /// A line of `list --json`.
  private struct Line: Decodable {
    let id: String
    let state: String
    let reason: String
    let detail: String
    let topic: String?
    let partition: Int32?
    let offset: Int64?
    let type: String?
    let replayOf: String?
    let note: String?
    let obstacle: String?
  }

  private static func start(
    _ installation: Installation, _ arguments: [String], of command: [String] = ["dead-letters"]
  ) throws -> ServiceProcess {
    let bus = ["--bootstrap", installation.configuration.bootstrap, "--topic-prefix", installation.prefix]
    return try ServiceProcess(
      "laurel", name: uniqueName("laurel"), arguments: command + arguments + bus, folder: installation.folder)
  }

  /// The command's output on both streams.
  private static func laurel(
    _ installation: Installation, _ arguments: [String], of command: [String] = ["dead-letters"], status: Int32 = 0
  ) throws -> String {
    let process = try start(installation, arguments, of: command)
    let ending = process.ending(within: .seconds(60))
    try #require(ending == .status(status), "\(arguments): \(process.log.suffix(2000))")
    return process.log
  }

  private static func list(_ installation: Installation, _ arguments: [String] = []) throws -> [Line] {
    try laurel(installation, ["list", "--json"] + arguments).split(separator: "\n").filter { $0.hasPrefix("{") }
      .map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
  }

  // MARK: Records

  private static func payment(_ number: Int, account: String = "e0") throws -> PaymentSettled {
    PaymentSettled(
      payment: try #require(Identifier("p\(number)")), account: try #require(Identifier(account)),
      paidAt: start + .minutes(2) + .seconds(Int64(number)), currency: "KZT",
      lines: [PaymentLine(sku: "plan", kind: .plan, plan: "Basic", amount: 1000)])
  }

  private static func headers(_ id: String) throws -> [Header] {
    Envelope(id: id, source: "/letters", type: PaymentSettled.type, program: ProgramID("bonus")).headers
      .map { Header(name: $0.0, value: Array($0.1.utf8)) }
  }

  /// The package's terms plus one program.
  private static func termsWithTheProgram(_ installation: Installation) throws -> URL {
    let folder = installation.folder.appending(path: "terms", directoryHint: .isDirectory)
    try FileManager.default.copyItem(at: Installation.terms, to: folder)
    let bonus = try String(contentsOf: folder.appending(path: "bonus.yaml"), encoding: .utf8)
    try bonus.replacing("program: bonus\n", with: "program: \(program)\n")
      .write(to: folder.appending(path: "\(program).yaml"), atomically: true, encoding: .utf8)
    return folder
  }
}
