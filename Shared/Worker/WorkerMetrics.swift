import Contracts
import ServiceKit
import Streaming
import Synchronization

/// The metrics of a worker.
final class WorkerMetrics: Sendable {
  let records, batches, sessionsEnded, transactionsAborted, repeated, handedOver, timersFired, repartitioned, outputs: Counter
  let restoredRows, standbyRows: Counter
  let standbyPartitions, topicPartitions: Gauge
  let batchSeconds, transactionSeconds, batchRecords: Histogram
  private let partitions: Gauge
  private let assigned = Mutex(0)
  private let metrics: Metrics

  init(_ metrics: Metrics) {
    self.metrics = metrics
    records = metrics.counter("laurel_records_total", help: "Records read from input topics.")
    batches = metrics.counter("laurel_batches_total", help: "Batches committed, one transaction each.")
    sessionsEnded = metrics.counter("laurel_sessions_ended_total", help: "Sessions that ended in an error and were started over.")
    transactionsAborted = metrics.counter("laurel_transactions_aborted_total", help: "Transactions aborted and retried.")
    repeated = metrics.counter("laurel_repeated_events_total", help: "Events received again, without effect.")
    handedOver = metrics.counter(
      "laurel_handed_over_total", help: "Internal messages that ran at once instead of going through their topic.")
    timersFired = metrics.counter("laurel_timers_fired_total", help: "Timers fired.")
    repartitioned = metrics.counter(
      "laurel_repartitioned_records_total", help: "Records found on the wrong partition and sent to the right one.")
    outputs = metrics.counter("laurel_outputs_total", help: "Messages written.")
    batchSeconds = metrics.histogram("laurel_batch_seconds", help: "Time to decode, run and encode a batch.")
    transactionSeconds = metrics.histogram("laurel_transaction_seconds", help: "Time from begin to commit of a transaction.")
    batchRecords = metrics.histogram("laurel_batch_records", help: "Records per batch.", buckets: Histogram.counts)
    restoredRows = metrics.counter("laurel_restored_rows_total", help: "Changelog rows read to rebuild state.")
    standbyRows = metrics.counter(
      "laurel_standby_rows_total", help: "Changelog rows read of partitions that others own (--standby).")
    standbyPartitions = metrics.gauge("laurel_standby_partitions", help: "Partitions of others whose changelogs are followed.")
    partitions = metrics.gauge("laurel_assigned_partitions", help: "Partitions that this instance owns.")
    // Compare it with the sum of the gauge above over all instances to find partitions without an owner.
    topicPartitions = metrics.gauge("laurel_partitions", help: "Partitions of every topic: what the instances own together.")
    // Start all series at 0, so that the first dead letter of a reason is a rise and not a new series.
    for reason in DeadLetterReason.allCases { _ = deadLetters(reason) }
  }

  /// Adds to the number of assigned partitions. A thread passes a negative number when it gives partitions back.
  func assign(_ change: Int) {
    assigned.withLock {
      $0 += change
      partitions.set($0)
    }
  }

  func deadLetters(_ reason: DeadLetterReason) -> Counter {
    metrics.counter(
      "laurel_dead_letters_total", help: "Records written to the dead-letter topic.", labels: ["reason": reason.rawValue])
  }

  private func stageEvents(_ event: String) -> Counter {
    metrics.counter(
      "laurel_stage_events_total",
      help: "Events counted by stages because no notice reports them, such as result-without-instruction.",
      labels: ["event": event])
  }

  private func ignored(_ type: String) -> Counter {
    metrics.counter(
      "laurel_ignored_records_total", help: "Tombstones (no type) and events of unknown types.",
      labels: ["type": type])
  }

  private func unknownFields(_ field: UnknownField) -> Counter {
    metrics.counter(
      "laurel_unknown_fields_total", help: "Unknown fields of messages.",
      labels: ["type": field.type, "field": field.field, "source": field.source])
  }

  func lag(_ topic: String, _ partition: Int32) -> Gauge {
    metrics.gauge(
      "laurel_lag_records", help: "Offsets between the position and the end of an input partition.",
      labels: ["topic": topic, "partition": String(partition)])
  }

  func watchedRows(_ kind: String, _ partition: Int32) -> Gauge {
    metrics.gauge(
      "laurel_watched_rows", help: "Rows of a watched kind in a partition's state, such as open-withdrawals.",
      labels: ["kind": kind, "partition": String(partition)])
  }

  func eventTimeLag(_ partition: Int32) -> Gauge {
    metrics.gauge(
      "laurel_event_time_lag_seconds", of: partition,
      "Seconds since the event time of the last event that a partition ran, while more are waiting; 0 when none waits.")
  }

  func timersOverdue(_ partition: Int32) -> Gauge {
    metrics.gauge(
      "laurel_timers_overdue_seconds", of: partition, "Seconds since the earliest unfired timer was due; 0 when none is due.")
  }

  func stopped(_ partition: Int32) -> Gauge {
    metrics.gauge("laurel_partition_stopped", of: partition, "1 while the partition is stopped because messages are missing.")
  }

  func restoreProgress(_ partition: Int32) -> Gauge {
    metrics.gauge("laurel_restore_progress_ratio", of: partition, "Part of the changelog that is restored.")
  }

  func standbyLag(_ partition: Int32) -> Gauge {
    metrics.gauge(
      "laurel_standby_lag_records", of: partition,
      "Offsets between a standby's store and the end of the changelog of a partition.")
  }

  /// Removes only the gauge of the standby, because the session may own the partition by now.
  func forgetStandby(partition: Int32) {
    metrics.remove("laurel_standby_lag_records", labels: ["partition": String(partition)])
  }

  func forget(partition: Int32) { metrics.remove(everySeriesWith: "partition", String(partition)) }

  /// Adds the task's counts since the last call.
  func add(_ now: TaskCounts, since before: TaskCounts) {
    repeated.add(now.repeated - before.repeated)
    for (type, count) in now.ignored { ignored(type).add(count - before.ignored[type, default: 0]) }
    for (field, count) in now.unknownFields { unknownFields(field).add(count - before.unknownFields[field, default: 0]) }
    timersFired.add(now.timersFired - before.timersFired)
    repartitioned.add(now.repartitioned - before.repartitioned)
    for (event, count) in now.stageEvents { stageEvents(event).add(count - before.stageEvents[event, default: 0]) }
    for (reason, count) in now.deadLetters { deadLetters(reason).add(count - before.deadLetters[reason, default: 0]) }
  }
}

extension Metrics {
  fileprivate func gauge(_ name: String, of partition: Int32, _ help: String) -> Gauge {
    gauge(name, help: help, labels: ["partition": String(partition)])
  }
}
