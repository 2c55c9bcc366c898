import Contracts
import Streaming

/// Exports once a second how late the tasks are and how many rows they hold, because ages grow even while nothing happens.
struct TaskReport {
  private var due = ContinuousClock.now

  mutating func log(of tasks: [AssignedPartition], _ metrics: WorkerMetrics) {
    guard ContinuousClock.now >= due else { return }
    due = .now + .seconds(1)
    let now = Contracts.Instant.now
    for task in tasks {
      task.reportLags()
      metrics.eventTimeLag(task.number).set(task.eventTimeLag(at: now).seconds)
      metrics.timersOverdue(task.number).set(task.timersOverdue(at: now).seconds)
      for (kind, count) in task.stages.watchedRows { metrics.watchedRows(kind, task.number).set(Double(count)) }
    }
  }
}

// Uses system time. A bus with a virtual clock is never late.
extension AssignedPartition {
  fileprivate func eventTimeLag(at now: Contracts.Instant) -> TimeSpan {
    guard !stages.isVirtual, let lastEventTime, inputs.contains(where: { $0.lag.value > 0 }) else { return .zero }
    return max(.zero, now - lastEventTime)
  }

  fileprivate func timersOverdue(at now: Contracts.Instant) -> TimeSpan {
    guard !stages.isVirtual, let due = stages.nextDue else { return .zero }
    return max(.zero, now - due)
  }
}

extension TimeSpan {
  fileprivate var seconds: Double { Double(milliseconds) / 1000 }
}
