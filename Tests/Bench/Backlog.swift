import Contracts
import TestSupport

/// One instance of accrual that was stopped while payments arrived: the memory that it needs to catch up, and whether it slows down.
struct Backlog {
  let payments: Int
  let seconds: Double
  /// Payments per second during the first and the last tenth of the messages.
  let firstTenth: Double
  let lastTenth: Double
  /// Peak memory until the first tenth was done, and until the end.
  let earlyBytesMax: Int
  let memoryBytesMax: Int

  var perSecond: Double { Double(payments) / seconds }

  /// Measures from the start of the process to its last message. Every payment causes two: an earning, then a notice.
  static func measure(_ ground: Ground, payments: Int, limit: Duration = .seconds(3600)) throws -> Backlog {
    let started = ContinuousClock.now
    let service = try ground.startAccrual()
    let total = Double(2 * payments)
    var samples: [(outputs: Double, at: Double, bytes: Int)] = []
    let done = waitUntil(limit) {
      guard let outputs = service.metric("laurel_outputs_total"), let cost = service.cost else { return !service.isRunning }
      if outputs > samples.last?.outputs ?? 0 {
        samples.append((outputs, (ContinuousClock.now - started).seconds, cost.memoryBytesMax))
      }
      return outputs >= total
    }
    guard done, service.isRunning, let first = samples.first, let last = samples.last, samples.count >= 5 else {
      throw BrokerFailure(
        "accrual has made \(samples.last?.outputs ?? 0) of \(total) messages, seen \(samples.count) times\n\(service.log.suffix(4000))"
      )
    }
    func sample(from outputs: Double) -> (outputs: Double, at: Double, bytes: Int) {
      samples.first { $0.outputs >= outputs } ?? last
    }
    let early = sample(from: total / 10)
    let late = sample(from: total * 0.9)
    let backlog = Backlog(
      payments: payments, seconds: last.at,
      firstTenth: (early.outputs - first.outputs) / 2 / max(early.at - first.at, 0.001),
      lastTenth: (last.outputs - late.outputs) / 2 / max(last.at - late.at, 0.001), earlyBytesMax: early.bytes,
      memoryBytesMax: service.cost?.memoryBytesMax ?? last.bytes)
    guard service.stop() == .status(0) else { throw BrokerFailure("accrual did not stop\n\(service.log.suffix(4000))") }
    return backlog
  }
}

/// Rebuilds the state of one instance of accrual from its changelog.
struct Restore {
  let rows: Int
  /// Time to read and write the rows, summed over partitions and threads, as the service logs it.
  let seconds: Double
  /// From the start of the process until it is ready.
  let readySeconds: Double
  let progressLines: Int
  let memoryBytesMax: Int

  /// - Parameter ground: its payments are processed, and its instance is stopped.
  static func measure(_ ground: Ground) throws -> Restore {
    try ground.removeState()
    let started = ContinuousClock.now
    let service = try ground.startAccrual(as: "restored")
    guard waitUntil(.seconds(1800), { service.isReady || !service.isRunning }), service.isRunning else {
      throw BrokerFailure("accrual is not ready\n\(service.log.suffix(4000))")
    }
    let ready = (ContinuousClock.now - started).seconds
    let lines = service.lines
    let restored = lines.filter { $0["message"] as? String == "state restored" }
    let result = Restore(
      rows: restored.compactMap { $0["rows"] as? Int }.reduce(0, +),
      seconds: restored.compactMap { $0["seconds"] as? Double }.reduce(0, +), readySeconds: ready,
      progressLines: lines.count { $0["message"] as? String == "restoring state" },
      memoryBytesMax: service.cost?.memoryBytesMax ?? 0)
    guard service.stop() == .status(0) else { throw BrokerFailure("accrual did not stop\n\(service.log.suffix(4000))") }
    guard result.rows > 0, result.seconds > 0 else { throw BrokerFailure("nothing was restored\n\(service.log.suffix(4000))") }
    return result
  }
}
