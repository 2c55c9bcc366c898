import Foundation

/// The terms of one program, as the auditor reads their file. It shares no reader with the product.
struct AuditedTerms {
  /// A rate for the lines that have this value in this field.
  struct Fit { let field: String, value: String, rate: Int64 }
  struct Status { let above: [String: Int64], rate: Int64 }
  struct Offer { var percent: Int64 = 0, plans: [String] = [], within: Int64 = 0 }

  var program = ""

  // Attribution.
  var parameter = ""
  var ads: [String] = []
  var codePattern: String?
  var leeway = AuditedTime.day
  var refusesPriorAccounts = false
  /// All kinds if empty.
  var kinds: [String] = []
  var countries: [String] = []

  // Rewards.
  var earns = false
  var lineKinds: [String] = []
  var needsPlanLine = false
  /// All categories if empty.
  var categories: [String] = []
  var refusesPromoCodes = false
  var excludedDiscounts: [String] = []
  var rate: Int64 = 0
  var statuses: [Status] = []
  var amounts: [String: Int64]?
  var rates: [Fit]?
  var creditAfter: Int64 = 0
  var availableAfter: Int64 = 0
  var maxPayments: Int?
  var earnsFor: Int64?
  var refundWindow: Int64?
  var maxPerReferee: [String: Int64] = [:]

  // Balances and offers.
  var spends: [String]?
  var paysOut = false
  /// nil if nobody approves (C10).
  var approvalAbove: [String: Int64]? = [:]
  var minimum: [String: Int64] = [:]
  var offer: Offer?
  var hasTiers = false

  /// - Returns: nil if the file has something that the auditor does not support.
  init?(_ text: String) {
    var sections: [(indentation: Int, name: String)] = []
    var tiers: [String] = []
    for line in text.split(separator: "\n").map({ String($0.prefix { $0 != "#" }) }) {
      guard let field = line.wholeMatch(of: /( *(?:- )?)(?:([A-Za-z]+): ?)?(.*?) */) else { return nil }
      let (indentation, name, value) = (field.output.1.count, field.output.2.map(String.init), String(field.output.3))
      if name == nil, value.isEmpty { continue }
      sections.removeAll { $0.indentation >= indentation }
      if let name { sections.append((indentation, name)) }
      let path = sections.map(\.name).filter { $0 != "versions" }.joined(separator: ".")
      if path == "discounts.tiers", !value.isEmpty { tiers.append(value) } else if !take(path, value) { return nil }
    }
    // The only calendar and table of tiers that the auditor supports.
    let known = ["{from: 5, percent: 5}", "{from: 10, percent: 10}", "{from: 15, percent: 20}", "{from: 20, percent: 40}"]
    guard !hasTiers || tiers == known, creditAfter == 0 || creditAfter == availableAfter else { return nil }
  }

  private mutating func take(_ path: String, _ value: String) -> Bool {
    switch path {
    case "program": program = value
    case "version": return value == "1"
    case "effectiveFrom": return value == "2020-01-01T00:00:00Z"
    case "judgedBy": return value == "event-time"
    case "attribution", "attribution.link", "attribution.referrer", "reward.lines", "discounts.tiers", "versions", "": break
    case "attribution.parameter": parameter = value
    case "attribution.paidAdParameters": ads = Self.list(value)
    case "attribution.codePattern": codePattern = value.trimmingCharacters(in: ["\""])
    case "attribution.leeway": leeway = Self.span(value) ?? -1
    case "attribution.refusesPriorAccounts": refusesPriorAccounts = value == "true"
    case "attribution.referrer.kinds": kinds = Self.list(value)
    case "attribution.referrer.countries": countries = Self.list(value)
    case "reward": earns = true
    case "reward.lines.kinds": lineKinds = Self.list(value)
    case "reward.lines.requiresPlanLine": needsPlanLine = value == "true"
    case "reward.lines.categories": categories = Self.list(value)
    case "reward.refusesPromoCodes": refusesPromoCodes = value == "true"
    case "reward.excludedDiscounts": excludedDiscounts = Self.list(value)
    case "reward.rate": rate = Self.rate(value)
    case "reward.amount": amounts = Self.amounts(value)
    case "reward.statuses":
      if let entry = value.wholeMatch(of: /{name: \w+, above: ({.*}), rate: (\S+)}/) {
        statuses.append(Status(above: Self.amounts(entry.output.1), rate: Self.rate(entry.output.2)))
      }
    case "reward.rates":
      let fits = value.matches(of: /{(\w+): ([^\s}]+), rate: ([^\s}]+)}/).map {
        Fit(field: String($0.output.1), value: String($0.output.2), rate: Self.rate($0.output.3))
      }
      rates = (rates ?? []) + fits
    case "reward.creditAfter": creditAfter = Self.span(value) ?? -1
    case "reward.availableAfter": availableAfter = Self.span(value) ?? -1
    case "reward.maxPayments": maxPayments = Int(value)
    case "reward.earnsFor": earnsFor = Self.span(value)
    case "reward.refundWindow": refundWindow = Self.span(value)
    case "reward.maxPerReferee": maxPerReferee = Self.amounts(value)
    case "spending": spends = []
    case "spending.kinds": spends = Self.list(value)
    case "withdrawal": paysOut = true
    case "withdrawal.approvalAbove": approvalAbove = value == "none" ? nil : Self.amounts(value)
    case "withdrawal.minimum": minimum = Self.amounts(value)
    case "withdrawal.dueSoonAfter": return value == "7d"
    case "withdrawal.dueAfter": return value == "10d"
    case "welcomeOffer": offer = Offer()
    case "welcomeOffer.percent": offer?.percent = Int64(value) ?? 0
    case "welcomeOffer.plans": offer?.plans = Self.list(value)
    case "welcomeOffer.within": offer?.within = Self.span(value) ?? -1
    case "discounts": hasTiers = true
    case "discounts.maxPerCompany": return value == "20"
    case "discounts.day": return value == "28"
    case "discounts.zone": return value == "UTC"
    default: return false
    }
    return true
  }

  private static func list(_ text: some StringProtocol) -> [String] {
    text.trimmingCharacters(in: ["[", "]", "{", "}"]).split(separator: ",").map { $0.trimmingCharacters(in: [" "]) }
  }

  private static func amounts(_ text: some StringProtocol) -> [String: Int64] {
    var amounts: [String: Int64] = [:]
    for entry in list(text) {
      let parts = entry.split(separator: ":")
      if parts.count == 2 { amounts[String(parts[0])] = Int64(parts[1].trimmingCharacters(in: [" "])) }
    }
    return amounts
  }

  /// In basis points. Only whole percents are supported.
  private static func rate(_ text: some StringProtocol) -> Int64 { (Int64(text.dropLast()) ?? 0) * 100 }

  private static func span(_ text: String) -> Int64? {
    let units: [Character: Int64] = ["d": AuditedTime.day, "h": 3_600_000, "m": 60_000]
    guard let count = Int64(text.dropLast()), let unit = text.last.flatMap({ units[$0] }) else { return nil }
    return count * unit
  }
}
