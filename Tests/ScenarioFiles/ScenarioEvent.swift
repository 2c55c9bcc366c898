import Contracts
import Foundation

/// An event of a scenario: its sentence, and the CloudEvent that it means.
public struct ScenarioEvent: Sendable {
  let id: String
  let type: String
  /// The envelope's time, when the event arrives.
  let time: Instant
  /// The data as JSON.
  let data: String

  /// The event as a line of an event file.
  public func line(program: String) -> String {
    #"{"specversion":"1.0","id":"\#(id)","source":"/scenario","type":"\#(type).v1","time":"\#(time)","program":"\#(program)","#
      + #""datacontenttype":"application/json","data":\#(data)}"#
  }

  /// nil if the sentence is unknown.
  ///
  /// - Parameter before: the previous event, for `the same again`.
  init?(_ text: String, at instant: Instant, number: Int, before: ScenarioEvent?, program: String) {
    var text = text
    var arrival = instant
    if let late = text.firstMatch(of: /\ \[arrives (\S+ \S+)\]$/) {
      guard let time = ScenarioText.instant(String(late.output.1)) else { return nil }
      arrival = time
      text.removeSubrange(late.range)
    }
    time = arrival
    switch (text, before) {
    case ("the same again", let before?): (id, type, data) = (before.id, before.type, before.data)
    case ("the same again in another envelope", let before?): (id, type, data) = ("e\(number)", before.type, before.data)
    default:
      var text = text
      var envelope = "e\(number)"
      if let named = text.firstMatch(of: /\ \[envelope (\S+)\]$/) {
        envelope = String(named.output.1)
        text.removeSubrange(named.range)
      }
      guard let (type, field, fields) = ScenarioSentences(program: program).read(text) else { return nil }
      var data = fields
      data[field] = "\(instant)"
      guard let bytes = try? JSONSerialization.data(withJSONObject: data, options: [.sortedKeys, .withoutEscapingSlashes]) else {
        return nil
      }
      (id, self.type, self.data) = (envelope, type, String(decoding: bytes, as: UTF8.self))
    }
  }
}

/// The sentences of events.
struct ScenarioSentences {
  let program: String
  private var currency: String { program == "bonus" ? "KZT" : "USD" }

  typealias Event = (type: String, instant: String, data: [String: Any])

  func read(_ text: String) -> Event? {
    account(text) ?? subscription(text) ?? payment(text) ?? afterPayment(text) ?? request(text) ?? withdrawal(text)
  }

  // MARK: Accounts, codes, visits

  private func account(_ text: String) -> Event? {
    if let words = match("{account} registers", text) { return ("account.registered", "registeredAt", words) }
    if let words = ScenarioText.match("{account} registers: {options*}", text) {
      var data: [String: Any] = ["account": words["account"] ?? ""]
      var referral: [String: Any]?
      for option in ScenarioText.list(words["options"]) {
        let parts = option.split(separator: " ").map(String.init)
        switch (parts.first, parts.count) {
        case ("code", 2): referral = (referral ?? [:]).merging(["code": parts[1]]) { $1 }
        case ("link", 2): referral = (referral ?? [:]).merging(["landingURL": parts[1]]) { $1 }
        case ("no", 2) where parts[1] == "code": referral = ["channel": "button"]
        case ("individual", 1), ("soleTrader", 1), ("legalEntity", 1): data["kind"] = parts[0]
        case ("of", 2): data["country"] = parts[1]
        case ("identity", 2): data["identities"] = [parts[1]]
        case ("formerly", 2): data["previousAccounts"] = [parts[1]]
        default: return nil
        }
      }
      if let referral { data["referral"] = referral }
      return ("account.registered", "registeredAt", data)
    }
    if let words = match("{account} becomes {kind}", text) { return ("account.updated", "updatedAt", words) }
    if let words = match("{account} moves to {country}", text) { return ("account.updated", "updatedAt", words) }
    if let words = match("{account} closes", text) { return ("account.closed", "closedAt", words) }
    if let words = match("{account} is banned", text) {
      return ("account.closed", "closedAt", words.merging(["reason": "banned"]) { $1 })
    }
    if let words = match("{account} is open again", text) { return ("account.reopened", "reopenedAt", words) }
    if let words = match("{account} asks for a code", text) {
      return ("code.requested", "requestedAt", words.merging(["request": "code"]) { $1 })
    }
    if let words = match("{account} asks for code {vanity}", text) {
      return ("code.requested", "requestedAt", words.merging(["request": "code-\(words["vanity"] ?? "")"]) { $1 })
    }
    return match("{code} is visited by {url}", text).map { ("link.visited", "visitedAt", $0) }
  }

  // MARK: Subscriptions, companies, invoices

