import Contracts
import Foundation
import JSON
import Kafka
import TestSupport

/// The topics of one measurement, with attributed referees.
final class Ground {
  static let referees = 1000
  /// 2026-01-05T09:00:00Z. The virtual clock stays here, so that nothing is credited while accruals are measured.
  private static let start = Instant(milliseconds: 1_767_603_600_000)

  let configuration: Configuration
  let prefix = uniqueName("bench") + "."
  let partitions: Int32
  private let folder: URL
  private let producer: Producer
  private(set) var services: [ServiceProcess] = []

  init(bootstrap: String, partitions: Int32) throws {
    configuration = Configuration(bootstrap: bootstrap, log: { _ in })
    self.partitions = partitions
    folder = FileManager.default.temporaryDirectory.appending(path: "laurel-\(prefix)d", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let own = prefix
    let topics = Topic.catalogue.map { topic in
      Admin.NewTopic(
        name: own + topic.name, partitions: partitions, config: topic.compacted ? ["cleanup.policy": "compact"] : [:])
    }
    let plain = [PlainLoop.output, PlainLoop.changelog].map { Admin.NewTopic(name: own + $0, partitions: partitions) }
    for (name, outcome) in try Admin(configuration).createTopics(topics + plain, replication: 1) where outcome != .done {
      throw BrokerFailure("\(name): \(outcome)")
    }
    producer = try Producer(configuration, topics: [Topic.billing, .referrals, .clock].map { own + $0.name })
    for partition in 0..<partitions { try send(ClockMoved(at: Self.start, partition: Int(partition)), "clock", on: partition) }
    for number in 0..<Self.referees {
      try send(
        ReferralAttributed(
          referral: try id("ref\(number)"), referrer: try id("r\(number)"), referee: try id("e\(number)"), code: "CODE",
          registeredAt: Self.start, attributedAt: Self.start, terms: "bonus@1", because: []), "referral\(number)")
    }
    try flush()
  }

  func name(_ topic: Topic) -> String { prefix + topic.name }

  /// Publishes payments 0..<count. All are on the bus when it returns.
  func publish(_ count: Int) throws {
    for number in 0..<count { try publish(payment: number) }
    try flush()
  }

  func publish(payment number: Int) throws {
    try send(
      PaymentSettled(
        payment: try id("p\(number)"), account: try id("e\(number % Self.referees)"),
        paidAt: Self.start + .seconds(Int64(number % 800_000)), currency: "KZT",
        lines: [PaymentLine(sku: "plan", kind: .plan, plan: "Business", amount: Int64(1000 + number % 1000))]), "p\(number)")
  }

  func flush() throws { try producer.flush(timeoutMilliseconds: 120_000) }

  /// Starts accrual, built beside this program, with its default settings.
  /// - Parameter log: the name of its log file.
  func startAccrual(as log: String = "accrual-1") throws -> ServiceProcess {
    let terms = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "ops/terms")
    let process = try ServiceProcess(
      "accrual", name: log,
      arguments: [
        "--bootstrap", configuration.bootstrap, "--terms", terms.path, "--state", state.path, "--group", "\(prefix)accrual",
        "--topic-prefix", prefix, "--http", "127.0.0.1:0", "--clock", "bus",
      ], folder: folder)
    services.append(process)
    return process
  }

  /// Everything that accrual has written, changelog included: records, and the bytes of their keys, values and headers.
  func writtenByAccrual() throws -> (records: Int, bytes: Int) {
    let reader = try Consumer(configuration, group: "\(prefix)count", endEvents: true)
    defer { reader.close() }
    let places = Topic.written(by: .accrual).flatMap { topic in
      (0..<partitions).map { (TopicPartition(topic: name(topic), partition: $0), offset: Offset.beginning) }
    }
    try reader.assignByHand(places)
    var open = places.count
    var (records, bytes) = (0, 0)
    let deadline = ContinuousClock.now + .seconds(300)
    while open > 0 {
      guard .now < deadline else { throw BrokerFailure("accrual's output could not be read within 300 s") }
      switch reader.poll(timeoutMilliseconds: 100) {
      case .record(let record):
        records += 1
        bytes += record.byteCount + record.headers.reduce(0) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) }
      case .end: open -= 1
      case .error(let error): if error.isFatal { throw error }
      case .assigned, .revoked, .lost, .nothing: break
      }
    }
    return (records, bytes)
  }

  private var state: URL { folder.appending(path: "state") }

  /// Call it only after the instance has stopped.
  func removeState() throws { try FileManager.default.removeItem(at: state) }

  func remove() {
    for process in services { process.kill() }
    try? FileManager.default.removeItem(at: folder)
  }

  private func send<M: Message>(_ message: M, _ id: String, on partition: Int32? = nil) throws {
    let envelope = Envelope(id: id, source: "/bench", type: M.type, time: message.instant, program: "bonus")
    try producer.produce(
      topic: name(M.topic), partition: partition, key: Array(message.key.utf8), value: message.jsonBytes(),
      headers: envelope.headers.map { Header(name: $0.0, value: Array($0.1.utf8)) })
  }

  private func id<Kind>(_ text: String) throws -> Identifier<Kind> {
    guard let id = Identifier<Kind>(text) else { throw BrokerFailure("not an identifier: \(text)") }
    return id
  }
}
