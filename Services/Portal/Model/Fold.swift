import Contracts
import JSON
import SQLite

/// The changes that each message makes to the read model: one closure per type.
struct Fold {
  let writer: ModelWriter
  let place: ModelWriter.Place
  /// The data as JSON, for types that keep it.
  let body: [UInt8]

  /// The change that a decoded message makes.
  typealias Effect = (Fold) throws -> Void

  /// Decodes the data of one type.
  protocol Decoder: Sendable {
    /// - Returns: the key of the message: the account or code that it concerns, whatever key its record has. And its effect.
    func decode(_ data: JSONValue) throws(JSONError) -> (key: String, effect: Effect)
  }

  /// The types that the read model uses. It ignores other types.
  static let byType: [String: any Decoder] = {
    var folds = Folds()
    folds.on(AccountLabeled.self) { fold, it in
      try fold.run(
        "INSERT INTO labels VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET label = excluded.label, at = excluded.at WHERE excluded.at >= at",
        fold.owner(), it.label, it.labeledAt.milliseconds)
    }
    referrals(&folds)
    rewards(&folds)
    discounts(&folds)
    withdrawals(&folds)
    return folds.byType
  }()

  private struct Folds {
    var byType: [String: any Decoder] = [:]

    mutating func on<Taken: Message>(_ type: Taken.Type, _ take: @escaping @Sendable (Fold, Taken) throws -> Void) {
      byType[Taken.type] = DecoderOf(take: take)
    }
  }

  // A closure instead of this type crashes Swift 6.3.
  private struct DecoderOf<Taken: Message>: Decoder {
    let take: @Sendable (Fold, Taken) throws -> Void

    func decode(_ data: JSONValue) throws(JSONError) -> (key: String, effect: Effect) {
      let message = try Taken(json: data)
      return (message.key, { fold in try take(fold, message) })
    }
  }

  /// The owner that the message is about, from its key.
  private func owner() throws -> Int64 { try writer.owner(place.key, place.program) }
  private func owner(_ account: AccountID) throws -> Int64 { try writer.owner(account.value, place.program) }
  /// Orders messages of one key: the sequence of a notice, otherwise the offset.
  private var number: Int64 { place.sequence ?? place.offset }

  private func run<each Value: SQLiteValue>(_ sql: StaticString, _ values: repeat each Value) throws {
    try writer.database.statement(sql).run(repeat each values)
  }

  // MARK: Referrals

  private static func referrals(_ folds: inout Folds) {
    folds.on(CodeIssued.self) { fold, it in
      try fold.run(
        "INSERT INTO codes VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET at = min(at, excluded.at)",
        fold.owner(), it.code.value, it.link, it.at.milliseconds)
      try fold.step(it)
    }
    folds.on(CodeDeclined.self) { try $0.step($1, $1.reasons.map(\.rawValue)) }
    folds.on(ClickCounted.self) { fold, _ in try fold.click(counted: 1, rejected: 0) }
    folds.on(ClickRejected.self) { fold, _ in try fold.click(counted: 0, rejected: 1) }
    folds.on(ReferralAttributed.self) { fold, it in
      try fold.run(
        """
        INSERT INTO referees (owner, referee, registered_at, attributed) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET registered_at = excluded.registered_at, attributed = excluded.attributed
        WHERE attributed IS NULL OR excluded.attributed > attributed
        """, fold.owner(it.referrer), it.referee.value, it.registeredAt.milliseconds, fold.number)
    }
    folds.on(ReferralEnded.self) { fold, it in
      try fold.run(
        """
        INSERT INTO referees (owner, referee, ended) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET ended = max(coalesce(ended, 0), excluded.ended)
        """, fold.owner(it.referrer), it.referee.value, fold.number)
    }
    folds.on(ReferralRejected.self) { fold, it in
      // Without a referrer there is no list to add it to.
      guard let referrer = it.referrer else { return }
      try fold.run(
        """
        INSERT INTO referees (owner, referee, registered_at, rejected) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET registered_at = coalesce(registered_at, excluded.registered_at), rejected = excluded.rejected
        """, fold.owner(referrer), it.referee.value, it.at.milliseconds, it.reasons.map(\.rawValue).joined(separator: " "))
    }
  }

