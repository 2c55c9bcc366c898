import Contracts
import JSON
import Terms

/// The instants of a program's monthly runs (rows B5, B10). The version in force at a run's instant decides the run, including its instant.
struct RunCalendar {
  let program: Program

  /// The first run strictly after an instant, or nil if no later terms have runs.
  ///
  /// - Parameter period: the period of the previous run. A period has one run, so a new version that moves the day within a month must not
  ///   add another.
  func run(after instant: Instant, period held: String?) -> Instant? {
    for (index, version) in program.versions.enumerated() {
      let end = index + 1 < program.versions.count ? program.versions[index + 1].effectiveFrom : nil
      if let end, end <= instant { continue }
      guard let schedule = version.discounts?.schedule else { continue }
      // The first instant of a version may be a run.
      var start = index == 0 ? instant : max(instant, version.effectiveFrom - .milliseconds(1))
      while true {
        let run = schedule.next(after: start)
        // A message cannot carry a later instant.
        guard run <= Instant.range.upperBound else { return nil }
        if let end, run >= end { break }
        if schedule.period(of: run) != held { return run }
        start = run
      }
    }
    return nil
  }
}

/// An account's past and next runs.
struct RunPlan: Stored, Equatable {
  /// The next run, or nil if there is none.
  var next: Instant?
  /// The instant from which `next` was computed: the attribution of the first referee, or the previous run.
  var after: Instant
  /// The period of the previous run.
  var period: String?
  /// The runs from `first` to `last` were held, or skipped while the account was closed. While missed runs are being caught up, this holds
  /// only from `resumesAt` on.
  var first: Instant?
  var last: Instant?
  var resumesAt: Instant?

  /// Starts with the first run after the attribution of the first referee (DECISIONS B5).
  init(attributedAt: Instant, _ calendar: RunCalendar) {
    after = attributedAt
    next = calendar.run(after: attributedAt, period: nil)
  }

  /// Includes another referee. If it was attributed long ago, runs before the first known run were missed and are caught up.
  mutating func include(attributedAt: Instant, _ calendar: RunCalendar) {
    guard let run = calendar.run(after: attributedAt, period: nil) else { return }
    if let first {
      guard run < first else { return }
      resumesAt = resumesAt ?? first
      self.first = run
    } else {
      guard next.map({ run < $0 }) ?? true else { return }
    }
    (after, period, next) = (attributedAt, nil, run)
  }

  /// Computes `next` from the current terms, which may have changed since it was last computed.
  mutating func compute(_ calendar: RunCalendar) {
    next = calendar.run(after: after, period: period)
    guard let resumesAt, let last, next.map({ $0 >= resumesAt }) ?? true else { return }
    self.resumesAt = nil
    after = last
    period = calendar.program.version(at: last).discounts?.schedule.period(of: last)
    next = calendar.run(after: last, period: period)
  }

  /// Records that a run was held.
  mutating func held(_ run: Instant, period: String, _ calendar: RunCalendar) {
    if first == nil { first = run }
    last = max(last ?? run, run)
    (after, self.period) = (run, period)
    compute(calendar)
  }

  mutating func stop() { next = nil }

  /// For a missed run: the later run that has already replaced its assignments. `nil` if that run is still to come.
  func replacement(of run: Instant, period: String, _ calendar: RunCalendar) -> Instant? {
    resumesAt.map { resumesAt in min(calendar.run(after: run, period: period) ?? resumesAt, resumesAt) }
  }
}
