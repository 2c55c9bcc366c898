/// The end of a wait that spans several calls.
struct Deadline {
  private let instant: ContinuousClock.Instant

  init(inMilliseconds milliseconds: Int32) { instant = .now + .milliseconds(milliseconds) }

  var isOver: Bool { .now >= instant }

  /// The time left for the next call. At least 1, because 0 and negative numbers have special meanings in librdkafka.
  var millisecondsLeft: Int32 {
    let left = (instant - .now).components
    return Int32(clamping: max(1, left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000))
  }
}