  private func click(counted: Int64, rejected: Int64) throws {
    try run(
      """
      INSERT INTO clicks VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET counted = counted + excluded.counted, rejected = rejected + excluded.rejected
      """, owner(), counted, rejected)
  }

  // MARK: The account book

  private static func rewards(_ folds: inout Folds) {
    folds.on(RewardAccrued.self) { fold, it in
      let owner = try fold.entry(it)
      try fold.run(
        """
        INSERT INTO rewards (owner, reward, referee, currency, amount, available_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET referee = excluded.referee, currency = excluded.currency, amount = amount + excluded.amount,
          available_at = excluded.available_at
        """, owner, it.reward.value, it.referee.value, it.currency.code, it.amount, it.availableAt.milliseconds)
      try fold.run(
        "INSERT INTO referees (owner, referee, earning) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET earning = 1 WHERE NOT earning",
        owner, it.referee.value)
    }
    folds.on(RewardDeclined.self) { fold, it in _ = try fold.entry(it, balance: nil) }
    folds.on(RewardCredited.self) { fold, it in
      try fold.run(
        "INSERT INTO rewards (owner, reward, credited_at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET credited_at = excluded.credited_at",
        fold.entry(it), it.reward.value, it.creditedAt.milliseconds)
    }
    folds.on(RewardUnlocked.self) { fold, it in
      try fold.run(
        "INSERT INTO rewards (owner, reward, unlocked) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET unlocked = 1",
        fold.entry(it), it.reward.value)
    }
    folds.on(RewardFrozen.self) { try $0.held($1.reward, true, of: $0.entry($1)) }
    folds.on(RewardUnfrozen.self) { fold, it in
      // One of several causes may have ended. The notice lists the others.
      let isHeld = it.because.contains { $0["causes"].map { $0 != .list([]) } ?? false }
      try fold.held(it.reward, isHeld, of: fold.entry(it))
    }
    folds.on(RewardAdjusted.self) { try $0.change($1.reward, by: $1.delta, of: $0.entry($1)) }
    folds.on(RewardReversed.self) { try $0.change($1.reward, by: $1.delta, of: $0.entry($1)) }
    folds.on(RewardRestored.self) { fold, it in
      let owner = try fold.entry(it)
      try fold.change(it.reward, by: it.delta, of: owner)
      // A reward that was 0 has lost its causes without a notice. If it is held again, a notice follows.
      if it.delta == it.amount { try fold.held(it.reward, false, of: owner) }
    }
    folds.on(BonusReserved.self) { try $0.entryOfRequest($1) }
    folds.on(BonusCaptured.self) { try $0.entryOfRequest($1) }
    folds.on(BonusReleased.self) { try $0.entryOfRequest($1) }
    folds.on(BonusReturned.self) { try $0.entryOfRequest($1) }
    folds.on(BonusDeclined.self) { fold, it in
      _ = try fold.entry(it, balance: nil)
      try fold.step(it, it.reasons.map(\.rawValue))
    }
    folds.on(BalanceCorrected.self) { fold, it in _ = try fold.entry(it) }
    folds.on(WithdrawalReserved.self) { try $0.entryOfRequest($1) }
    folds.on(WithdrawalReleased.self) { try $0.entryOfRequest($1) }
    folds.on(WithdrawalBooked.self) { try $0.entryOfRequest($1) }
    folds.on(WithdrawalRestored.self) { try $0.entryOfRequest($1) }
  }

  private func held(_ reward: RewardID, _ isHeld: Bool, of owner: Int64) throws {
    try run(
      """
      INSERT INTO rewards (owner, reward, held, held_number) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET held = excluded.held, held_number = excluded.held_number
      WHERE excluded.held_number > held_number
      """, owner, reward.value, isHeld, number)
  }

  private func change(_ reward: RewardID, by delta: Int64, of owner: Int64) throws {
    try run(
      "INSERT INTO rewards (owner, reward, amount) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount",
      owner, reward.value, delta)
  }

