import Contracts
import Markup
import Terms

extension PageContext {
  /// Explains the terms in words, from the same values that the services use.
  ///
  /// - Parameter next: the next version of the terms, if one is announced.
  func help(next: TermsVersion?) -> [UInt8] {
    page(.help, title: localized("help.title")) {
      tag("div", ["class": "text"]) {
        tag("p", ["class": "lead"]) { rewardSentence }
        inviting
        earning
        availability
        using
        offer
        monthly
        tag("p", ["class": "quiet"]) {
          localized("help.version", ["terms": terms.name, "date": date(terms.effectiveFrom)])
          if let next { " " + localized("help.next", ["date": dateAndTime(next.effectiveFrom)]) }
        }
      }
    }
  }

  private func part(_ key: String, @HTMLBuilder _ items: () -> HTML) -> HTML {
    section(localized(key)) { tag("ul", [:], items) }
  }

  private func item(_ key: String, _ values: KeyValuePairs<String, String> = [:]) -> HTML { item(text: localized(key, values)) }

  private func item(text: String) -> HTML { tag("li") { text } }

  private var inviting: HTML {
    let attribution = terms.attribution
    return part("help.invite") {
      item("help.invite.link")
      item("help.invite.code")
      item("help.invite.bound")
      item(text: who(attribution.referrer))
      if !attribution.paidAdParameters.isEmpty { item("help.invite.ads") }
      if attribution.refusesPriorAccounts { item("help.invite.prior") }
    }
  }

  private func who(_ eligibility: Eligibility?) -> String {
    let kinds = localized.list((eligibility?.kinds ?? []).map { localized("kind.\($0.rawValue)") }, or: true)
    let countries = localized.list((eligibility?.countries ?? []).map { localized.country($0.code) }, or: true)
    return switch (kinds.isEmpty, countries.isEmpty) {
    case (true, true): localized("help.invite.anybody")
    case (false, true): localized("help.invite.only", ["who": kinds])
    case (true, false): localized("help.invite.country", ["countries": countries])
    case (false, false): localized("help.invite.only.country", ["who": kinds, "countries": countries])
    }
  }

  @HTMLBuilder private var earning: HTML {
    if let reward = terms.reward {
      part("help.earn") {
        item("help.earn.lines", ["lines": kinds(reward.lineKinds.map(\.rawValue))])
        if reward.requiresPlanLine { item("help.earn.plan") }
        if let categories = reward.categories {
          item("help.earn.categories", ["categories": localized.list(categories)])
        }
        rates(reward)
        if let rate = reward.rate {
          let currency = exampleCurrency
          let base: Int64 = 100_000
          item(
            "help.earn.example",
            ["base": localized.amount(base, currency), "amount": localized.amount(Money.share(of: base, rate: rate), currency)])
        }
        limits(reward)
        if reward.refusesPromoCodes { item("help.earn.promo") }
        if !reward.excludedDiscounts.isEmpty { item("help.earn.discounted") }
        item("help.earn.currency")
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
        localized("help.earn.statuses")
        tag("ul") {
          item("help.earn.status.first", ["rate": localized.percent(first)])
          for status in statuses {
            item(
              "help.earn.status",
              ["rate": localized.percent(status.rate), "amounts": amounts(status.above), "status": status.name])
          }
        }
      }
    case .amount: HTML.empty
    case .rates(let rates):
      tag("li") {
        localized("help.earn.rates")
        tag("ul") { for rate in rates { item(text: text(rate)) } }
      }
    }
  }

  private func text(_ line: RewardTerms.LineRate) -> String {
    let rate = localized.percent(line.rate)
    if let plan = line.plan { return localized("help.earn.rate.plan", ["rate": rate, "plan": plan]) }
    if let category = line.category { return localized("help.earn.rate.category", ["rate": rate, "category": category]) }
    if let kind = line.kind { return localized("help.earn.rate.lines", ["rate": rate, "lines": kinds([kind.rawValue])]) }
    return localized("help.earn.rate.rest", ["rate": rate])
  }

  @HTMLBuilder private func limits(_ reward: RewardTerms) -> HTML {
    if let most = reward.maxPayments {
      item(text: most == 1 ? localized("help.earn.once") : localized("help.earn.max", count: Int64(most)))
    }
    if let period = reward.earnsFor { item("help.earn.period", ["within": localized.within(period)]) }
    if !reward.maxPerReferee.isEmpty { item("help.earn.most", ["amounts": amounts(reward.maxPerReferee)]) }
  }

  @HTMLBuilder private var availability: HTML {
    if let reward = terms.reward {
      part("help.available") {
        let after = localized.after(reward.availableAfter)
        if reward.availableAfter == .zero {
          item("help.available.now")
        } else if reward.creditAfter == reward.availableAfter {
          item("help.available.same", ["after": after])
        } else if reward.creditAfter == .zero {
          item("help.available.later", ["after": after])
        } else {
          item("help.available.both", ["credit": localized.after(reward.creditAfter), "after": after])
        }
        item("help.available.refund")
        if let window = reward.refundWindow { item("help.available.window", ["after": localized.after(window)]) }
      }
    }
  }

  @HTMLBuilder private var using: HTML {
    if let spending = terms.spending {
      part("help.spend") {
        item("help.spend.kinds", ["kinds": kinds(spending.kinds)])
        if terms.withdrawal == nil { item("help.spend.only") }
      }
    }
    if let withdrawal = terms.withdrawal {
      part("help.withdraw") {
        item("help.withdraw.one")
        if !withdrawal.minimum.isEmpty { item("help.withdraw.least", ["amounts": amounts(withdrawal.minimum)]) }
        item(text: localized("help.withdraw.within", ["within": localized.within(withdrawal.dueAfter)]).capitalizedFirst)
        if case .above(let limits) = withdrawal.approvalAbove {
          item(
            text: limits.isEmpty
              ? localized("withdraw.approval.all") : localized("help.withdraw.check", ["amounts": amounts(limits)]))
        }
        if terms.spending == nil { item("help.withdraw.only") }
      }
    }
  }

  @HTMLBuilder private var offer: HTML {
    if let offer = terms.welcomeOffer {
      part("help.offer") {
        item(
          "help.offer.text",
          [
            "percent": localized.percent(offer.percent), "plans": localized.list(offer.plans, or: true),
            "within": localized.within(offer.within),
          ])
      }
    }
  }

  @HTMLBuilder private var monthly: HTML {
    if let discounts = terms.discounts {
      part("help.discounts") {
        item("help.discounts.month", ["day": localized.number(discounts.schedule.day), "zone": discounts.schedule.zone.name])
        item("discounts.what")
        item("help.discounts.fill", ["max": localized.number(discounts.maxPerCompany)])
        item("help.discounts.overdue")
        item("help.discounts.once")
      }
    }
  }
}
