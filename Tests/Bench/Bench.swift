import Contracts
import Foundation
import JSON
import Kafka
import TestSupport

/// Loads payments once, then lets a plain loop and accrual work through the same backlog.
struct Bench {
  let payments: Int
  private let broker: KafkaBroker
  private let referees: Int
  private let partitions: Int32
  private let terms: String
  private let prefix = "bench."
  private let folder: URL
  private let clock = ContinuousClock()

  init(broker: KafkaBroker, payments: Int, referees: Int, partitions: Int32, terms: String) throws {
    self.broker = broker
    self.payments = payments
    self.referees = referees
    self.partitions = partitions
    self.terms = terms
    folder = FileManager.default.temporaryDirectory.appending(path: uniqueName("laurel-bench"))
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private var configuration: Configuration { Configuration(bootstrap: broker.bootstrap) }

  static func rate(_ value: Double) -> String {
    let text = String(Int(value.rounded()))
    return String(repeating: " ", count: max(0, 8 - text.count)) + text
  }

  static func ratio(_ value: Double) -> String { String(format: "%8.2f", value) }

  // MARK: The backlog

  /// Topics, bound referees, and payments one minute apart within ten days: no reward matures on the way.
  func load() throws {
    let admin = try Admin(configuration)
    let names = Topic.catalogue.map(\.name) + ["plain.output", "plain.changelog"]
    _ = try admin.createTopics(names.map { Admin.NewTopic(name: prefix + $0, partitions: partitions) })
    let producer = try Producer(configuration, topics: [prefix + "referrals", prefix + "billing"])
    for number in 0..<referees {
      let referee = AccountID("referee-\(number)") ?? "referee"
      let notice = ReferralAttributed(
        referral: ReferralID(referee.value) ?? "referral", referrer: AccountID("referrer-\(number)") ?? "referrer",
        referee: referee,
        code: "CODE", registeredAt: Self.start, attributedAt: Self.start, terms: "bonus@1", because: [])
      try send(notice, id: "r\(number)", producer)
    }
    for number in 0..<payments { try send(payment(number), id: "p\(number)", producer) }
    try producer.flush(timeoutMilliseconds: 120_000)
    print("loaded \(payments) payments of \(referees) referees over \(partitions) partitions")
  }

  private static let start = Contracts.Instant(milliseconds: 1_767_600_000_000)

  private func payment(_ number: Int) -> PaymentSettled {
    let tenDays: Int64 = 864_000_000
    let milliseconds = 60_000 + Int64(number) * tenDays / Int64(max(payments, 1))
    let paidAt = Self.start + .milliseconds(milliseconds)
    return PaymentSettled(
      payment: PaymentID("payment-\(number)") ?? "payment", account: AccountID("referee-\(number % referees)") ?? "referee",
      paidAt: paidAt, currency: "KZT",
      lines: [
        PaymentLine(sku: "plan", kind: .plan, plan: "Corporate", amount: 30_000_000),
        PaymentLine(sku: "service", kind: .service, amount: 10_500_000),
      ])
  }

  private func send<M: Message>(_ message: M, id: String, _ producer: Producer) throws {
    let envelope = Envelope(id: id, source: "/bench", type: M.type, time: message.instant, program: "bonus")
    let key = Array(message.key.utf8)
    try producer.produce(
      topic: prefix + M.topic.name, partition: Kafka.partition(forKey: key, count: partitions), key: key,
      value: JSONEncoding.encode(message), headers: envelope.headers.map { Header(name: $0.0, value: Array($0.1.utf8)) })
  }

  // MARK: The plain loop

  /// Reads the payments and writes two records for each, transactionally, 10,000 a batch.
  func plainLoop() throws -> (rate: Double, seconds: Double) {
    let producer = try TransactionalProducer(
      configuration, transactionalID: "bench-plain", topics: [prefix + "plain.output", prefix + "plain.changelog"])
    try producer.initialise(timeoutMilliseconds: 30_000)
    let consumer = try Consumer(configuration, group: "bench-plain", endEvents: false)
    defer { consumer.close() }
    try consumer.subscribe([prefix + "billing"])
    var seen = 0
    var started: ContinuousClock.Instant?
    var batch: [Record] = []
    while seen < payments {
      switch consumer.poll(timeoutMilliseconds: 100) {
      case .assigned(let assigned): try consumer.assign(assigned.map { ($0, offset: Offset.beginning) })
      case .revoked, .lost: try consumer.unassign()
      case .record(let record):
        if started == nil { started = clock.now }
        batch.append(record)
        seen += 1
      case .end, .error, .nothing: break
      }
      guard batch.count >= 10_000 || seen == payments, !batch.isEmpty else { continue }
      try producer.begin()
      var offsets: [TopicPartition: Int64] = [:]
      for record in batch {
        try producer.produce(
          topic: prefix + "plain.output", partition: record.partition, key: record.key, value: record.value,
          headers: record.headers)
        try producer.produce(topic: prefix + "plain.changelog", partition: record.partition, key: record.key, value: record.value)
        offsets[TopicPartition(topic: record.topic, partition: record.partition)] = record.offset + 1
      }
      try producer.flush(timeoutMilliseconds: 30_000)
      try producer.send(offsets: offsets, consumer.groupMetadata(), timeoutMilliseconds: 30_000)
      try producer.commit(timeoutMilliseconds: 30_000)
      batch.removeAll(keepingCapacity: true)
    }
    let seconds = Self.seconds(clock.now - (started ?? clock.now))
    return (Double(payments) / seconds, seconds)
  }

  // MARK: Accrual

  struct Figures {
    let payments: Double
    let records: Double
    let cpuSeconds: Double
    let megabytes: Int
  }

  /// From its first record to its last, by its own metrics.
  func accrual() throws -> Figures {
    let service = try ServiceProcess("accrual", name: "accrual", arguments: arguments(state: "throughput"), folder: folder)
    defer { _ = service.stop() }
    // Every referral is read once and every payment twice: by Earnings, and as its earning by Ledger.
    let expected = Double(referees + 2 * payments)
    var started: (at: ContinuousClock.Instant, records: Double)?
    var ended: ContinuousClock.Instant?
    let done = waitUntil(.seconds(600)) {
      guard let records = service.metric("laurel_records_total") else { return false }
      if started == nil, records > 0 { started = (clock.now, records) }
      if records >= expected { ended = clock.now }
      return records >= expected || !service.isRunning
    }
    guard done, let started, let ended else { throw BrokerFailure("accrual did not finish:\n\(service.log.suffix(2000))") }
    let seconds = Self.seconds(ended - started.at)
    let records = expected - started.records
    let usage = Self.usage(of: service)
    return Figures(
      payments: records / 2 / seconds, records: records / seconds, cpuSeconds: usage.cpuSeconds, megabytes: usage.megabytes)
  }

  private func arguments(state: String) -> [String] {
    [
      "--bootstrap", broker.bootstrap, "--terms", terms, "--state", folder.appending(path: state).path, "--instance", "bench",
      "--topic-prefix", prefix, "--http", "127.0.0.1:0",
    ]
  }

  /// User and system time, and resident memory, of a running service.
  private static func usage(of service: ServiceProcess) -> (cpuSeconds: Double, megabytes: Int) {
    let stat = (try? String(contentsOfFile: "/proc/\(service.processID)/stat", encoding: .utf8)) ?? ""
    let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
    let ticks = fields.count > 12 ? (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0) : 0
    let statm = (try? String(contentsOfFile: "/proc/\(service.processID)/statm", encoding: .utf8)) ?? ""
    let pages = statm.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return (ticks / Double(sysconf(Int32(_SC_CLK_TCK))), pages * sysconf(Int32(_SC_PAGESIZE)) / (1 << 20))
  }

  // MARK: Latency

  /// From the moment a payment is handed to the producer to the moment a read_committed reader has its notice.
  func latency(rate: Int, seconds: Int) throws -> (p50: Int, p99: Int) {
    let service = try ServiceProcess("accrual", name: "accrual", arguments: arguments(state: "throughput"), folder: folder)
    defer { _ = service.stop() }
    guard waitUntil(.seconds(60), { service.isReady }) else { throw BrokerFailure("accrual is not ready") }
    let reader = try Consumer(configuration, group: "bench-reader", endEvents: true)
    defer { reader.close() }
    try reader.assignByHand(
      (0..<partitions).map { (TopicPartition(topic: prefix + "rewards", partition: $0), offset: Offset.end) })
    var ends = 0
    let ready = waitUntil(.seconds(30)) {
      if case .end = reader.poll(timeoutMilliseconds: 50) { ends += 1 }
      return ends >= Int(partitions)
    }
    guard ready else { throw BrokerFailure("the reader found no end") }
    let producer = try Producer(configuration, topics: [prefix + "billing"])
    var sent: [String: ContinuousClock.Instant] = [:]
    var took: [Double] = []
    let parser = JSONParser()
    let count = rate * seconds
    let begun = clock.now
    var number = 0
    while took.count < count, clock.now - begun < .seconds(seconds + 30) {
      let due = min(count, Int(Self.seconds(clock.now - begun) * Double(rate)) + 1)
      while number < due {
        let payment = payment(payments + number)
        sent[payment.payment.value] = clock.now
        try send(payment, id: "l\(number)", producer)
        number += 1
      }
      guard case .record(let record) = reader.poll(timeoutMilliseconds: 1), let value = record.value,
        record.header("ce_type") == RewardAccrued.type
      else { continue }
      let notice = try parser.decode(RewardAccrued.self, from: value)
      if let from = sent[notice.payment.value] { took.append(Self.seconds(clock.now - from) * 1000) }
    }
    guard took.count == count else { throw BrokerFailure("\(took.count) of \(count) notices came") }
    took.sort()
    return (Int(took[count / 2].rounded()), Int(took[count * 99 / 100].rounded()))
  }

  private static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }
}
