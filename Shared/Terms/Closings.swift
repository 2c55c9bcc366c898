import Contracts
import JSON

/// When an account was closed, banned and reopened. An event is judged as of its own instant, from what is known on its arrival
/// (DECISIONS T7, "closed", "banned"). Only a reopening ends a ban or a closing, from the reopening's instant on.
public struct Closings: Stored, Equatable {
  private static let changesMax = 200

  enum Kind: String, JSONWord, Sendable {
    case closed, banned, reopened
  }

  struct Change: Stored, Equatable {
    let at: Instant
    let kind: Kind
  }

  /// In order of instant; at equal instants, in order of arrival.
  var changes: [Change] = []

  public init() {}

  public mutating func close(_ closing: AccountClosed) {
    insert(Change(at: closing.closedAt, kind: closing.reason == .banned ? .banned : .closed))
  }

  public mutating func reopen(at instant: Instant) { insert(Change(at: instant, kind: .reopened)) }

  private mutating func insert(_ change: Change) {
    changes.insert(change, at: changes.firstIndex { $0.at > change.at } ?? changes.count)
    guard changes.count > Self.changesMax else { return }
    // Merge the two oldest changes. This limits the size of the row if a sender is faulty.
    let oldest = changes.removeFirst()
    if oldest.kind == .banned, changes[0].kind == .closed { changes[0] = Change(at: changes[0].at, kind: .banned) }
  }

  /// Since when the account had been closed at an instant; `nil` if it was open.
  public func closedAt(asOf instant: Instant) -> Instant? { start(asOf: instant) { $0 != .reopened } }

  /// Since when the account had been banned at an instant; `nil` if it was not.
  public func bannedAt(asOf instant: Instant) -> Instant? { start(asOf: instant) { $0 == .banned } }

  public func isClosed(at instant: Instant) -> Bool { closedAt(asOf: instant) != nil }

  /// The first matching change after the last reopening.
  private func start(asOf instant: Instant, _ counts: (Kind) -> Bool) -> Instant? {
    var start: Instant?
    for change in changes.prefix(while: { $0.at <= instant }) {
      if change.kind == .reopened { start = nil } else if counts(change.kind) { start = start ?? change.at }
    }
    return start
  }
}
