import Contracts

/// Inputs as sentences. Pure.
package enum InputText {
  /// `nil` if the message is not mentioned in explanations.
  package static func sentence(_ message: any Message) -> String? {
    switch message {
    // Accounts
    case let m as AccountRegistered:
      "\(m.account) registered" + who(m.kind, m.country) + referral(m.referral)
        + ((m.previousAccounts ?? []).isEmpty ? "" : "; it had \(listed((m.previousAccounts ?? []).map(\.value))) before")
    case let m as AccountUpdated: "\(m.account) is now registered" + who(m.kind, m.country)
    case let m as AccountClosed: "\(m.account) was closed" + (m.reason.map { " (\($0.rawValue))" } ?? "")
    case let m as ReferralAssignRequested:
      "\(m.operator) assigns \(m.account) to the referrer \(m.referrer) (\(m.request))" + quoted(m.note)
    case let m as ReferralEndRequested: "\(m.operator) ends the referral of \(m.account) (\(m.request))" + quoted(m.note)
    // Payments
    case let m as PaymentSettled:
      "\(m.account) paid " + (m.lines.isEmpty ? "without any lines" : listed(lines(m)))
        + (m.paidWithBonus.map { $0 == 0 ? "" : "; \(MoneyText.amount($0, m.currency)) of it with rewards" } ?? "")
        + (m.promoCode.map { $0.isEmpty ? "" : "; with the promo code \($0)" } ?? "")
    case let m as RefundRequested: "\(m.account) requested a refund of payment \(m.payment)"
    case let m as RefundDeclined: "the request of \(m.account) to refund payment \(m.payment) was declined"
    case let m as PaymentRefunded:
      "\(m.money(m.amount)) of payment \(m.payment) were refunded to \(m.account) (refund \(m.refund)"
        + ((m.lines ?? []).isEmpty
          ? ")"
          : ", for " + listed((m.lines ?? []).prefix(10).map { "\($0.sku) \(MoneyText.figure($0.amount, m.currency))" }) + ")")
    case let m as RefundFailed: "refund \(m.refund) of payment \(m.payment) to \(m.account) failed"
    case let m as PaymentDisputed: "\(m.account) disputed payment \(m.payment)"
    case let m as DisputeClosed: "the dispute over payment \(m.payment) was \(m.outcome.rawValue)"
    // Companies
    case let m as SubscriptionChanged:
      "subscription \(m.subscription) of company \(m.company) (\(m.account), plan \(m.plan)) is \(status(m.status))"
        + (m.trialEndsAt.map { ", and its trial ends on \($0.readable)" } ?? "")
    case let m as CompanyClosed: "company \(m.company) of \(m.account) was closed"
    case let m as InvoiceIssued:
      "invoice \(m.invoice) for \(m.money(m.amount)) was issued to company \(m.company), due on "
        + m.dueAt.readable
    case let m as InvoiceSettled: "invoice \(m.invoice) was settled"
    case let m as InvoiceVoided: "invoice \(m.invoice) was voided"
    case let m as CompanyOrderSet: "\(m.account) set the order of its companies: \(listed(m.companies.map(\.value)))"
    // Withdrawals
    case let m as WithdrawalRequested:
      "\(m.account) requested a withdrawal of \(m.money(m.amount)) to \(m.destination) (\(m.request))"
    case let m as WithdrawalCanceled: "\(m.account) canceled the request"
    case let m as WithdrawalApproved: "\(m.operator) approved it" + quoted(m.note)
    case let m as WithdrawalRejected: "\(m.operator) rejected it" + quoted(m.note)
    case let m as PayoutSettled:
      "the provider reported that payout \(m.payout) has arrived" + (m.reference.map { " (reference \($0))" } ?? "")
    case let m as PayoutFailed: "the provider reported that payout \(m.payout) has failed" + quoted(m.reason)
    case let m as PayoutUnknown: "the provider does not know the outcome of payout \(m.payout)" + quoted(m.reason)
    case let m as PayoutReturned: "the provider reported that payout \(m.payout) was returned" + quoted(m.reason)
    default: nil
    }
  }

  private static func who(_ kind: AccountKind?, _ country: Country?) -> String {
    let parts = [kind?.rawValue, country?.code].compactMap { $0 }
    return parts.isEmpty ? "" : " as " + parts.joined(separator: ", ")
  }

  private static func referral(_ referral: RegistrationReferral?) -> String {
    guard let referral else { return ", naming no referral" }
    let code = referral.code.flatMap { $0.isEmpty ? nil : "the code \($0.inQuotes)" }
    let page = referral.landingURL.map { "the page \($0.inQuotes)" }
    let parts = [code, page].compactMap { $0 }
    return parts.isEmpty ? ", naming a referral without a code" : ", naming \(listed(parts))"
  }

  private static func lines(_ payment: PaymentSettled) -> [String] {
    let shown = payment.lines.prefix(10).map { line in
      let discounts = (line.discounts ?? []).map { "\($0.kind.rawValue) discount" }
      let about =
        [line.kind.rawValue == line.sku ? nil : line.kind.rawValue, line.plan, line.category].compactMap { $0 } + discounts
      return "\(MoneyText.amount(line.amount, payment.currency)) for \(line.sku)"
        + (about.isEmpty ? "" : " (\(about.joined(separator: ", ")))")
    }
    let rest = payment.lines.count - shown.count
    return shown + (rest > 0 ? [counted(rest, "more line")] : [])
  }

  private static func status(_ status: SubscriptionStatus) -> String {
    switch status {
    case .trialing: "on trial"
    case .active: "active"
    case .pastDue: "past due"
    case .unpaid: "unpaid"
    case .canceled: "canceled"
    case .expired: "expired"
    }
  }

  private static func quoted(_ words: String?) -> String { words.map { $0.isEmpty ? "" : ": \"\($0.prefix(200))\"" } ?? "" }
}
