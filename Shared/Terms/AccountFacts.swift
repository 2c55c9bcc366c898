import Contracts
import JSON

/// What is known of an account that may refer, each fact with its day: kind, country and closing are judged as of an event's instant,
/// and a change at that very instant counts (DECISIONS T7).
public struct AccountFacts: Stored, Equatable {
  private static let changesMax = 200

  /// In order of instant; of equal instants, in order of arrival.
  var changes: [Change] = []
  public internal(set) var closings = Closings()

  struct Change: Stored, Equatable {
    let at: Instant
    let kind: AccountKind?
    let country: Country?
  }

  public init() {}

  /// What a registration or an update says; what it does not name stays as it was.
  public mutating func learn(at instant: Instant, kind: AccountKind?, country: Country?) {
    guard kind != nil || country != nil else { return }
    let place = changes.firstIndex { $0.at > instant } ?? changes.count
    changes.insert(Change(at: instant, kind: kind, country: country), at: place)
    guard changes.count > Self.changesMax else { return }
    // The two oldest become one: a row must not grow with what a sender repeats.
    let oldest = changes.removeFirst()
    let next = changes[0]
    changes[0] = Change(at: next.at, kind: next.kind ?? oldest.kind, country: next.country ?? oldest.country)
  }

  public mutating func close(_ closing: AccountClosed) { closings.close(closing) }

  public mutating func reopen(at instant: Instant) { closings.reopen(at: instant) }

  public func kind(at instant: Instant) -> AccountKind? { changes.last { $0.at <= instant && $0.kind != nil }?.kind }

  public func country(at instant: Instant) -> Country? { changes.last { $0.at <= instant && $0.country != nil }?.country }

  /// Whether the account may refer and earn at an instant; without a rule anybody may (row C1).
  public func isAdmitted(by eligibility: Eligibility?, at instant: Instant) -> Bool {
    eligibility?.admits(kind: kind(at: instant), country: country(at: instant)) ?? true
  }
}
