/// What a session has run since its last commit.
struct OpenBatch {
  var records = 0
  var bytes = 0
  var timers = 0
  var since: ContinuousClock.Instant?
  /// Spent on running it.
  var spent = Duration.zero

  var isEmpty: Bool { since == nil }
}
