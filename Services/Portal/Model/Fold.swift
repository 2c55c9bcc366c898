import Contracts
import JSON
import SQLite

/// The changes that each message makes to the read model: one closure per type.
struct Fold {
  let writer: ModelWriter
  let statements: Statements
  let place: ModelWriter.Place
  /// The data as JSON, for types that keep it.
  let body: [UInt8]

  /// The types that the read model uses. It ignores other types.
  static let byType: [String: any Decoder] = {
    var folds = Folds()
    folds.on(AccountLabeled.self) { fold, it in
      try fold.statements.label.run(fold.owner(), it.label, it.labeledAt.milliseconds)
    }
    referrals(&folds)
    rewards(&folds)
    discounts(&folds)
    withdrawals(&folds)
    return folds.byType
  }()

  struct Folds {
    var byType: [String: any Decoder] = [:]

    mutating func on<Taken: Message>(_ type: Taken.Type, _ take: @escaping @Sendable (Fold, Taken) throws -> Void) {
      byType[Taken.type] = DecoderOf(take: take)
    }
  }

  /// Decodes the data of one type.
  protocol Decoder: Sendable {
    func decode(_ data: JSONValue) throws(JSONError) -> Effect
  }

  private struct DecoderOf<Taken: Message>: Decoder {
    let take: @Sendable (Fold, Taken) throws -> Void

    func decode(_ data: JSONValue) throws(JSONError) -> Effect {
      let message = try Taken(json: data)
      return Effect { fold in try take(fold, message) }
    }
  }

  /// The change that a decoded message makes.
  struct Effect {
    let apply: (Fold) throws -> Void
  }

  /// The owner that the message is about, from its key.
  func owner() throws -> Int64 { try writer.owner(place.key, place.program) }
  func owner(_ account: AccountID) throws -> Int64 { try writer.owner(account.value, place.program) }
  /// Orders messages of one key: the sequence of a notice, otherwise the offset.
  var number: Int64 { place.sequence ?? place.offset }

  // MARK: Referrals

  private static func referrals(_ folds: inout Folds) {
    folds.on(CodeIssued.self) { fold, it in
      try fold.statements.code.run(fold.owner(), it.code.value, it.link, it.at.milliseconds)
      try fold.step(it.request, at: it.at)
    }
    folds.on(CodeDeclined.self) { fold, it in try fold.step(it.request, at: it.at, it.reasons.map(\.rawValue)) }
    folds.on(ClickCounted.self) { fold, _ in try fold.statements.click.run(fold.owner(), Int64(1), Int64(0)) }
    folds.on(ClickRejected.self) { fold, _ in try fold.statements.click.run(fold.owner(), Int64(0), Int64(1)) }
    folds.on(ReferralAttributed.self) { fold, it in
      try fold.statements.attributed.run(fold.owner(it.referrer), it.referee.value, it.registeredAt.milliseconds, fold.number)
    }
    folds.on(ReferralEnded.self) { fold, it in
      try fold.statements.ended.run(fold.owner(it.referrer), it.referee.value, fold.number)
    }
    folds.on(ReferralRejected.self) { fold, it in
      // Without a referrer there is no list to add it to.
      guard let referrer = it.referrer else { return }
      try fold.statements.rejected.run(
        fold.owner(referrer), it.referee.value, it.at.milliseconds, it.reasons.map(\.rawValue).joined(separator: " "))
    }
  }

  // MARK: The account book

