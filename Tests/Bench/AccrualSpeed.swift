import TestSupport

/// One instance of accrual over a backlog of payments.
struct AccrualSpeed {
  let paymentsPerSecond: Double
  let recordsPerSecond: Double
  let cpuSecondsPerMillion: Double
  let memoryBytesMax: Int

  /// Measures from the first progress that `/metrics` shows to the last. Every payment causes two messages: an earning, then a notice.
  static func measure(_ ground: Ground, payments: Int) throws -> AccrualSpeed {
    let service = try ground.startAccrual()
    let total = Double(2 * payments)
    var first: (outputs: Double, records: Double, cpu: Double, at: ContinuousClock.Instant)?
    var last: (outputs: Double, records: Double, at: ContinuousClock.Instant)?
    let done = waitUntil(.seconds(900)) {
      guard let outputs = service.metric("laurel_outputs_total"), outputs > 0,
        let records = service.metric("laurel_records_total")
      else { return !service.isRunning }
      if first == nil { first = (outputs, records, service.cost?.cpuSeconds ?? 0, .now) }
      if outputs > last?.outputs ?? 0 { last = (outputs, records, .now) }
      return outputs >= total
    }
    guard done, service.isRunning, let first, let last, last.outputs > first.outputs, let cost = service.cost else {
      throw BrokerFailure("accrual has made \(last?.outputs ?? 0) of \(total) messages\n\(service.log)")
    }
    let seconds = (last.at - first.at).seconds
    let measured = (last.outputs - first.outputs) / 2
    guard service.stop() == .status(0) else { throw BrokerFailure("accrual did not stop\n\(service.log)") }
    return AccrualSpeed(
      paymentsPerSecond: measured / seconds, recordsPerSecond: (last.records - first.records) / seconds,
      cpuSecondsPerMillion: (cost.cpuSeconds - first.cpu) / measured * 1e6, memoryBytesMax: cost.memoryBytesMax)
  }
}
