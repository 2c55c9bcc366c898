import Contracts
import Foundation
import JSON
import Portal

/// The cost of the portal's read model: notices per second while it catches up, and the time of its queries for an account with few and
/// with many referees. Without Kafka.
struct PortalBench {
  private static let few = 1_000
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("laurel-bench-\(UUID().uuidString)")
  private let parser = JSONParser()
  private let program: ProgramID = "bonus"

  func run(referees: Int) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let few = try fill(Self.few)
    let many = try fill(referees)
    print("catching up      \(figure(many.perSecond)) notices/s of CPU time (\(figure(few.perSecond)) with \(Self.few) referees)")
    print(
      "file             \(many.bytes >> 20) MiB for \(figure(Double(many.notices))) notices; \(many.memory >> 20) MiB of memory at most"
    )
    let few99 = try queries(few.path)
    let many99 = try queries(many.path)
    print("query            p50 and p99 in ms at \(Self.few) referees, p50 and p99 at \(referees), ratio of the p50")
    for (name, small) in few99 {
      guard let large = many99.first(where: { $0.0 == name })?.1 else { continue }
      print(
        name.padding(toLength: 16, withPad: " ", startingAt: 0)
          + String(format: " %7.3f %7.3f %7.3f %7.3f %6.2f", small.p50, small.p99, large.p50, large.p99, large.p50 / small.p50))
    }
  }

  private struct Filled {
    let path: String
    let notices: Int
    let perSecond: Double
    let bytes: Int
    let memory: Int
  }

  /// Every referee of one referrer registers and pays, and its reward is credited.
  private func fill(_ referees: Int) throws -> Filled {
    let path = folder.appendingPathComponent("\(referees).sqlite").path
    let writer = try ModelWriter(path, bus: "bench")
    var notices = 0
    var cpu = 0.0
    var sequence: Int64 = 0
    var balance = Balance(currency: "KZT")
    var batch: [(Topic, [(String, [UInt8])], [UInt8])] = []
    func add(_ notice: some Notice, _ number: Int64) {
      let envelope = Envelope(
        id: "\(notice.key)/\(number)", source: "/laurel/accrual", type: type(of: notice).type, time: notice.instant,
        program: program,
        partitionKey: notice.key, sequence: number)
      batch.append((type(of: notice).topic, envelope.headers.map { ($0.0, Array($0.1.utf8)) }, notice.jsonBytes()))
    }
    func flush() throws {
      let start = Self.cpuSeconds
      for (offset, (topic, headers, value)) in batch.enumerated() {
        var envelope = EnvelopeBytes()
        let change = try withExtendedLifetime(headers) {
          for (name, text) in headers {
            Array(name.utf8).withUnsafeBytes { name in text.withUnsafeBytes { envelope.take(header: name, $0) } }
          }
          return try value.withUnsafeBytes { value in
            try ModelWriter.decode(value, envelope, topic: topic, offset: Int64(offset), only: program, parser)
          }
        }
        if let change { try writer.apply(change) }
      }
      try writer.commit([:])
      cpu += Self.cpuSeconds - start
      notices += batch.count
      batch.removeAll(keepingCapacity: true)
    }
    for number in 0..<referees {
      let referee = AccountID("company-\(number)") ?? "company"
      let at = Instant(milliseconds: 1_767_225_600_000 + Int64(number) * 1_000)
      add(
        ReferralAttributed(
          referral: ReferralID("\(referee)/acme") ?? "r", referrer: "acme", referee: referee, code: "ACME", registeredAt: at,
          attributedAt: at, terms: "bonus@1", because: [Because("code", ["code": "ACME"])]), 1)
      let reward = RewardID("p\(number)/\(referee)/acme/payment") ?? "r"
      balance.pending += 4_050_000
      sequence += 1
      add(
        RewardAccrued(
          reward: reward, referrer: "acme", referee: referee, payment: PaymentID("p\(number)") ?? "p", amount: 4_050_000,
          currency: "KZT", base: 40_500_000, rate: BasisPoints(1000), accruedAt: at, availableAt: at + .days(14),
          balance: balance,
          terms: "bonus@1",
          because: [
            Because("base", ["plan": 40_500_000, "service": 0, "base": 40_500_000]), Because("rate", ["rate": 1000]),
            Because("credit", ["availableAt": "2026-01-20T09:00:00.000Z"]),
          ]), sequence)
      if number.isMultiple(of: 2) {
        balance.pending -= 4_050_000
        balance.available += 4_050_000
        sequence += 1
        add(
          RewardCredited(
            reward: reward, referrer: "acme", amount: 4_050_000, currency: "KZT", creditedAt: at + .days(14), balance: balance,
            terms: "bonus@1", because: [Because("matured", ["after": "14d"])]), sequence)
      }
      if batch.count >= 10_000 { try flush() }
    }
    add(
      CodeIssued(
        request: "c1", account: "acme", code: "ACME", link: "https://doc.example/?ref=ACME",
        at: Instant(milliseconds: 1_767_225_600_000), terms: "bonus@1", because: []), 1)
    try flush()
    let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    return Filled(path: path, notices: notices, perSecond: Double(notices) / cpu, bytes: bytes, memory: Self.peakMemory)
  }

  private func queries(_ path: String) throws -> [(String, (p50: Double, p99: Double))] {
    let model = try ReadModel(path)
    let now = Instant(milliseconds: 1_767_225_600_000)
    func timed(_ name: String, _ body: () throws -> Void) throws -> (String, (p50: Double, p99: Double)) {
      var times: [Double] = []
      for _ in 0..<300 {
        let start = ContinuousClock.now
        try body()
        let (seconds, atto) = (ContinuousClock.now - start).components
        times.append(Double(seconds) * 1_000 + Double(atto) / 1e15)
      }
      times.sort()
      return (name, (times[150], times[297]))
    }
    return [
      try timed("overview") { _ = try model.summary("acme", program, now: now) },
      try timed("invited") { _ = try model.referees("acme", program) },
      try timed("invited, status") { _ = try model.referees("acme", program, status: .earning) },
      try timed("invited, find") { _ = try model.referees("acme", program, find: "company-77") },
      try timed("book") { _ = try model.entries("acme", program, currency: "KZT") },
      try timed("book, page") { _ = try model.entries("acme", program, currency: "KZT", before: "entries.900.") },
      try timed("why") { _ = try model.entry("acme", program, sequence: 700) },
    ]
  }

  private static var cpuSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static var peakMemory: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) << 10
  }
}