  private static func rewards(_ folds: inout Folds) {
    folds.on(RewardAccrued.self) { fold, it in
      let owner = try fold.entry(it.balance, at: it.accruedAt)
      try fold.statements.accrued.run(
        owner, it.reward.value, it.referee.value, it.currency.code, it.amount, it.availableAt.milliseconds)
      try fold.statements.earning.run(owner, it.referee.value)
    }
    folds.on(RewardDeclined.self) { fold, it in _ = try fold.entry(nil, at: it.at) }
    folds.on(RewardCredited.self) { fold, it in
      let owner = try fold.entry(it.balance, at: it.creditedAt)
      try fold.statements.credited.run(owner, it.reward.value, it.creditedAt.milliseconds)
    }
    folds.on(RewardUnlocked.self) { fold, it in
      try fold.statements.unlocked.run(fold.entry(it.balance, at: it.at), it.reward.value)
    }
    folds.on(RewardFrozen.self) { fold, it in
      try fold.held(it.reward, true, of: fold.entry(it.balance, at: it.at))
    }
    folds.on(RewardUnfrozen.self) { fold, it in
      // One of several causes may have ended. The notice lists the others.
      let owner = try fold.entry(it.balance, at: it.at)
      try fold.held(it.reward, it.because.contains { $0["causes"].map { $0 != .list([]) } ?? false }, of: owner)
    }
    folds.on(RewardAdjusted.self) { fold, it in
      try fold.statements.delta.run(fold.entry(it.balance, at: it.at), it.reward.value, it.delta)
    }
    folds.on(RewardReversed.self) { fold, it in
      try fold.statements.delta.run(fold.entry(it.balance, at: it.at), it.reward.value, it.delta)
    }
    folds.on(RewardRestored.self) { fold, it in
      let owner = try fold.entry(it.balance, at: it.at)
      try fold.statements.delta.run(owner, it.reward.value, it.delta)
      // A reward that was 0 has lost its causes without a notice. If it is held again, a notice follows.
      if it.delta == it.amount { try fold.held(it.reward, false, of: owner) }
    }
    folds.on(BonusReserved.self) { fold, it in try fold.entry(it.balance, at: it.at, of: it.request) }
    folds.on(BonusCaptured.self) { fold, it in try fold.entry(it.balance, at: it.at, of: it.request) }
    folds.on(BonusReleased.self) { fold, it in try fold.entry(it.balance, at: it.at, of: it.request) }
    folds.on(BonusReturned.self) { fold, it in try fold.entry(it.balance, at: it.at, of: it.request) }
    folds.on(BonusDeclined.self) { fold, it in
      try fold.entry(nil, at: it.at, of: it.request, it.reasons.map(\.rawValue))
    }
    folds.on(BalanceCorrected.self) { fold, it in _ = try fold.entry(it.balance, at: it.at) }
    folds.on(WithdrawalReserved.self) { fold, it in try fold.entry(it.balance, at: it.at, of: it.request) }
    folds.on(WithdrawalReleased.self) { fold, it in try fold.entry(it.balance, at: it.at, of: it.request) }
    folds.on(WithdrawalBooked.self) { fold, it in try fold.entry(it.balance, at: it.at, of: it.request) }
    folds.on(WithdrawalRestored.self) { fold, it in try fold.entry(it.balance, at: it.at, of: it.request) }
  }

  private func held(_ reward: RewardID, _ isHeld: Bool, of owner: Int64) throws {
    try statements.held.run(owner, reward.value, isHeld, number)
  }

  /// Adds the notice to the account book.
  private func entry(_ balance: Balance?, at instant: Instant) throws -> Int64 {
    let owner = try owner()
    try statements.entry.run(
      owner, balance?.currency.code ?? "", number, instant.milliseconds, place.type, body)
    return owner
  }

  /// Adds a notice about a request to the account book and to the request.
  private func entry(_ balance: Balance?, at instant: Instant, of request: RequestID, _ reasons: [String] = []) throws {
    _ = try entry(balance, at: instant)
    try step(request, at: instant, reasons)
  }

  // MARK: Discounts

  private static func discounts(_ folds: inout Folds) {
    folds.on(OfferOpened.self) { fold, it in
      try fold.offer(it.offer, it.percent, it.plans, it.expiresAt, .open)
    }
    folds.on(OfferUsed.self) { fold, it in
      try fold.offer(it.offer, it.percent, it.plans, it.expiresAt, .used)
    }
    folds.on(OfferExpired.self) { fold, it in
      try fold.offer(it.offer, it.percent, it.plans, it.expiresAt, .expired)
    }
    folds.on(ReferralActivated.self) { fold, it in
      try fold.statements.active.run(fold.owner(), it.referee.value, true, fold.number)
    }
    folds.on(ReferralDeactivated.self) { fold, it in
      try fold.statements.active.run(fold.owner(), it.referee.value, false, fold.number)
    }
    folds.on(DiscountAssigned.self) { fold, it in
      let owner = try fold.owner()
      try fold.statements.run.run(owner, it.period, it.asOf.milliseconds, String?.none)
      try fold.statements.assigned.run(
        owner, it.assignment.value, it.period, it.company.value, Int64(it.percent), Int64(it.activeReferrals), Int64(it.slots),
        fold.number,
        it.asOf.milliseconds)
    }
    folds.on(DiscountSkipped.self) { fold, it in
      try fold.statements.run.run(
        fold.owner(), it.period, it.asOf.milliseconds, it.reasons.map(\.rawValue).joined(separator: " "))
    }
    folds.on(DiscountApplied.self) { fold, it in
      try fold.assignment(it.assignment, it.period, it.company, .applied, at: it.at, invoice: it.invoice)
    }
    folds.on(DiscountVoided.self) { fold, it in
      try fold.assignment(it.assignment, it.period, it.company, .voided, at: it.at, reason: it.reason)
    }
    folds.on(DiscountRestored.self) { fold, it in
      try fold.assignment(it.assignment, it.period, it.company, .open, at: it.at)
    }
    folds.on(CompanyOrderRecorded.self) { fold, it in
      try fold.statements.order.run(
        fold.owner(), fold.number, it.at.milliseconds, it.companies.map(\.value).joined(separator: "\n"))
      try fold.step(it.request, at: it.at)
    }
  }

