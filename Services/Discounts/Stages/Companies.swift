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
  /// Closed, and open again from a later change of one of its subscriptions to `active` on (DECISIONS B8).
  var isClosed = History<Bool>()

  struct FirstSubscription: Stored, Equatable {
    var at: Instant
    /// Order of arrival, for companies of one instant.
    let number: Int64
  }

  /// Runs know companies by a subscription dated before them.
  func isKnown(before instant: Instant) -> Bool { first.map { $0.at < instant } ?? false }

  /// Opens a company that was closed before; a change of the closing's own instant is no later one.
  mutating func open(at instant: Instant) {
    if isClosed.entry(at: instant)?.at != instant { isClosed.put(false, at: instant) }
  }
}

/// The order in which the user wishes its companies to get discounts (row B9), from an instant on.
struct CompanyOrder: Stored, Equatable {
  let at: Instant
  let companies: [CompanyID]
}

/// A company is canceled while it is closed or all its subscriptions are canceled or expired (DECISIONS B8).
struct Cancellation {
  let company: Company
  /// Of the account; those of other companies are passed over.
  let subscriptions: [OwnSubscription]

  enum Cause: String {
    case closed
    case subscriptionsEnded = "subscriptions-ended"
  }

  init(of company: Company, _ subscriptions: [OwnSubscription]) {
    self.company = company
    self.subscriptions = subscriptions.filter { $0.history.entries.contains { $0.value.company == company.company } }
  }

  /// By what is dated up to an instant, that very instant included; nil: it is not canceled.
  func cause(at instant: Instant) -> Cause? {
    if company.isClosed.entry(at: instant)?.value ?? false { return .closed }
    guard let first = company.first, first.at <= instant else { return nil }
    let areEnded = subscriptions.allSatisfy { subscription in
      guard let standing = subscription.history.entry(at: instant)?.value else { return true }
      return standing.company != company.company || standing.isEnded
    }
    return areEnded ? .subscriptionsEnded : nil
  }

  func holds(at instant: Instant) -> Bool { cause(at: instant) != nil }

  /// By what is dated before a run.
  func cause(before instant: Instant) -> Cause? { cause(at: instant - .milliseconds(1)) }

  /// Since when the company is canceled, if it is so at some instant from `start` to before `end`: the first such time. The instant
  /// may be before `start`, when the cancellation was not known then.
  func since(from start: Instant, to end: Instant?) -> (at: Instant, cause: Cause)? {
    let instants = subscriptions.flatMap { $0.history.entries.map(\.at) } + company.isClosed.entries.map(\.at)
    let ordered = Set(instants).sorted()
    var since = start
    if holds(at: start) {
      for instant in ordered.reversed() where instant <= start {
        guard holds(at: instant) else { break }
        since = instant
      }
    } else {
      guard let first = ordered.first(where: { instant in instant > start && holds(at: instant) }),
        end.map({ first < $0 }) ?? true
      else { return nil }
      since = first
    }
    return cause(at: since).map { (since, $0) }
  }
}
