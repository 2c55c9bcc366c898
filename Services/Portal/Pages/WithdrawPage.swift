import Contracts
import Markup
import Terms

/// A person's input for a withdrawal, and its errors.
struct WithdrawalForm: Sendable, Equatable {
  enum Fault: Sendable, Equatable {
    /// The input is not an amount.
    case amount
    /// More than is available, in minor units.
    case most(Int64)
    /// Less than the program's minimum, in minor units.
    case least(Int64)
    /// Not one of the session's recipients.
    case recipient
  }
  var amount: String = ""
  var currency: Currency?
  var recipient: String?
  var faults: [Fault] = []
}

extension PageContext {
  /// The available amounts, then the open withdrawal or a form for a new one, then past withdrawals.
  ///
  /// - Parameter withdrawals: newest first.
  func withdraw(_ figures: [CurrencyFigures], withdrawals: [Withdrawal], form: WithdrawalForm = .init()) -> [UInt8] {
    page(.withdraw, title: localized("withdraw.title")) {
      for figures in figures { available(figures) }
      if let open = withdrawals.first(where: \.state.isOpen) {
        current(open)
      } else {
        ask(figures.map(\.balance).filter { $0.available > 0 }, form)
      }
      section(localized("withdraw.past")) { past(withdrawals.filter { !$0.state.isOpen }) }
    }
  }

  private func available(_ figures: CurrencyFigures) -> HTML {
    let (balance, currency) = (figures.balance, figures.balance.currency)
    return tag("div", ["class": "panel"]) {
      amountLine(balance.available, currency, "withdraw.available")
      if balance.available < 0 { tag("p", ["class": "fault"]) { localized("balance.negative") } }
      tag("dl", ["class": "facts"]) {
        let later = balance.pending + balance.locked
        if later > 0 { fact(localized("withdraw.held.later"), localized.amount(later, currency)) }
        if balance.reserved > 0 { fact(localized("balance.reserved"), localized.amount(balance.reserved, currency)) }
      }
      for next in figures.maturities { sentence(next, currency) }
    }
  }

  // MARK: The form

  private func ask(_ balances: [Balance], _ form: WithdrawalForm) -> HTML {
    section(localized("withdraw.form")) {
      if balances.isEmpty {
        emptyState(localized("withdraw.none"), localized("withdraw.none.text"))
      } else if !may(.withdraw) {
        tag("p") { localized("withdraw.right") }
      } else if session.recipients.isEmpty {
        emptyState(localized("withdraw.recipient.none"), localized("withdraw.recipient.none.text"))
      } else {
        fields(balances, form)
      }
      rules
    }
  }

  private func fields(_ balances: [Balance], _ filled: WithdrawalForm) -> HTML {
    let balance = balances.first { $0.currency == filled.currency } ?? balances[0]
    let amountFault = filled.faults.lazy.compactMap { self.text($0, balance.currency) }.first
    let recipientFault = filled.faults.contains(.recipient) ? localized("form.recipient") : nil
    return form(link("withdraw"), class: "fields") {
      if !filled.faults.isEmpty { tag("p", ["class": "fault", "role": "alert"]) { localized("form.check") } }
      tag("div") {
        tag("label", ["for": "amount"]) {
          balances.count == 1 ? "\(localized("withdraw.amount")), \(balance.currency.code)" : localized("withdraw.amount")
        }
        tag("p", ["id": "amount-hint", "class": "hint"]) {
          balances.map { localized("withdraw.amount.most", ["amount": localized.amount($0.available, $0.currency)]) }.joined(
            separator: " ")
          if let least = terms.withdrawal?.minimum[balance.currency] {
            " " + localized("withdraw.amount.least", ["amount": localized.amount(least, balance.currency)])
          }
        }
        if let amountFault { tag("p", ["id": "amount-fault", "class": "fault"]) { amountFault } }
        emptyTag(
          "input",
          [
            "id": "amount", "name": "amount", "inputmode": "decimal", "autocomplete": "off", "required": "", "maxlength": "32",
            "value": filled.amount, "aria-invalid": amountFault == nil ? nil : "true",
            "aria-describedby": amountFault == nil ? "amount-hint" : "amount-fault amount-hint",
          ])
      }
      if balances.count == 1 {
        emptyTag("input", ["type": "hidden", "name": "currency", "value": balance.currency.code])
      } else {
        tag("div") {
          tag("label", ["for": "currency"]) { localized("withdraw.currency") }
          tag("select", ["id": "currency", "name": "currency"]) {
            for other in balances {
              tag("option", ["selected": other.currency == balance.currency ? "" : nil]) { other.currency.code }
            }
          }
        }
      }
      tag("div") {
        tag("label", ["for": "recipient"]) { localized("withdraw.recipient") }
        if let recipientFault { tag("p", ["id": "recipient-fault", "class": "fault"]) { recipientFault } }
        tag(
          "select",
          [
            "id": "recipient", "name": "recipient", "aria-invalid": recipientFault == nil ? nil : "true",
            "aria-describedby": recipientFault == nil ? nil : "recipient-fault",
          ]
        ) {
          for recipient in session.recipients {
            tag("option", ["value": recipient.id, "selected": recipient.id == filled.recipient ? "" : nil]) { recipient.name }
          }
        }
      }
      tag("div") { tag("button") { localized("withdraw.submit") } }
    }
  }

