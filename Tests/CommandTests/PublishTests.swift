import Contracts
import Foundation
import Kafka
import TestSupport
import Testing

/// `laurel publish` as a program on the embedded bus: events that it reports as arrived have arrived, and none is left out.
@Suite(.serialized) struct PublishTests {
  private static let count = 1500

  @Test func ofABrokerThatGoesAwayItSaysWhatIsConfirmedAndWhereToGoOn() throws {
    let bus = try TestBus()
    let file = try bus.payments(Self.count)
    let publish = try bus.laurel(["publish", file, "--rate", "400"])
    try bus.waitForPayments(200)
    try bus.cluster.setBrokerDown(1)
    let reported = waitUntil(.seconds(3)) { publish.log.contains("--resume") }
    #expect(reported, "\(publish.log)")
    #expect(publish.ending(within: .seconds(5)) == .status(1), "\(publish.log)")
    try bus.cluster.setBrokerUp(1)
    let (confirmed, line) = try report(publish)
    let there = try bus.payments().map(\.id)
    // A record whose confirmation was lost with the connection is on the bus, but not confirmed.
    #expect(confirmed >= 200 && confirmed <= there.count && line > 1 && line <= confirmed + 1)
    #expect(Set((1..<line).map(TestBus.id)).isSubset(of: there), "a skipped event is missing on the bus")

    let rest = try bus.laurel(["publish", file, "--resume", "\(line)"])
    #expect(rest.ending(within: .seconds(20)) == .status(0), "\(rest.log)")
    #expect(Set(try bus.payments().map(\.id)) == Set((1...Self.count).map(TestBus.id)))
  }

  @Test func stoppedItWaitsForWhatItHasSent() throws {
    let bus = try TestBus()
    let file = try bus.payments(Self.count)
    let publish = try bus.laurel(["publish", file, "--rate", "400"])
    try bus.waitForPayments(200)
    #expect(publish.stop() == .status(128 + SIGTERM), "\(publish.log)")
    let (confirmed, line) = try report(publish)
    #expect(try bus.payments().map(\.id) == (1...confirmed).map(TestBus.id))
    #expect(line == confirmed + 1)

    let rest = try bus.laurel(["publish", file, "--resume", "\(line)"])
    #expect(rest.ending(within: .seconds(20)) == .status(0), "\(rest.log)")
    #expect(rest.log.contains("\(Self.count - confirmed) events published"), "\(rest.log)")
    #expect(try bus.payments().map(\.id).sorted() == (1...Self.count).map(TestBus.id).sorted(), "not each event once")
  }

  @Test func aPipeThatIsSilentDoesNotKeepItFromStopping() throws {
    let bus = try TestBus()
    let publish = try bus.laurel(["publish", "-"])
    // By then it has installed its signal handlers.
    let waits = waitUntil(.seconds(20)) { publish.isIdle }
    try #require(waits)
    #expect(publish.stop(within: .seconds(5)) == .status(128 + SIGTERM), "\(publish.log)")
  }

  @Test func aSecondPublishOfAFileIsSaidToBeKnown() throws {
    let bus = try TestBus()
    let file = try bus.payments(3)
    let known = "its first event is on this bus already (billing/"
    let first = try bus.laurel(["publish", file])
    #expect(first.ending(within: .seconds(20)) == .status(0))
    #expect(first.log.contains("3 events published") && !first.log.contains(known), "\(first.log)")
    let second = try bus.laurel(["publish", file])
    #expect(second.ending(within: .seconds(20)) == .status(0))
    #expect(second.log.contains(known), "\(second.log)")
    // Different content under the same id is a different event.
    let other = try bus.payments(3, amount: 7)
    let third = try bus.laurel(["publish", other])
    #expect(third.ending(within: .seconds(20)) == .status(0))
    #expect(!third.log.contains(known), "\(third.log)")
  }

  @Test func aLineBehindTheEndIsRejected() throws {
    let bus = try TestBus()
    let publish = try bus.laurel(["publish", try bus.payments(3), "--resume", "5"])
    #expect(publish.ending(within: .seconds(20)) == .status(1))
    #expect(publish.log.contains("--resume 5: the file has 3 lines"), "\(publish.log)")
  }

  @Test func aMisspeltTypeIsReportedWithItsLine() throws {
    let bus = try TestBus()
    let file = try bus.payments(3)
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let misspelt = text.split(separator: "\n").enumerated().map { index, line in
      index == 1 ? String(line).replacing("payment.settled.v1", with: "payment.setled.v1") : String(line)
    }
    try misspelt.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
    let publish = try bus.laurel(["publish", file])
    #expect(publish.ending(within: .seconds(20)) == .status(0), "\(publish.log)")
    #expect(publish.log.contains(":2: unknown type payment.setled.v1; did you mean payment.settled.v1?"), "\(publish.log)")
    #expect(publish.log.contains("2 events published"), "\(publish.log)")
  }