  /// Adds the notice to the account book, and returns its owner.
  private func entry(_ notice: some HasBalance) throws -> Int64 { try entry(notice, balance: notice.balance) }

  private func entry(_ notice: some Message, balance: Balance?) throws -> Int64 {
    let owner = try owner()
    try run(
      "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)",
      owner, balance?.currency.code ?? "", number, notice.instant.milliseconds, place.type, body)
    return owner
  }

  /// Adds a notice about a request to the account book and to the request.
  private func entryOfRequest(_ notice: some HasRequest & HasBalance) throws {
    _ = try entry(notice)
    try step(notice)
  }

  // MARK: Discounts

  private static func discounts(_ folds: inout Folds) {
    folds.on(OfferOpened.self) { try $0.offer($1.offer, $1.percent, $1.plans, $1.expiresAt, .open) }
    folds.on(OfferUsed.self) { try $0.offer($1.offer, $1.percent, $1.plans, $1.expiresAt, .used) }
    folds.on(OfferExpired.self) { try $0.offer($1.offer, $1.percent, $1.plans, $1.expiresAt, .expired) }
    folds.on(ReferralActivated.self) { try $0.active($1.referee, true) }
    folds.on(ReferralDeactivated.self) { try $0.active($1.referee, false) }
    folds.on(DiscountAssigned.self) { fold, it in
      try fold.ran(it.period, asOf: it.asOf, skipped: nil)
      try fold.run(
        """
        INSERT INTO assignments VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, NULL, NULL)
        ON CONFLICT DO UPDATE SET percent = excluded.percent, active = excluded.active, slots = excluded.slots
        """, fold.owner(), it.assignment.value, it.period, it.company.value, Int64(it.percent), Int64(it.activeReferrals),
        Int64(it.slots), fold.number, it.asOf.milliseconds)
    }
    folds.on(DiscountSkipped.self) { try $0.ran($1.period, asOf: $1.asOf, skipped: $1.reasons.map(\.rawValue)) }
    folds.on(DiscountApplied.self) { fold, it in
      try fold.assignment(it.assignment, it.period, it.company, .applied, at: it.at, invoice: it.invoice)
    }
    folds.on(DiscountVoided.self) { fold, it in
      try fold.assignment(it.assignment, it.period, it.company, .voided, at: it.at, reason: it.reason)
    }
    folds.on(DiscountRestored.self) { try $0.assignment($1.assignment, $1.period, $1.company, .open, at: $1.at) }
    folds.on(CompanyOrderRecorded.self) { fold, it in
      try fold.run(
        """
        INSERT INTO orders VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET number = excluded.number, at = excluded.at, companies = excluded.companies
        WHERE excluded.number > number
        """, fold.owner(), fold.number, it.at.milliseconds, it.companies.map(\.value).joined(separator: "\n"))
      try fold.step(it)
    }
  }

  private func offer(_ offer: OfferID, _ percent: Int, _ plans: [String], _ expiresAt: Instant, _ state: Offer.State) throws {
    try run(
      """
      INSERT INTO offers VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET state = excluded.state, number = excluded.number WHERE excluded.number > number
      """, owner(), offer.value, Int64(percent), plans.joined(separator: "\n"), expiresAt.milliseconds, state.rawValue, number)
  }

  private func active(_ referee: AccountID, _ isActive: Bool) throws {
    try run(
      """
      INSERT INTO referees (owner, referee, active, active_number) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET active = excluded.active, active_number = excluded.active_number
      WHERE excluded.active_number > active_number
      """, owner(), referee.value, isActive, number)
  }

  private func ran(_ period: String, asOf: Instant, skipped reasons: [String]?) throws {
    try run(
      "INSERT INTO runs VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET skipped = coalesce(excluded.skipped, skipped)",
      owner(), period, asOf.milliseconds, reasons?.joined(separator: " "))
  }

