import Contracts
import JSON

/// What held from when on: values by the instant at which they came, ascending.
///
/// Events arrive in any order and a run may be held late, so the past has to be known: a value alone would not tell what held at a
/// run's instant.
struct History<Value: JSONCodable & Sendable & Equatable>: Stored, Equatable {
  struct Entry: Stored, Equatable {
    let at: Instant
    let value: Value
  }

  /// More entries than this are folded, the oldest first, as far as no run that may still come can ask for them (``Retention``).
  private static var foldedAbove: Int { 24 }
  /// However close together they are, no more are kept: a row must not grow with what a sender repeats.
  private static var entriesMax: Int { 240 }

  var entries: [Entry] = []

  /// Of two values of one instant the later arrival holds (DECISIONS T1).
  mutating func put(_ value: Value, at instant: Instant) {
    var index = entries.endIndex
    while index > 0, entries[index - 1].at > instant { index -= 1 }
    if index > 0, entries[index - 1].at == instant {
      entries[index - 1] = Entry(at: instant, value: value)
    } else {
      entries.insert(Entry(at: instant, value: value), at: index)
    }
    guard entries.count > Self.foldedAbove, let newest = entries.last?.at else { return }
    let horizon = Retention.horizon(of: newest)
    // The last entry before the horizon stays: it says what held there.
    while entries.count > Self.foldedAbove, entries[1].at <= horizon { entries.removeFirst() }
    while entries.count > Self.entriesMax { entries.removeFirst() }
  }

  /// What held at an instant, what came at that very instant included.
  func entry(at instant: Instant) -> Entry? { entries.last { $0.at <= instant } }
  /// What holds by all that is known.
  var latest: Entry? { entries.last }
}

/// How long the past is kept.
enum Retention {
  /// 14 months: a run that was missed for more than a year still finds its facts.
  static let span = TimeSpan.days(14 * 31)

  /// Before this, facts are folded.
  static func horizon(of instant: Instant) -> Instant { instant - span }
}