  private func subscription(_ text: String) -> Event? {
    let about = "subscription {subscription} of {account} for {company} is"
    if let words = match("\(about) {status}", text) {
      return ("subscription.changed", "changedAt", words.merging(["plan": "Pro"]) { $1 })
    }
    if let words = match("\(about) {status}, trial until {day} {hour}", text), let end = instant(words) {
      let fields = words.filter { $0.key != "day" && $0.key != "hour" }
      return ("subscription.changed", "changedAt", fields.merging(["plan": "Pro", "trialEndsAt": end]) { $1 })
    }
    if let words = match("\(about) {status}, replacing {replaces}", text) {
      return ("subscription.changed", "changedAt", words.merging(["plan": "Pro"]) { $1 })
    }
    if let words = match("company {company} of {account} closes", text) { return ("company.closed", "closedAt", words) }
    let invoice = "invoice {invoice} of {account} for {company} is"
    if let words = match("\(invoice) settled", text) { return ("invoice.settled", "settledAt", words) }
    if let words = match("\(invoice) voided", text) { return ("invoice.voided", "voidedAt", words) }
    guard
      let words = match("\(invoice) issued, due {day} {hour}", text)
        ?? match("\(invoice) issued over {amount}, due {day} {hour}", text),
      let due = instant(words)
    else { return nil }
    let amount = ScenarioText.amount(words["amount"] as? String) ?? 5000
    let fields = words.filter { $0.key != "day" && $0.key != "hour" }
    return ("invoice.issued", "issuedAt", fields.merging(["dueAt": due, "amount": amount, "currency": currency]) { $1 })
  }

  private func instant(_ words: [String: Any]) -> String? {
    ScenarioText.instant("\(words["day"] ?? "") \(words["hour"] ?? "")").map { "\($0)" }
  }

  // MARK: Payments

  /// `beta pays p1: plan Business 300.00, service 10.00 less promo; bonus 5.00; promo code SPRING; for s1; in EUR`
  private func payment(_ text: String) -> Event? {
    guard let words = ScenarioText.match("{account} pays {payment}: {what*}", text) else { return nil }
    var data: [String: Any] = ["account": words["account"] ?? "", "payment": words["payment"] ?? "", "currency": currency]
    let parts = (words["what"] ?? "").components(separatedBy: "; ")
    var lines: [[String: Any]] = []
    if parts[0] != "nothing" {
      for part in ScenarioText.list(parts[0]) {
        guard let line = line(part) else { return nil }
        lines.append(line)
      }
    }
    data["lines"] = lines
    for part in parts.dropFirst() {
      if let words = ScenarioText.match("for {subscription}", part) {
        data["subscription"] = words["subscription"]
      } else if let words = ScenarioText.match("bonus {amount}", part), let amount = ScenarioText.amount(words["amount"]) {
        data["paidWithBonus"] = amount
      } else if let words = ScenarioText.match("tax {amount}", part), let amount = ScenarioText.amount(words["amount"]) {
        data["tax"] = amount
      } else if let words = ScenarioText.match("promo code {code}", part) {
        data["promoCode"] = words["code"]
      } else if let words = ScenarioText.match("in {currency}", part) {
        data["currency"] = words["currency"]
      } else {
        return nil
      }
    }
    return ("payment.settled", "paidAt", data)
  }

  /// `plan 300.00`, `plan Business 300.00`, in cash `service domain 9.00 less term`
  private func line(_ text: String) -> [String: Any]? {
    var words = text.split(separator: " ").map(String.init)
    var line: [String: Any] = [:]
    if words.count > 2, words[words.count - 2] == "less" {
      line["discounts"] = [["kind": words[words.count - 1], "amount": 100] as [String: Any]]
      words.removeLast(2)
    }
    guard (2...3).contains(words.count), let amount = ScenarioText.amount(words.last) else { return nil }
    line["kind"] = words[0]
    line["amount"] = amount
    line["sku"] = words[words.count - 2]
    if words.count == 3 { line[program == "cash" ? "category" : "plan"] = words[1] }
    return line
  }