  private func offer(
    _ offer: OfferID, _ percent: Int, _ plans: [String], _ expiresAt: Instant, _ state: Offer.State
  ) throws {
    try statements.offer.run(
      owner(), offer.value, Int64(percent), plans.joined(separator: "\n"), expiresAt.milliseconds, state.rawValue, number)
  }

  private func assignment(
    _ assignment: AssignmentID, _ period: String, _ company: CompanyID, _ state: Discounts.Assignment.State, at instant: Instant,
    invoice: InvoiceID? = nil, reason: VoidReason? = nil
  ) throws {
    try statements.assignmentState.run(
      owner(), assignment.value, period, company.value, number, state.rawValue, instant.milliseconds, invoice?.value,
      reason?.rawValue)
  }

  // MARK: Withdrawals and requests

  private static func withdrawals(_ folds: inout Folds) {
    folds.on(WithdrawalOpened.self) { fold, it in
      try fold.withdrawal(it.request, .opened, it.amount, it.currency, it.requestedAt, it.dueAt, at: it.at)
    }
    folds.on(WithdrawalAwaitingApproval.self) { fold, it in
      try fold.withdrawal(it.request, .awaitingApproval, it.amount, it.currency, it.requestedAt, it.dueAt, at: it.at)
    }
    folds.on(PayoutInstructed.self) { fold, it in
      try fold.withdrawal(it.request, .instructed, it.amount, it.currency, it.at, nil, at: it.at)
    }
    folds.on(WithdrawalPaid.self) { fold, it in
      try fold.withdrawal(it.request, .paid, it.amount, it.currency, it.requestedAt, it.dueAt, at: it.at)
    }
    folds.on(WithdrawalFailed.self) { fold, it in
      try fold.withdrawal(it.request, .failed, it.amount, it.currency, it.requestedAt, it.dueAt, at: it.at)
    }
    folds.on(WithdrawalReturned.self) { fold, it in
      try fold.withdrawal(it.request, .returned, it.amount, it.currency, it.requestedAt, it.dueAt, at: it.at)
    }
    folds.on(WithdrawalDeclined.self) { fold, it in
      try fold.withdrawal(
        it.request, .declined, nil, nil, it.requestedAt, it.dueAt, at: it.at, it.reasons.map(\.rawValue))
    }
    folds.on(WithdrawalDueSoon.self) { fold, it in try fold.step(it.request, at: it.at) }
    folds.on(WithdrawalOverdue.self) { fold, it in try fold.step(it.request, at: it.at) }
    folds.on(WithdrawalApproved.self) { fold, it in try fold.step(it.request, at: it.instant) }
    folds.on(WithdrawalRejected.self) { fold, it in try fold.step(it.request, at: it.instant) }

    folds.on(WithdrawalRequested.self) { fold, it in
      try fold.statements.withdrawal.run(
        fold.owner(), it.request.value, it.amount, it.currency.code, it.requestedAt.milliseconds, Int64?.none)
      try fold.request(it.request, at: it.requestedAt)
    }
    folds.on(WithdrawalCanceled.self) { fold, it in try fold.request(it.request, at: it.canceledAt) }
    folds.on(CodeRequested.self) { fold, it in try fold.request(it.request, at: it.requestedAt) }
    folds.on(CompanyOrderSet.self) { fold, it in try fold.request(it.request, at: it.requestedAt) }
    folds.on(SpendRequested.self) { fold, it in try fold.request(it.request, at: it.requestedAt) }
  }

  private func withdrawal(
    _ request: RequestID, _ state: Withdrawal.State, _ amount: Int64?, _ currency: Currency?, _ requestedAt: Instant,
    _ dueAt: Instant?, at instant: Instant, _ reasons: [String] = []
  ) throws {
    let owner = try owner()
    try statements.withdrawal.run(
      owner, request.value, amount, currency?.code, requestedAt.milliseconds, dueAt?.milliseconds)
    try statements.withdrawalState.run(owner, request.value, state.rawValue, number)
    try step(request, at: instant, reasons)
  }

  private func request(_ request: RequestID, at instant: Instant) throws {
    try statements.request.run(owner(), request.value, place.type, instant.milliseconds, body)
  }

  private func step(_ request: RequestID, at instant: Instant, _ reasons: [String] = []) throws {
    try statements.step.run(
      owner(), request.value, place.topic.name, number, place.type, instant.milliseconds, reasons.joined(separator: " "))
  }
}