  private func text(_ fault: WithdrawalForm.Fault, _ currency: Currency) -> String? {
    switch fault {
    case .amount: localized("form.amount", ["example": localized.figure(5000, currency)])
    case .most(let minor): localized("form.most", ["amount": localized.amount(minor, currency)])
    case .least(let minor): localized("form.least", ["amount": localized.amount(minor, currency)])
    case .recipient: nil
    }
  }

  @HTMLBuilder private var rules: HTML {
    if let withdrawal = terms.withdrawal {
      tag("ul", ["class": "quiet"]) {
        tag("li") { localized("withdraw.within", ["within": localized.within(withdrawal.dueAfter)]).capitalizedFirst }
        if !withdrawal.minimum.isEmpty {
          tag("li") { localized("withdraw.minimum.text", ["amount": amounts(withdrawal.minimum)]) }
        }
        if case .above(let limits) = withdrawal.approvalAbove {
          tag("li") {
            limits.isEmpty ? localized("withdraw.approval.all") : localized("withdraw.approval", ["amount": amounts(limits)])
          }
        }
        tag("li") { localized("withdraw.open.one") }
      }
    }
  }

  // MARK: Withdrawals

  private func current(_ withdrawal: Withdrawal) -> HTML {
    section(localized("withdraw.open"), class: "panel") {
      amountLine(
        withdrawal.amount, withdrawal.currency, "withdrawal.\(withdrawal.state.rawValue)", isMarked: false)
      if let dueAt = withdrawal.dueAt {
        tag("p", ["class": withdrawal.isOverdue ? "fault" : nil]) {
          localized(withdrawal.isOverdue ? "withdraw.overdue" : "withdraw.due", ["date": date(dueAt)])
        }
      }
      tag("h3") { localized("withdraw.way") }
      tag("ol", ["class": "way"]) {
        for step in withdrawal.steps {
          tag("li") {
            localized("step.\(step.kind.rawValue)")
            tag("small") { dated(step.at, time: true) }
          }
        }
      }
      if withdrawal.isCancelable, may(.withdraw) {
        form(link("withdraw", "cancel")) {
          emptyTag("input", ["type": "hidden", "name": "withdrawal", "value": withdrawal.request])
          tag("button", ["class": "second"]) { localized("withdraw.cancel") }
        }
      } else if withdrawal.state == .instructed {
        tag("p", ["class": "quiet"]) { localized("withdraw.sent") }
      }
    }
  }

  @HTMLBuilder private func past(_ withdrawals: [Withdrawal]) -> HTML {
    if withdrawals.isEmpty {
      tag("p") { localized("withdraw.past.none") }
    } else {
      table(
        localized("withdraw.past.caption"),
        [(localized("withdraw.requested"), false), (localized("withdraw.amount"), true), (localized("withdraw.state"), false)]
      ) {
        for withdrawal in withdrawals {
          let state = withdrawal.reasons == [WithdrawalReason.canceled.rawValue] ? "canceled" : withdrawal.state.rawValue
          tag("tr") {
            tag("th", ["scope": "row"]) { dated(withdrawal.requestedAt) }
            tag("td", ["class": "n"]) { localized.amount(withdrawal.amount, withdrawal.currency) }
            tag("td") {
              tag("span", ["class": "s \(state)"]) { localized("withdrawal.\(state)") }
              if state != "canceled", !withdrawal.reasons.isEmpty {
                tag("small") { withdrawal.reasons.map { localized.reason("withdrawal", $0) }.joined(separator: " ") }
              }
            }
          }
        }
      }
    }
  }
}

extension String {
  /// The text with its first letter in upper case.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
