import Contracts
import JSON

/// A subscription of one of the account's own companies, with its history.
struct OwnSubscription: Stored, Equatable {
  let subscription: SubscriptionID
  var history = History<Ownership>()

  /// A subscription may move to another company.
  struct Ownership: Stored, Equatable {
    let company: CompanyID
    let status: SubscriptionStatus

    var isEnded: Bool { status == .canceled || status == .expired }
  }

  /// Groups subscriptions by every company that they have belonged to.
  static func byCompany(_ subscriptions: [OwnSubscription]) -> [CompanyID: [OwnSubscription]] {
    subscriptions.reduce(into: [:]) { byCompany, subscription in
      for company in Set(subscription.history.entries.map(\.value.company)) {
        byCompany[company, default: []].append(subscription)
      }
    }
  }
}

/// A company of the account. It is known from its first subscription on.
struct Company: Stored, Equatable {
  let company: CompanyID
  /// `nil` if only its closing has arrived.
  var first: FirstSubscription?
  /// A closed company is open again when one of its subscriptions later changes to `active` (DECISIONS B8).
  var isClosed = History<Bool>()

  struct FirstSubscription: Stored, Equatable {
    var at: Instant
    /// Order of arrival, which decides between companies of one instant.
    let number: Int64
  }

  /// Whether a run at this instant knows the company: it needs a subscription dated before the run.
  func isKnown(before instant: Instant) -> Bool { first.map { $0.at < instant } ?? false }

  /// Opens a company that was closed earlier. A subscription change at the very instant of the closing does not.
  mutating func open(at instant: Instant) {
    if isClosed.entry(at: instant)?.at != instant { isClosed.put(false, at: instant) }
  }
}

/// The order in which the user wants its companies to get discounts (row B9), from an instant on.
struct CompanyOrder: Stored, Equatable {
  let at: Instant
  let companies: [CompanyID]
}

/// A company is canceled while it is closed or all its subscriptions are canceled or expired (DECISIONS B8).
struct Cancellation {
  let company: Company
  /// The subscriptions that have belonged to the company.
  let subscriptions: [OwnSubscription]

  enum Cause: String {
    case closed
    case subscriptionsEnded = "subscriptions-ended"
  }

  init(of company: Company, _ subscriptions: [OwnSubscription]) {
    self.company = company
    self.subscriptions = subscriptions.filter { $0.history.entries.contains { $0.value.company == company.company } }
  }

  /// The cause as of an instant, including facts of that very instant. `nil` if the company is not canceled.
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

  /// The cause as of a run, from facts dated before it.
  func cause(before instant: Instant) -> Cause? { cause(at: instant - .milliseconds(1)) }

  /// When the first cancellation within `start..<end` began. A cancellation that already held at `start` but became known only later has
  /// its own instant, before `start`.
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
