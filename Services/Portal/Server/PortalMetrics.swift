import Contracts
import PortalModel
import ServiceKit
import Worker

/// What the portal says of itself at /metrics.
public struct PortalMetrics: Sendable {
  let records, unreadable, sessionsEnded, rebuilds, refusedTokens: Counter
  let gaps, behind, staleSeconds, requestsOpen: Gauge
  let pageSeconds: Histogram

  public init(_ metrics: Metrics) {
    records = metrics.counter("laurel_portal_records_total", help: "Records read into the read model.")
    unreadable = metrics.counter("laurel_portal_unreadable_total", help: "Records that could not be read and were left out.")
    sessionsEnded = metrics.counter("laurel_portal_sessions_ended_total", help: "Times that reading from the bus started over.")
    rebuilds = metrics.counter("laurel_portal_rebuilds_total", help: "Times that the read model was built anew.")
    refusedTokens = metrics.counter("laurel_portal_refused_tokens_total", help: "Tokens that opened nothing.")
    gaps = metrics.gauge("laurel_portal_missing_notices", help: "Notices whose number was skipped and that have not come.")
    behind = metrics.gauge("laurel_portal_behind_records", help: "Records on the bus that are not in the figures yet.")
    staleSeconds = metrics.gauge(
      "laurel_portal_stale_seconds", help: "Age of the figures; -1: not all have been read since the start.")
    staleSeconds.set(-1)
    requestsOpen = metrics.gauge(
      "laurel_portal_requests_unsent", help: "Requests that were taken and that the bus has not confirmed.")
    pageSeconds = metrics.histogram("laurel_portal_page_seconds", help: "Time to make a page or an answer.")
  }

  /// How old the figures are.
  func show(_ freshness: Freshness, now: Instant) {
    behind.set(Int(freshness.behind))
    staleSeconds.set(freshness.asOf.map { max(0, Int((now - $0).milliseconds / 1000)) } ?? -1)
  }
}
