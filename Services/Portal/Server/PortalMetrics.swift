import Contracts
import ServiceKit
import Worker

/// The portal's metrics.
struct PortalMetrics: Sendable {
  let records, unreadable, sessionsEnded, rebuilds, rejectedTokens: Counter
  let gaps, behind, staleSeconds, requestsOpen: Gauge
  let pageSeconds: Histogram

  init(_ metrics: Metrics) {
    records = metrics.counter("laurel_portal_records_total", help: "Records read into the read model.")
    unreadable = metrics.counter("laurel_portal_unreadable_total", help: "Unreadable records, which were skipped.")
    sessionsEnded = metrics.counter(
      "laurel_portal_sessions_ended_total", help: "Number of times that reading from the bus started over.")
    rebuilds = metrics.counter("laurel_portal_rebuilds_total", help: "Number of times that the read model was rebuilt.")
    rejectedTokens = metrics.counter("laurel_portal_rejected_tokens_total", help: "Rejected tokens.")
    gaps = metrics.gauge("laurel_portal_missing_notices", help: "Notices that are missing from the sequence of their numbers.")
    behind = metrics.gauge("laurel_portal_behind_records", help: "Records on the bus that are not in the figures yet.")
    staleSeconds = metrics.gauge(
      "laurel_portal_stale_seconds", help: "Age of the figures; -1 if not all partitions have been read since the start.")
    staleSeconds.set(-1)
    requestsOpen = metrics.gauge(
      "laurel_portal_requests_unsent", help: "Accepted requests that the bus has not confirmed yet.")
    pageSeconds = metrics.histogram("laurel_portal_page_seconds", help: "Time to make a page or an API response.")
  }

  /// Updates the age of the figures.
  func show(_ freshness: Freshness, now: Instant) {
    behind.set(Int(freshness.behind))
    staleSeconds.set(freshness.asOf.map { max(0, Int((now - $0).milliseconds / 1000)) } ?? -1)
  }
}
