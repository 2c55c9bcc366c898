import Contracts
import Streaming

extension DiscountsService {
  /// A row's content as facts under a code, for the `laurel` command. `nil` if there is nothing to explain.
  public static func describe(_ row: StageRow) throws -> Because? {
    switch row.stage {
    case Activity.name: try Activity.describe(row)
    case Allocation.name: try Allocation.describe(row)
    default: nil
    }
  }
}

extension Activity {
  static func describe(_ row: StageRow) throws -> Because? {
    if let reported = try row.value(in: Rows.reported) {
      return Because("activity", ["referee": .text(row.key), "active": .flag(reported.isActive), "since": "\(reported.since)"])
    }
    if let offer = try row.value(in: Rows.offer) {
      return Because(
        "offer-open",
        [
          "referee": .text(row.key), "percent": .number(offer.percent), "plans": .list(offer.plans),
          "expiresAt": "\(offer.expiresAt)",
          "terms": .text(offer.terms),
        ])
    }
    return nil
  }
}

extension Allocation {
  static func describe(_ row: StageRow) throws -> Because? {
    if let assignment = try row.value(in: Rows.assignments) {
      return Because(
        assignment.usedBy == nil ? "assignment-open" : "assignment-used",
        [
          "company": .text(assignment.company.value), "owner": .text(row.key), "percent": .number(assignment.percent),
          "period": .text(assignment.period), "asOf": "\(assignment.asOf)", "terms": .text(assignment.terms),
          "invoice": assignment.usedBy.map { .text($0.value) },
        ])
    }
    if let company = try row.value(in: Rows.companies) {
      let closing = company.isClosed.latest.flatMap { $0.value ? $0 : nil }
      return Because(
        "company",
        [
          "company": .text(company.company.value), "owner": .text(row.key), "since": company.first.map { "\($0.at)" },
          "closedAt": closing.map { "\($0.at)" },
        ])
    }
    if let subscription = try row.value(in: Rows.subscriptions), let latest = subscription.history.latest {
      return Because(
        "company-subscription",
        [
          "company": .text(latest.value.company.value), "owner": .text(row.key),
          "subscription": .text(subscription.subscription.value), "status": .text(latest.value.status.rawValue),
          "since": "\(latest.at)",
        ])
    }
    if let invoice = try row.value(in: Rows.invoices), let issued = invoice.issued {
      return Because(
        "company-invoice",
        [
          "company": .text(issued.company.value), "owner": .text(row.key), "invoice": .text(invoice.invoice.value),
          "issuedAt": "\(issued.issuedAt)", "dueAt": "\(issued.dueAt)", "endedAt": invoice.endedAt.map { "\($0)" },
        ])
    }
    if let account = try row.value(in: Rows.account), let next = account.runs?.next {
      return Because("next-run", ["owner": .text(row.key), "at": "\(next)"])
    }
    return nil
  }
}