  // MARK: The clock

  @Test func aBusWithoutAClockGetsTicksOnlyWithYes() throws {
    let bus = try TestBus()
    let file = try bus.payments(1)
    for arguments in [
      ["clock", "advance", "14d"], ["clock", "set", "2026-01-01"], ["publish", file, "--in-order"],
      ["publish", file, "--until", "2026-03-01"],
    ] {
      let rejected = try bus.laurel(arguments)
      #expect(rejected.ending(within: .seconds(20)) == .status(1), "\(arguments)")
      #expect(rejected.log.contains("has no virtual clock") && rejected.log.contains("give --yes"), "\(rejected.log)")
    }
    #expect(try bus.records(.clock).isEmpty && bus.payments().isEmpty)
    let set = try bus.laurel(["clock", "set", "2026-01-01", "--yes"])
    #expect(set.ending(within: .seconds(20)) == .status(0), "\(set.log)")
    // From here on it is a sandbox.
    let advance = try bus.laurel(["clock", "advance", "14d"])
    #expect(advance.ending(within: .seconds(20)) == .status(0) && advance.log.contains("2026-01-15"), "\(advance.log)")
  }

  /// Not even on a bus with a virtual clock, because the events have their own times.
  @Test func aPlainPublishNeverTicks() throws {
    let bus = try TestBus()
    let set = try bus.laurel(["clock", "set", "2020-01-01", "--yes"])
    #expect(set.ending(within: .seconds(20)) == .status(0), "\(set.log)")
    let ticks = try bus.records(.clock).count
    let publish = try bus.laurel(["publish", try bus.payments(3)])
    #expect(publish.ending(within: .seconds(20)) == .status(0), "\(publish.log)")
    #expect(try bus.records(.clock).count == ticks)
    let until = try bus.laurel(["publish", try bus.payments(3), "--until", "2026-03-01"])
    #expect(until.ending(within: .seconds(20)) == .status(0), "\(until.log)")
    #expect(try bus.records(.clock).count == 2 * ticks)
  }

  private func report(_ publish: ServiceProcess) throws -> (confirmed: Int, line: Int) {
    let found = try #require(publish.log.matches(of: /([0-9]+) events? confirmed; .* --resume ([0-9]+)/).last, "\(publish.log)")
    return (try #require(Int(found.output.1)), try #require(Int(found.output.2)))
  }
}

/// Laurel's topics on an in-memory cluster, and a folder for files and logs.
final class TestBus {
  static let partitions: Int32 = 2
  let cluster: MockCluster
  let folder: URL

  init() throws {
    cluster = try MockCluster()
    for topic in Topic.catalogue { try cluster.createTopic(topic.name, partitions: Self.partitions) }
    folder = FileManager.default.temporaryDirectory.appending(path: uniqueName("laurel-publish"), directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func laurel(_ arguments: [String]) throws -> ServiceProcess {
    try ServiceProcess(
      "laurel", name: uniqueName("laurel"), arguments: arguments + ["--bootstrap", cluster.bootstrap], folder: folder)
  }

  static func id(_ line: Int) -> String { "e\(line)" }

  /// Writes a file of payments of one account, which keeps them in order, and returns its path.
  func payments(_ count: Int, amount: Int = 100) throws -> String {
    let file = folder.appending(path: "\(uniqueName("payments")).jsonl")
    let lines = (1...count).map { line in
      #"{"specversion":"1.0","id":"\#(Self.id(line))","source":"/t","type":"payment.settled.v1","program":"bonus","#
        + #""time":"2026-02-01T00:00:00Z","data":{"payment":"p\#(line)","account":"beta","paidAt":"2026-02-01T00:00:00Z","#
        + #""currency":"KZT","lines":[{"sku":"s","kind":"plan","plan":"Basic","amount":\#(amount)}]}}"#
    }
    try (lines.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
    return file.path
  }

  /// The payments on the bus, in order.
  func payments() throws -> [(id: String, offset: Int64)] {
    try records(.billing).map { ($0.header("ce_id") ?? "", $0.offset) }
  }

  func waitForPayments(_ count: Int) throws {
    let come = try waitUntil(.seconds(30)) { try payments().count >= count }
    try #require(come)
  }

  func records(_ topic: Topic) throws -> [Record] {
    let configuration = Configuration(bootstrap: cluster.bootstrap, properties: MockCluster.clientProperties, log: { _ in })
    return try TopicReader(configuration, topics: [topic.name], partitions: Self.partitions).readToEnd()
  }
}
