import Contracts
import Terms

/// Short sentences about the benefits of the terms.
extension PageContext {
  /// The referrer's reward: the first thing that people want to know.
  var rewardSentence: String {
    guard let reward = terms.reward else {
      guard let tiers = terms.discounts?.tiers, let most = tiers.map(\.percent).max() else { return localized("terms.none") }
      return localized("terms.discount", ["percent": localized.percent(most)])
    }
    switch reward.pay {
    case .rate(let rate, let statuses):
      if let first = statuses.first, reward.maxPayments == nil {
        return localized(
          "terms.statuses", ["rate": localized.percent(rate), "lower": localized.percent(first.rate), "status": first.name])
      }
      return limited("terms.rate", "rate", localized.percent(rate), reward.maxPayments)
    case .amount(let amounts): return limited("terms.amount", "amount", self.amounts(amounts), reward.maxPayments)
    case .rates(let rates):
      return localized("terms.rates", ["rate": localized.percent(rates.map(\.rate).max() ?? .zero)])
    }
  }

  private func limited(_ key: String, _ name: String, _ value: String, _ maxPayments: Int?) -> String {
    switch maxPayments {
    case nil: localized(key, [name: value])
    case 1: localized(key + ".once", [name: value])
    case let count?: localized(key + ".first", count: Int64(count), [name: value])
    }
  }

  /// When a reward can be used; `nil` if the program has no rewards.
  var availabilitySentence: String? {
    terms.reward.map { reward in
      reward.availableAfter == .zero
        ? localized("terms.available.now") : localized("terms.available", ["after": localized.after(reward.availableAfter)])
    }
  }

  /// `10.00 USD or 4,000.00 KZT`.
  func amounts(_ amounts: [Currency: Int64]) -> String {
    localized.list(amounts.sorted { $0.key < $1.key }.map { localized.amount($0.value, $0.key) }, or: true)
  }

  /// Kinds of invoice lines. The terms may contain kinds unknown to this release.
  func kinds(_ kinds: [String]) -> String { localized.list(kinds.map { localized.known("lines.\($0)") ?? $0 }) }
}
