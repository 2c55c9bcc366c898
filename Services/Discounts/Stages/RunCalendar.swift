import Contracts
import JSON
import Terms

/// When the monthly runs of a program are (rows B5, B10): a run follows the version in force at its own instant, also as to when it is.
struct RunCalendar {
  let program: Program

  /// The first run strictly after an instant; nil: no terms in force then hold runs.
  ///
  /// - Parameter period: of the run before. It has had its run; a new version that moves the day within a month must not add one.
  func run(after instant: Instant, period held: String?) -> Instant? {
    for (index, version) in program.versions.enumerated() {
      let end = index + 1 < program.versions.count ? program.versions[index + 1].effectiveFrom : nil
      if let end, end <= instant { continue }
      guard let schedule = version.discounts?.schedule else { continue }
      // The version's own first instant may be a run.
      var start = index == 0 ? instant : max(instant, version.effectiveFrom - .milliseconds(1))
      while true {
        let run = schedule.next(after: start)
        // No message can carry a later instant.
        guard run <= Instant.range.upperBound else { return nil }
        if let end, run >= end { break }
        if schedule.period(of: run) != held { return run }
        start = run
      }
    }
    return nil
  }
}

/// Where an account stands in its runs.
struct RunPlan: Stored, Equatable {
  /// The next one; nil: none will come.
  var next: Instant?
  /// What `next` was reckoned from: the attribution of a first referee, or the run before.
  var after: Instant
  /// The period of the run before.
  var period: String?
  /// The runs from `first` to `last` are held, or passed over while the account was closed, but for those that are being caught up before
  /// `resumesAt`.
  var first: Instant?
  var last: Instant?
  var resumesAt: Instant?

  /// From the first run after the first referee was bound (DECISIONS B5).
  init(attributedAt: Instant, _ calendar: RunCalendar) {
    after = attributedAt
    next = calendar.run(after: attributedAt, period: nil)
  }

  /// A referee was bound, perhaps long ago: runs before the first that is held or planned are missed ones, to be caught up.
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

  /// By the terms as they are now, which may be others than when `next` was reckoned.
  mutating func reckon(_ calendar: RunCalendar) {
    next = calendar.run(after: after, period: period)
    guard let resumesAt, let last, next.map({ $0 >= resumesAt }) ?? true else { return }
    self.resumesAt = nil
    after = last
    period = calendar.program.version(at: last).discounts?.schedule.period(of: last)
    next = calendar.run(after: last, period: period)
  }

  /// The run has been held.
  mutating func held(_ run: Instant, period: String, _ calendar: RunCalendar) {
    if first == nil { first = run }
    last = max(last ?? run, run)
    (after, self.period) = (run, period)
    reckon(calendar)
  }

  mutating func stop() { next = nil }

  /// While missed runs before held ones are caught up: the run that has replaced what this one gives. nil: it is still to come.
  func replacement(of run: Instant, period: String, _ calendar: RunCalendar) -> Instant? {
    resumesAt.map { resumesAt in min(calendar.run(after: run, period: period) ?? resumesAt, resumesAt) }
  }
}
