import Contracts
import JSON

/// What is known of an account that may refer, each fact with its day: kind, country and closing are judged as of an event's instant,
/// and a change at that very instant counts (DECISIONS T7).
public struct AccountFacts: Stored, Equatable {
  private static let changesMax = 200

  /// In order of instant; of equal instants, in order of arrival.
  var changes: [Change] = []
  /// The earliest closing.
  public internal(set) var closedAt: Instant?

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

  public mutating func close(at instant: Instant) { closedAt = min(closedAt ?? instant, instant) }

  public func isClosed(at instant: Instant) -> Bool { closedAt.map { $0 <= instant } ?? false }

  public func kind(at instant: Instant) -> AccountKind? { changes.last { $0.at <= instant && $0.kind != nil }?.kind }

  public func country(at instant: Instant) -> Country? { changes.last { $0.at <= instant && $0.country != nil }?.country }

  /// Whether the account may refer and earn at an instant; without a rule anybody may (row C1).
  public func isAdmitted(by eligibility: Eligibility?, at instant: Instant) -> Bool {
    eligibility?.admits(kind: kind(at: instant), country: country(at: instant)) ?? true
  }
}
