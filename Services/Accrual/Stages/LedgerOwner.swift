import Contracts
import JSON
import Streaming
import Terms

/// What the ledger knows about its account.
struct Owner: Stored, Equatable {
  var hasRegistered = false
  var closings = Closings()
  /// The latest kind and country, so that judging a current payment does not read the history.
  var kind: AccountKind?
  var kindSince: Instant?
  var country: Country?
  var countrySince: Instant?
}

/// A change of an owner's profile at an instant. An absent field did not change.
struct OwnerChange: Stored, Equatable {
  let at: Instant
  var kind: AccountKind?
  var country: Country?
}

extension Program {
  /// Whether the program judges its ledgers' owners. It does if money can be earned, spent or withdrawn.
  var asksForOwners: Bool { versions.contains { $0.reward != nil || $0.withdrawal != nil || $0.spending != nil } }
}

/// All reasons why an owner may not have the reward of a payment (rows C1, closed; DECISIONS R1, T7).
///
/// - Parameter closedAt: since when the account was closed at the time of the payment.
func reasonsAgainstReferrer(
  paidAt: Instant, closedAt: Instant?, eligibility: Eligibility?, kind: AccountKind?, country: Country?
) -> [(reason: RewardReason, because: Because)] {
  var found: [(reason: RewardReason, because: Because)] = []
  if let closedAt {
    found.append((.accountClosed, Because("account-closed", ["closedAt": "\(closedAt)", "paidAt": "\(paidAt)"])))
  }
  if let eligibility, !eligibility.admits(kind: kind, country: country) {
    found.append((.referrerNotEligible, ineligible(kind: kind, country: country, by: eligibility)))
  }
  return found
}

/// The facts behind `referrer-not-eligible`.
func ineligible(kind: AccountKind?, country: Country?, by eligibility: Eligibility?) -> Because {
  Because(
    "referrer-not-eligible",
    [
      "kind": .text(kind?.rawValue ?? "unknown"), "country": .text(country?.code ?? "unknown"),
      "allowedKinds": eligibility?.allowedKinds, "allowedCountries": eligibility?.allowedCountries,
    ])
}

extension LedgerStage {
  static let owners = Table<NoKey, Owner>("owner")
  static let ownerChanges = Table<Instant, OwnerChange>("owner-change")

  func registered(_ registration: AccountRegistered, _ context: Context<Self>) {
    guard context.program.asksForOwners else { return }
    var owner = context[Self.owners] ?? Owner()
    guard !owner.hasRegistered else { return }
    owner.hasRegistered = true
    context[Self.owners] = owner
    learn(kind: registration.kind, country: registration.country, at: registration.registeredAt, context)
  }

  func updated(_ update: AccountUpdated, _ context: Context<Self>) {
    learn(kind: update.kind, country: update.country, at: update.updatedAt, context)
  }

  private func learn(kind: AccountKind?, country: Country?, at instant: Instant, _ context: Context<Self>) {
    guard context.program.asksForOwners, kind != nil || country != nil else { return }
    var owner = context[Self.owners] ?? Owner()
    var change = context[Self.ownerChanges, instant] ?? OwnerChange(at: instant)
    if let kind {
      change.kind = kind
      if owner.kindSince.map({ $0 <= instant }) ?? true { (owner.kind, owner.kindSince) = (kind, instant) }
    }
    if let country {
      change.country = country
      if owner.countrySince.map({ $0 <= instant }) ?? true { (owner.country, owner.countrySince) = (country, instant) }
    }
    context[Self.ownerChanges, instant] = change
    context[Self.owners] = owner
  }

  func closed(_ closing: AccountClosed, _ context: Context<Self>) { learn(context) { $0.close(closing) } }

  func reopened(_ reopening: AccountReopened, _ context: Context<Self>) { learn(context) { $0.reopen(at: reopening.reopenedAt) } }

  private func learn(_ context: Context<Self>, _ change: (inout Closings) -> Void) {
    guard context.program.asksForOwners else { return }
    var owner = context[Self.owners] ?? Owner()
    change(&owner.closings)
    context[Self.owners] = owner
  }

  /// Since when the owner was banned as of an instant, or nil if it was not banned (DECISIONS, "banned").
  func bannedAt(asOf instant: Instant, _ context: Context<Self>) -> Instant? {
    context[Self.owners]?.closings.bannedAt(asOf: instant)
  }

  /// Kind and country as of an instant, from what is known now. A change at that very instant counts (DECISIONS T7).
  func profile(at instant: Instant, _ context: Context<Self>) -> (kind: AccountKind?, country: Country?) {
    guard let owner = context[Self.owners] else { return (nil, nil) }
    let kindIsLatest = owner.kindSince.map { $0 <= instant } ?? true
    let countryIsLatest = owner.countrySince.map { $0 <= instant } ?? true
    if kindIsLatest, countryIsLatest { return (owner.kind, owner.country) }
    var before: (kind: AccountKind?, country: Country?) = (nil, nil)
    context.forEach(Self.ownerChanges) { change in
      guard change.at <= instant else { return }
      before = (change.kind ?? before.kind, change.country ?? before.country)
    }
    return (kindIsLatest ? owner.kind : before.kind, countryIsLatest ? owner.country : before.country)
  }
}