  private func afterPayment(_ text: String) -> Event? {
    if let words = match("{account} asks to refund {payment}", text) {
      return ("payment.refundRequested", "requestedAt", words)
    }
    if let words = match("{account} is denied a refund of {payment}", text) {
      return ("payment.refundDeclined", "declinedAt", words)
    }
    if let words = match("refund {refund} of {payment} of {account} fails", text) {
      return ("payment.refundFailed", "failedAt", words)
    }
    if let words = ScenarioText.match("{account} disputes {payment} as {dispute} over {amount}", text),
      let amount = ScenarioText.amount(words["amount"])
    {
      return ("payment.disputed", "disputedAt", (words as [String: Any]).merging(["amount": amount]) { $1 })
    }
    if let words = match("dispute {dispute} of {payment} by {account} is {outcome}", text) {
      return ("payment.disputeClosed", "closedAt", words)
    }
    if let words = match("{account} disputes {payment}", text) { return ("payment.disputed", "disputedAt", words) }
    if let words = match("the dispute of {payment} by {account} is {outcome}", text) {
      return ("payment.disputeClosed", "closedAt", words)
    }
    guard let words = ScenarioText.match("{account} is refunded {refund} of {payment}: {what*}", text) else { return nil }
    let parts = (words["what"] ?? "").components(separatedBy: "; ")
    let amounts = parts[0].split(separator: " ").map(String.init)
    guard let amount = ScenarioText.amount(amounts.first) else { return nil }
    var data: [String: Any] = words.filter { $0.key != "what" }
    data["amount"] = amount
    data["currency"] = currency
    switch (amounts.count, amounts.dropFirst().first) {
    case (1, nil): break
    case (3, "from"): data["lines"] = [["sku": amounts[2], "amount": amount] as [String: Any]]
    // `10.00 from a 7.00 b 5.00`
    case (5..., "from") where amounts.count.isMultiple(of: 2):
      data["lines"] = try? stride(from: 2, to: amounts.count, by: 2).map { place in
        guard let amount = ScenarioText.amount(amounts[place + 1]) else {
          throw ScenarioError(text, "not an amount: \(amounts[place + 1])")
        }
        return ["sku": amounts[place], "amount": amount] as [String: Any]
      }
    default: return nil
    }
    for part in parts.dropFirst() {
      guard let words = ScenarioText.match("in {currency}", part) else { return nil }
      data["currency"] = words["currency"]
    }
    return ("payment.refunded", "refundedAt", data)
  }

  // MARK: Requests

  private func request(_ text: String) -> Event? {
    if let words = ScenarioText.match("{account} orders companies {companies*}", text) {
      let companies = ScenarioText.list(words["companies"])
      return (
        "companyOrder.set", "requestedAt",
        ["account": words["account"] ?? "", "request": "order-" + companies.joined(separator: "-"), "companies": companies]
      )
    }
    if let words = match("spend {request} of {account} is captured", text) {
      return ("bonus.spendCaptured", "capturedAt", words)
    }
    if let words = match("spend {request} of {account} is released", text) {
      return ("bonus.spendReleased", "releasedAt", words)
    }
    if let words = match("all of spend {request} of {account} is returned as {return}", text) {
      return ("bonus.spendReturned", "returnedAt", words)
    }
    if let words = ScenarioText.match("{amount} of spend {request} of {account} is returned as {return}", text),
      let amount = ScenarioText.amount(words["amount"])
    {
      return ("bonus.spendReturned", "returnedAt", (words as [String: Any]).merging(["amount": amount]) { $1 })
    }
    if let words = ScenarioText.match("{operator} corrects {account} by {amount} {currency} as {request}: {reason*}", text),
      let amount = ScenarioText.amount(words["amount"])
    {
      return ("balance.correctionRequested", "decidedAt", (words as [String: Any]).merging(["amount": amount]) { $1 })
    }
    guard let words = ScenarioText.match("{account} asks to spend {request}: {amount} on {kinds*}", text),
      let amount = ScenarioText.amount(words["amount"])
    else { return nil }
    let kinds = (words["kinds"] ?? "").components(separatedBy: " and ")
    let data: [String: Any] = [
      "account": words["account"] ?? "", "request": words["request"] ?? "", "amount": amount, "currency": currency,
      "invoice": "\(words["request"] ?? "")-invoice", "kinds": kinds,
    ]
    return ("bonus.spendRequested", "requestedAt", data)
  }

  private func withdrawal(_ text: String) -> Event? {
    if let words = match("{account} cancels {request}", text) { return ("withdrawal.canceled", "canceledAt", words) }
    if let words = match("{operator} approves {request} of {account}", text) {
      return ("withdrawal.approved", "decidedAt", words)
    }
    if let words = match("{operator} rejects {request} of {account}", text) {
      return ("withdrawal.rejected", "decidedAt", words)
    }
    if let words = match("{operator} assigns {account} to {referrer} as {request}", text) {
      return ("referral.assignRequested", "decidedAt", words)
    }
    if let words = match("{operator} ends the referral of {account} as {request}", text) {
      return ("referral.endRequested", "decidedAt", words)
    }
    for result in ["settled", "failed", "unknown", "returned"] {
      if let words = match("payout {payout} of {referrer} is \(result)", text) { return ("payout.\(result)", "at", words) }
    }
    if let words = match("payout {payout} of {referrer} is settled as {reference}", text) {
      return ("payout.settled", "at", words)
    }
    guard let words = ScenarioText.match("{account} asks to withdraw {request}: {amount} {currency}", text),
      let amount = ScenarioText.amount(words["amount"])
    else { return nil }
    let data: [String: Any] = [
      "account": words["account"] ?? "", "request": words["request"] ?? "", "amount": amount,
      "currency": words["currency"] ?? "", "destination": "card:1",
    ]
    return ("withdrawal.requested", "requestedAt", data)
  }

  private func match(_ form: String, _ text: String) -> [String: Any]? { ScenarioText.match(form, text) }
}
