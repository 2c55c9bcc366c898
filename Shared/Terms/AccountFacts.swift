import Contracts
import JSON

/// The facts about a possible referrer, each with its instant. An event is judged by the kind, country and closing at its own
/// instant. A change at the same instant counts (DECISIONS T7).
public struct AccountFacts: Stored, Equatable {
  private static let changesMax = 200

  /// In order of instant; at equal instants, in order of arrival.
  var changes: [Change] = []
  public internal(set) var closings = Closings()

  struct Change: Stored, Equatable {
    let at: Instant
    let kind: AccountKind?
    let country: Country?
  }

  public init() {}

  /// Adds the facts of a registration or an update. `nil` means that a fact has not changed.
  public mutating func learn(at instant: Instant, kind: AccountKind?, country: Country?) {
    guard kind != nil || country != nil else { return }
    let place = changes.firstIndex { $0.at > instant } ?? changes.count
    changes.insert(Change(at: instant, kind: kind, country: country), at: place)
    guard changes.count > Self.changesMax else { return }
    // Merge the two oldest changes. This limits the size of the row if a sender is faulty.
    let oldest = changes.removeFirst()
    let next = changes[0]
    changes[0] = Change(at: next.at, kind: next.kind ?? oldest.kind, country: next.country ?? oldest.country)
  }

  public mutating func close(_ closing: AccountClosed) { closings.close(closing) }

  public mutating func reopen(at instant: Instant) { closings.reopen(at: instant) }

  public func kind(at instant: Instant) -> AccountKind? { changes.last { $0.at <= instant && $0.kind != nil }?.kind }

  public func country(at instant: Instant) -> Country? { changes.last { $0.at <= instant && $0.country != nil }?.country }

  /// Whether the account may refer and earn at an instant. Without a rule, any account may (row C1).
  public func isAdmitted(by eligibility: Eligibility?, at instant: Instant) -> Bool {
    eligibility?.admits(kind: kind(at: instant), country: country(at: instant)) ?? true
  }
}
