import Contracts
import JSON
import Kafka
import TestSupport

/// The time from producing a payment to Kafka until a read_committed reader has its notice.
struct NoticeLatency {
  /// Milliseconds.
  let p50: Double
  let p99: Double

  /// The first second is a warm-up and does not count.
  static func measure(_ ground: Ground, perSecond: Int, seconds: Int) throws -> NoticeLatency {
    let service = try ground.startAccrual()
    guard waitUntil(.seconds(60), { service.isReady }) else { throw BrokerFailure("accrual is not ready\n\(service.log)") }
    let reader = try Consumer(ground.configuration, group: uniqueName("latency"), readCommitted: true)
    defer { reader.close() }
    try reader.assignByHand(
      (0..<ground.partitions).map { (TopicPartition(topic: ground.name(.rewards), partition: $0), offset: Offset.beginning) })
    let parser = JSONParser()
    let total = perSecond * seconds
    let start = ContinuousClock.now
    var sent: [ContinuousClock.Instant] = []
    var latencies: [Double] = []
    var seen = 0
    while seen < total {
      let now = ContinuousClock.now
      guard now - start < .seconds(seconds + 60) else {
        throw BrokerFailure("\(seen) of \(total) notices have arrived\n\(service.log)")
      }
      while sent.count < total, Double(sent.count) < (now - start).seconds * Double(perSecond) {
        try ground.publish(payment: sent.count)
        sent.append(.now)
      }
      guard case .record(let record) = reader.poll(timeoutMilliseconds: 1) else { continue }
      let notice = try parser.decode(RewardAccrued.self, from: record.value ?? [])
      guard let number = Int(notice.payment.value.dropFirst()) else { continue }
      seen += 1
      if number >= perSecond { latencies.append((ContinuousClock.now - sent[number]).seconds * 1000) }
    }
    latencies.sort()
    guard service.stop() == .status(0) else { throw BrokerFailure("accrual did not stop\n\(service.log)") }
    return NoticeLatency(p50: latencies[latencies.count / 2], p99: latencies[latencies.count * 99 / 100])
  }
}
