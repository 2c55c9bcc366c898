import Contracts
import JSON

/// When an account was closed, banned and reopened. It is judged as of an event's instant, from what is known on arrival (DECISIONS T7,
/// "closed", "banned"). Only a reopening lifts a ban or a closing, from its own instant on.
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
    // The two oldest changes are merged. This bounds the size of the row against a faulty sender.
    let oldest = changes.removeFirst()
    if oldest.kind == .banned, changes[0].kind == .closed { changes[0] = Change(at: changes[0].at, kind: .banned) }
  }

  /// Since when the account was closed as of an instant, or nil if it was open.
  public func closedAt(asOf instant: Instant) -> Instant? { start(asOf: instant) { $0 != .reopened } }

  /// Since when the account was banned as of an instant, or nil if it was not.
  public func bannedAt(asOf instant: Instant) -> Instant? { start(asOf: instant) { $0 == .banned } }

  public func isClosed(at instant: Instant) -> Bool { closedAt(asOf: instant) != nil }
  public func isBanned(at instant: Instant) -> Bool { bannedAt(asOf: instant) != nil }

  /// The first change that counts since the last reopening.
  private func start(asOf instant: Instant, _ counts: (Kind) -> Bool) -> Instant? {
    var start: Instant?
    for change in changes.prefix(while: { $0.at <= instant }) {
      if change.kind == .reopened { start = nil } else if counts(change.kind) { start = start ?? change.at }
    }
    return start
  }
}
