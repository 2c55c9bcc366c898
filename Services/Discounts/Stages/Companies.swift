import Contracts
import JSON

/// A subscription of the account's own companies, as it was at each instant.
struct OwnSubscription: Stored, Equatable {
  let subscription: SubscriptionID
  var history = History<Standing>()

  /// A subscription may move to another company.
  struct Standing: Stored, Equatable {
    let company: CompanyID
    let status: SubscriptionStatus

    var isEnded: Bool { status == .canceled || status == .expired }
  }

  /// Under every company that each has belonged to.
  static func byCompany(_ subscriptions: [OwnSubscription]) -> [CompanyID: [OwnSubscription]] {
    subscriptions.reduce(into: [:]) { byCompany, subscription in
      for company in Set(subscription.history.entries.map(\.value.company)) {
        byCompany[company, default: []].append(subscription)
      }
    }
  }
}

/// A company of the account: known by its first subscription.
struct Company: Stored, Equatable {
  let company: CompanyID
  /// nil: only its closing has arrived.
  var first: FirstSubscription?
  var closedAt: Instant?

  struct FirstSubscription: Stored, Equatable {
    var at: Instant
    /// Order of arrival, for companies of one instant.
    let number: Int64
  }

  /// Runs know companies by a subscription dated before them.
  func isKnown(before instant: Instant) -> Bool { first.map { $0.at < instant } ?? false }
}

/// The order in which the user wishes its companies to get discounts (row B9), from an instant on.
struct CompanyOrder: Stored, Equatable {
  let at: Instant
  let companies: [CompanyID]
}

/// A company is canceled when it is closed or when all its subscriptions are canceled or expired (DECISIONS B8).
struct Cancellation {
  let company: Company
  /// Of the account; those of other companies are passed over.
  let subscriptions: [OwnSubscription]

  init(of company: Company, _ subscriptions: [OwnSubscription]) {
    self.company = company
    self.subscriptions = subscriptions.filter { $0.history.entries.contains { $0.value.company == company.company } }
  }

  /// By what is dated up to an instant, that very instant included.
  func holds(at instant: Instant) -> Bool {
    if let closedAt = company.closedAt, closedAt <= instant { return true }
    guard let first = company.first, first.at <= instant else { return false }
    return subscriptions.allSatisfy { subscription in
      guard let standing = subscription.history.entry(at: instant)?.value else { return true }
      return standing.company != company.company || standing.isEnded
    }
  }

  /// By what is dated before a run.
  func holds(before instant: Instant) -> Bool { holds(at: instant - .milliseconds(1)) }

  /// Since when the company is canceled, if it is so at some instant from `start` to before `end`: the first such time. The instant
  /// may be before `start`, when the cancellation was not known then.
  func since(from start: Instant, to end: Instant?) -> Instant? {
    var instants = Set(subscriptions.flatMap { $0.history.entries.map(\.at) })
    if let closedAt = company.closedAt { instants.insert(closedAt) }
    let ordered = instants.sorted()
    guard holds(at: start) else {
      return ordered.first { instant in instant > start && end.map { instant < $0 } ?? true && holds(at: instant) }
    }
    var since = start
    for instant in ordered.reversed() where instant <= start {
      guard holds(at: instant) else { break }
      since = instant
    }
    return since
  }
}
