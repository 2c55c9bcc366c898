import Contracts

extension DiscountTerms {
  /// A company's share of the active referrals.
  public struct Share: Sendable, Equatable {
    public let company: CompanyID
    public let slots: Int64
    /// Whole percent, above 0.
    public let percent: Int64
    /// 1 for the first company in the order.
    public let position: Int64
  }

  /// Gives the referrals to the companies in order. The next company gets some only if the one before has `maxPerCompany` (row B4).
  /// A share of 0 % is left out (DECISIONS B4).
  public func shares(of active: Int64, companies: [CompanyID]) -> [Share] {
    var left = active
    var shares: [Share] = []
    for (index, company) in companies.enumerated() where left > 0 {
      let slots = min(left, maxPerCompany)
      left -= slots
      let percent = percent(for: slots)
      if percent > 0 { shares.append(Share(company: company, slots: slots, percent: percent, position: Int64(index) + 1)) }
    }
    return shares
  }
}
