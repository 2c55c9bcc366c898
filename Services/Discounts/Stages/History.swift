import Contracts
import JSON

/// A value that changes over time: each value with the instant from which it holds, ascending.
///
/// Events arrive in any order and a run may be held late, so the present value is not enough: a run needs the value as of its own instant.
struct History<Value: JSONCodable & Sendable & Equatable>: Stored, Equatable {
  struct Entry: Stored, Equatable {
    let at: Instant
    let value: Value
  }

  /// Above this count the oldest entries are removed, as far as no future run can need them (``Retention``).
  private static var foldedAbove: Int { 24 }
  /// The maximum, even if all entries are recent. It bounds the size of the row against a faulty sender.
  private static var entriesMax: Int { 240 }

  var entries: [Entry] = []

  /// Adds a value. Of two values of one instant, the later arrival holds (DECISIONS T1).
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
    // The last entry before the horizon stays, because it holds at the horizon.
    while entries.count > Self.foldedAbove, entries[1].at <= horizon { entries.removeFirst() }
    while entries.count > Self.entriesMax { entries.removeFirst() }
  }

  /// The entry that holds at an instant, including one of that very instant.
  func entry(at instant: Instant) -> Entry? { entries.last { $0.at <= instant } }
  /// The entry that holds by everything that is known.
  var latest: Entry? { entries.last }
}

/// How long past facts are kept.
enum Retention {
  /// 14 months, so that a run that is held more than a year late still finds its facts.
  static let span = TimeSpan.days(14 * 31)

  /// Facts before this instant may be removed.
  static func horizon(of instant: Instant) -> Instant { instant - span }
}