  private func assignment(
    _ assignment: AssignmentID, _ period: String, _ company: CompanyID, _ state: Discounts.Assignment.State, at instant: Instant,
    invoice: InvoiceID? = nil, reason: VoidReason? = nil
  ) throws {
    try run(
      """
      INSERT INTO assignments (owner, assignment, period, company, number, state, at, invoice, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET number = excluded.number, state = excluded.state, at = excluded.at, invoice = excluded.invoice,
        reason = excluded.reason WHERE excluded.number > number
      """, owner(), assignment.value, period, company.value, number, state.rawValue, instant.milliseconds, invoice?.value,
      reason?.rawValue)
  }

  // MARK: Withdrawals and requests

  private static func withdrawals(_ folds: inout Folds) {
    folds.on(WithdrawalOpened.self) { try $0.withdrawal($1, .opened, $1.amount, $1.currency, $1.requestedAt, $1.dueAt) }
    folds.on(WithdrawalAwaitingApproval.self) { fold, it in
      try fold.withdrawal(it, .awaitingApproval, it.amount, it.currency, it.requestedAt, it.dueAt)
    }
    folds.on(PayoutInstructed.self) { try $0.withdrawal($1, .instructed, $1.amount, $1.currency, $1.at, nil) }
    folds.on(WithdrawalPaid.self) { try $0.withdrawal($1, .paid, $1.amount, $1.currency, $1.requestedAt, $1.dueAt) }
    folds.on(WithdrawalFailed.self) { try $0.withdrawal($1, .failed, $1.amount, $1.currency, $1.requestedAt, $1.dueAt) }
    folds.on(WithdrawalReturned.self) { try $0.withdrawal($1, .returned, $1.amount, $1.currency, $1.requestedAt, $1.dueAt) }
    folds.on(WithdrawalDeclined.self) { fold, it in
      try fold.withdrawal(it, .declined, nil, nil, it.requestedAt, it.dueAt, it.reasons.map(\.rawValue))
    }
    folds.on(WithdrawalDueSoon.self) { try $0.step($1) }
    folds.on(WithdrawalOverdue.self) { try $0.step($1) }
    folds.on(WithdrawalApproved.self) { try $0.step($1) }
    folds.on(WithdrawalRejected.self) { try $0.step($1) }

    folds.on(WithdrawalRequested.self) { fold, it in
      try fold.withdrawal(it.request, it.amount, it.currency, it.requestedAt, dueAt: nil)
      try fold.request(it)
    }
    folds.on(WithdrawalCanceled.self) { try $0.request($1) }
    folds.on(CodeRequested.self) { try $0.request($1) }
    folds.on(CompanyOrderSet.self) { try $0.request($1) }
    folds.on(SpendRequested.self) { try $0.request($1) }
  }

  /// Gives a withdrawal a new state.
  private func withdrawal(
    _ notice: some HasRequest, _ state: Withdrawal.State, _ amount: Int64?, _ currency: Currency?, _ requestedAt: Instant,
    _ dueAt: Instant?, _ reasons: [String] = []
  ) throws {
    try withdrawal(notice.request, amount, currency, requestedAt, dueAt: dueAt)
    try run(
      "UPDATE withdrawals SET state = ?3, number = ?4 WHERE owner = ?1 AND request = ?2 AND ?4 > number",
      owner(), notice.request.value, state.rawValue, number)
    try step(notice, reasons)
  }

  private func withdrawal(
    _ request: RequestID, _ amount: Int64?, _ currency: Currency?, _ requestedAt: Instant, dueAt: Instant?
  ) throws {
    try run(
      """
      INSERT INTO withdrawals (owner, request, amount, currency, requested_at, due_at) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET amount = coalesce(amount, excluded.amount), currency = coalesce(currency, excluded.currency),
        requested_at = min(requested_at, excluded.requested_at), due_at = coalesce(due_at, excluded.due_at)
      """, owner(), request.value, amount, currency?.code, requestedAt.milliseconds, dueAt?.milliseconds)
  }

  private func request(_ message: some HasRequest) throws {
    try run(
      "INSERT INTO requests VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      owner(), message.request.value, place.type, message.instant.milliseconds, body)
  }

  private func step(_ message: some HasRequest, _ reasons: [String] = []) throws {
    try run(
      "INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      owner(), message.request.value, place.topic.name, number, place.type, message.instant.milliseconds,
      reasons.joined(separator: " "))
  }
}
