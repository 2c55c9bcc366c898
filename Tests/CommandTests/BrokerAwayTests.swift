import Contracts
import Foundation
import Kafka
import TestSupport
import Testing

@testable import BusCommands

/// Every command reports within 3 s, in plain words, that no broker answers.
@Suite(.serialized) struct BrokerAwayTests {
  private static let demo = "\(Example.demo)/bonus.jsonl"

  @Test(arguments: [
    ["topics", "list"], ["clock", "show"], ["clock", "advance", "1d"], ["verify"], ["dead-letters", "list"],
    ["dead-letters", "replay", "--all-open"], ["publish", demo], ["publish", demo, "--in-order"],
    ["tail", "--until-quiet", "1"], ["dev", "--terms", Example.terms],
  ])
  func aCommandThatHasAnEndStops(_ arguments: [String]) throws {
    let folder = try Folder()
    let process = try ServiceProcess(
      "laurel", name: "laurel", arguments: arguments + ["--bootstrap", "127.0.0.1:1"], folder: folder.url)
    let reported = waitUntil(.seconds(3)) { process.log.contains("cannot connect to 127.0.0.1:1: connection refused") }
    #expect(reported, "\(process.log)")
    // A command that creates topics waits a minute for a broker that is starting.
    guard arguments[0] != "dev" else { return }
    #expect(process.ending(within: .seconds(3)) == .status(1), "\(process.log)")
    #expect(!process.log.contains("(_"), "\(process.log)")
  }

  /// The broker may be slow, so the command waits, but for a limited time.
  @Test func aBrokerThatIsSilentIsReportedOfAndGivenUpLater() throws {
    let folder = try Folder()
    let silent = try SilentPort()
    let process = try ServiceProcess(
      "laurel", name: "laurel", arguments: ["topics", "list", "--bootstrap", "127.0.0.1:\(silent.port)"], folder: folder.url)
    let reported = waitUntil(.seconds(4)) { process.log.contains("waiting for the broker: cannot connect to 127.0.0.1") }
    #expect(reported && process.isRunning, "\(process.log)")
    #expect(process.ending(within: .seconds(15)) == .status(1), "\(process.log)")
    #expect(process.log.contains("no answer") && !process.log.contains("(_"), "\(process.log)")
  }

  @Test func tailWaitsAndGoesOn() throws {
    let bus = try TestBus()
    try bus.cluster.setBrokerDown(1)
    let tail = try bus.laurel(["tail", "billing", "--json", "--from-beginning"])
    let waits = waitUntil(.seconds(3)) { tail.log.contains("waiting for the broker: cannot connect to") }
    #expect(waits, "\(tail.log)")
    try bus.cluster.setBrokerUp(1)
    try publish(bus, "p1")
    let first = waitUntil(.seconds(20)) { tail.log.contains(#""payment":"p1""#) }
    try #require(first, "\(tail.log)")
    try bus.cluster.setBrokerDown(1)
    let reported = waitUntil(.seconds(3)) { tail.log.contains("lost the connection to") }
    #expect(reported, "\(tail.log)")
    try bus.cluster.setBrokerUp(1)
    try publish(bus, "p2")
    let second = waitUntil(.seconds(20)) { tail.log.contains(#""payment":"p2""#) }
    let answers = waitUntil(.seconds(5)) { tail.log.contains("the broker answers again") }
    #expect(second && answers, "\(tail.log)")
    #expect(tail.stop() == .status(0), "\(tail.log)")
    #expect(!tail.log.contains("(_"), "\(tail.log)")
  }

  private func publish(_ bus: TestBus, _ payment: String) throws {
    let producer = try Producer(
      Configuration(bootstrap: bus.cluster.bootstrap, properties: MockCluster.clientProperties, log: { _ in }),
      topics: ["billing"])
    let message = PaymentSettled(
      payment: try #require(PaymentID(payment)), account: "beta", paidAt: Instant(milliseconds: 1_767_603_600_000),
      currency: "KZT",
      lines: [PaymentLine(sku: "plan", kind: .plan, plan: "Basic", amount: 100)])
    let envelope = Envelope(id: payment, source: "/t", type: PaymentSettled.type, time: nil, program: "bonus")
    try producer.produce(
      topic: "billing", key: Array("beta".utf8), value: message.jsonBytes(),
      headers: envelope.headers.map { Header(name: $0.0, value: Array($0.1.utf8)) })
    try producer.flush(timeoutMilliseconds: 20_000)
  }

  // MARK: Words

  @Test func errorsOfTheLibraryAreReportedInWords() throws {
    let quiet = { @Sendable (_: Kafka.LogLine) in }
    let silence = #expect(throws: KafkaError.self) {
      try Admin(Configuration(bootstrap: "127.0.0.1:1", log: quiet)).reachBroker(timeoutMilliseconds: 100)
    }
    let words = try #require(silence).plainWords
    #expect(["the broker stopped answering", "the connection to the broker was lost"].contains(words))
    let bus = try TestBus()
    // MSG_SIZE_TOO_LARGE
    bus.cluster.pushErrors(.produce, [10])
    let publish = try bus.laurel(["publish", try bus.payments(1)])
    #expect(publish.ending(within: .seconds(60)) == .status(1), "\(publish.log)")
    #expect(publish.log.contains("the broker rejects it: ") && publish.log.contains("--resume 1"), "\(publish.log)")
    #expect(!publish.log.contains("Broker:") && !publish.log.contains("MSG_SIZE"), "\(publish.log)")
  }

  @Test(arguments: [
    (
      "[thrd:localhost:9092/bootstrap]: localhost:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused "
        + "(after 0ms in state CONNECT)", "connection refused. Is Kafka running?", true
    ),
    (
      "[thrd:nowhere:9092/bootstrap]: nowhere:9092/bootstrap: Failed to resolve 'nowhere:9092': Name or service not known "
        + "(after 3ms in state CONNECT)", "unknown host name", true
    ),
    ("[thrd:a:9092/1]: a:9092/1: 3 request(s) timed out: disconnect (after 61001ms in state UP)", "no answer", false),
    ("", "no answer", false),
    (
      "[thrd:sasl_ssl://k:9093/bootstrap]: sasl_ssl://k:9093/bootstrap: SASL authentication error: Authentication failed "
        + "(after 7ms in state AUTH_REQ)", "SASL authentication error: Authentication failed", true
    ),
  ])
  func faultOfAConnection(_ line: String, _ text: String, _ isCertain: Bool) {
    let fault = ConnectionFault(line)
    #expect(fault.text == text)
    #expect(fault.isCertain == isCertain)
  }
}

/// Accepts connections and never answers.
private final class SilentPort {
  let port: UInt16
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let listens = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    try #require(listens)
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(descriptor) }
}
