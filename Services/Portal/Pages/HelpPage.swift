import Contracts
import Markup
import PortalLanguages
import Terms

extension Pages {
  /// The terms in words, from the same values that the engine uses.
  ///
  /// - Parameter next: the next version of the terms, if one is announced.
  public static func help(next: TermsVersion?, _ context: PageContext) -> [UInt8] {
    let say = context.say
    return context.page(.help, title: say("help.title")) {
      tag("div", ["class": "text"]) {
        tag("p", ["class": "lead"]) { context.rewardSentence }
        context.inviting
        context.earning
        context.availability
        context.using
        context.offer
        context.monthly
        tag("p", ["class": "quiet"]) {
          say("help.version", ["terms": context.terms.name, "date": context.date(context.terms.effectiveFrom)])
          if let next { " " + say("help.next", ["date": context.dateAndTime(next.effectiveFrom)]) }
        }
      }
    }
  }
}

extension PageContext {
  private func part(_ key: String, @HTMLBuilder _ items: () -> HTML) -> HTML {
    section(say(key)) { tag("ul", [:], items) }
  }

  private func item(_ text: String) -> HTML { tag("li") { text } }

  fileprivate var inviting: HTML {
    let attribution = terms.attribution
    return part("help.invite") {
      item(say("help.invite.link"))
      item(say("help.invite.code"))
      item(say("help.invite.bound"))
      item(who(attribution.referrer))
      if !attribution.paidAdParameters.isEmpty { item(say("help.invite.ads")) }
      if attribution.refusesPriorAccounts { item(say("help.invite.prior")) }
    }
  }

  private func who(_ eligibility: Eligibility?) -> String {
    let kinds = say.list((eligibility?.kinds ?? []).map { say("kind.\($0.rawValue)") }, or: true)
    let countries = say.list((eligibility?.countries ?? []).map { say.country($0.code) }, or: true)
    return switch (kinds.isEmpty, countries.isEmpty) {
    case (true, true): say("help.invite.anybody")
    case (false, true): say("help.invite.only", ["who": kinds])
    case (true, false): say("help.invite.country", ["countries": countries])
    case (false, false): say("help.invite.only.country", ["who": kinds, "countries": countries])
    }
  }

  @HTMLBuilder fileprivate var earning: HTML {
    if let reward = terms.reward {
      part("help.earn") {
        item(say("help.earn.lines", ["lines": kinds(reward.lineKinds.map(\.rawValue))]))
        if reward.requiresPlanLine { item(say("help.earn.plan")) }
        if let categories = reward.categories { item(say("help.earn.categories", ["categories": say.list(categories)])) }
        rates(reward)
        if let rate = reward.rate {
          let currency = exampleCurrency
          let base: Int64 = 100_000
          item(
            say(
              "help.earn.example",
              ["base": say.amount(base, currency), "amount": say.amount(Money.share(of: base, rate: rate), currency)]))
        }
        limits(reward)
        if reward.refusesPromoCodes { item(say("help.earn.promo")) }
        if !reward.excludedDiscounts.isEmpty { item(say("help.earn.discounted")) }
        item(say("help.earn.currency"))
      }
    }
  }

  /// A currency of the terms, used in the example.
  private var exampleCurrency: Currency {
    let named = terms.reward?.statuses.first?.above.keys.sorted() ?? terms.withdrawal?.minimum.keys.sorted() ?? []
    return named.first ?? "KZT"
  }

  @HTMLBuilder private func rates(_ reward: RewardTerms) -> HTML {
    switch reward.pay {
    case .rate(_, let statuses) where statuses.isEmpty: HTML.empty
    case .rate(let first, let statuses):
      tag("li") {
        say("help.earn.statuses")
        tag("ul") {
          item(say("help.earn.status.first", ["rate": say.percent(first)]))
          for status in statuses {
            item(
              say(
                "help.earn.status",
                ["rate": say.percent(status.rate), "amounts": amounts(status.above), "status": status.name]))
          }
        }
      }
    case .amount: HTML.empty
    case .rates(let rates):
      tag("li") {
        say("help.earn.rates")
        tag("ul") { for rate in rates { item(text(rate)) } }
      }
    }
  }

  private func text(_ line: RewardTerms.LineRate) -> String {
    let rate = say.percent(line.rate)
    if let plan = line.plan { return say("help.earn.rate.plan", ["rate": rate, "plan": plan]) }
    if let category = line.category { return say("help.earn.rate.category", ["rate": rate, "category": category]) }
    if let kind = line.kind { return say("help.earn.rate.lines", ["rate": rate, "lines": kinds([kind.rawValue])]) }
    return say("help.earn.rate.rest", ["rate": rate])
  }

  @HTMLBuilder private func limits(_ reward: RewardTerms) -> HTML {
    if let most = reward.maxPayments {
      item(most == 1 ? say("help.earn.once") : say("help.earn.max", count: Int64(most)))
    }
    if let period = reward.earnsFor { item(say("help.earn.period", ["within": say.within(period)])) }
    if !reward.maxPerReferee.isEmpty { item(say("help.earn.most", ["amounts": amounts(reward.maxPerReferee)])) }
  }

  @HTMLBuilder fileprivate var availability: HTML {
    if let reward = terms.reward {
      part("help.available") {
        let after = say.after(reward.availableAfter)
        if reward.availableAfter == .zero {
          item(say("help.available.now"))
        } else if reward.creditAfter == reward.availableAfter {
          item(say("help.available.same", ["after": after]))
        } else if reward.creditAfter == .zero {
          item(say("help.available.later", ["after": after]))
        } else {
          item(say("help.available.both", ["credit": say.after(reward.creditAfter), "after": after]))
        }
        item(say("help.available.refund"))
        if let window = reward.refundWindow { item(say("help.available.window", ["after": say.after(window)])) }
      }
    }
  }

  @HTMLBuilder fileprivate var using: HTML {
    if let spending = terms.spending {
      part("help.spend") {
        item(say("help.spend.kinds", ["kinds": kinds(spending.kinds)]))
        if terms.withdrawal == nil { item(say("help.spend.only")) }
      }
    }
    if let withdrawal = terms.withdrawal {
      part("help.withdraw") {
        item(say("help.withdraw.one"))
        if !withdrawal.minimum.isEmpty { item(say("help.withdraw.least", ["amounts": amounts(withdrawal.minimum)])) }
        item(say("help.withdraw.within", ["within": say.within(withdrawal.dueAfter)]).capitalizedFirst)
        switch withdrawal.approvalAbove {
        case .never: HTML.empty
        case .above(let limits):
          item(limits.isEmpty ? say("withdraw.approval.all") : say("help.withdraw.check", ["amounts": amounts(limits)]))
        }
        if terms.spending == nil { item(say("help.withdraw.only")) }
      }
    }
  }

  @HTMLBuilder fileprivate var offer: HTML {
    if let offer = terms.welcomeOffer {
      part("help.offer") {
        item(
          say(
            "help.offer.text",
            [
              "percent": say.percent(offer.percent), "plans": say.list(offer.plans, or: true), "within": say.within(offer.within),
            ]))
      }
    }
  }

  @HTMLBuilder fileprivate var monthly: HTML {
    if let discounts = terms.discounts {
      part("help.discounts") {
        item(
          say(
            "help.discounts.month", ["day": say.number(discounts.schedule.day), "zone": discounts.schedule.zone.name]))
        item(say("discounts.what"))
        item(say("help.discounts.fill", ["max": say.number(discounts.maxPerCompany)]))
        item(say("help.discounts.overdue"))
        item(say("help.discounts.once"))
      }
    }
  }
}
