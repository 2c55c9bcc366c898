import Contracts
import Terms
import YAML

/// The sections of a version, one function each, in the order of a file. A function reads all fields before it returns `nil`, so
/// that all problems are reported.
extension TermsReader {
  func program(_ root: YAMLNode) -> Program? {
    // A problem of the whole file is reported at its first line.
    let file = Field(path: "", mark: root.mark, node: root)
    guard let section = section(file, known: ["program", "versions"]) else { return nil }
    let id = required("program", in: section, programID)
    let read = required("versions", in: section) { field -> [(version: TermsVersion, from: Field)?]? in
      // The id is only needed for the names of versions. If it is missing, continue to find more problems.
      var number = 0
      return list(field, atLeastOne: "version") { item in
        number += 1
        return version(item, number: number, program: id ?? "unknown")
      }
    }
    let versions = read?.compactMap { $0 } ?? []
    for (earlier, later) in zip(versions, versions.dropFirst()) where later.version.effectiveFrom <= earlier.version.effectiveFrom
    {
      report(
        later.from, "must be later than that of version \(earlier.version.version), \(earlier.version.effectiveFrom)")
    }
    guard let id, !versions.isEmpty else { return nil }
    return Program(id: id, versions: versions.map(\.version))
  }

  private func programID(_ field: Field) -> ProgramID? {
    guard let text = text(field) else { return nil }
    return ProgramID(text) ?? reject(field, "1 to 128 printable ASCII characters")
  }

  private func version(_ field: Field, number: Int, program: ProgramID) -> (version: TermsVersion, from: Field)? {
    let known = [
      "version", "effectiveFrom", "judgedBy", "attribution", "reward", "spending", "withdrawal", "welcomeOffer", "discounts",
    ]
    // Paths begin at the version. The line number shows which version it is.
    self.version = number
    defer { self.version = 0 }
    note(Field(path: "", mark: field.mark, node: field.node))
    guard let section = section(field, path: "", known: known) else { return nil }
    _ = required("version", in: section) { field -> Int64? in
      let found = self.number(1...Int64.max)(field)
      if let found, found != number { report(field, "must be \(number): versions count from 1 in the order of effectiveFrom") }
      return found
    }
    let effectiveFrom = required("effectiveFrom", in: section, instant)
    let judgedBy = optional("judgedBy", in: section, choice(JudgedBy.self)) ?? .eventTime
    let attribution = required("attribution", in: section, attribution)
    let reward = optional("reward", in: section, reward)
    let spending = optional("spending", in: section, spending)
    let withdrawal = optional("withdrawal", in: section, withdrawal)
    let welcomeOffer = optional("welcomeOffer", in: section, welcomeOffer)
    let discounts = optional("discounts", in: section, discounts)
    guard let effectiveFrom, let attribution, let from = section.fields["effectiveFrom"] else { return nil }
    let version = TermsVersion(
      program: program, version: number, effectiveFrom: effectiveFrom, judgedBy: judgedBy, attribution: attribution,
      reward: reward, spending: spending, withdrawal: withdrawal, welcomeOffer: welcomeOffer, discounts: discounts)
    return (version, from)
  }

  private func attribution(_ field: Field) -> AttributionTerms? {
    let known = ["link", "parameter", "codePattern", "paidAdParameters", "refusesPriorAccounts", "referrer", "leeway"]
    guard let section = section(field, known: known) else { return nil }
    let parameter = required("parameter", in: section, queryParameter)
    let link = required("link", in: section) { self.link($0, parameter: parameter) }
    let codePattern = optional("codePattern", in: section, codePattern)
    let paidAds = optional("paidAdParameters", in: section) { set($0, queryParameter) } ?? []
    if let parameter, paidAds.contains(where: { $0.lowercased() == parameter.lowercased() }),
      let field = section.fields["paidAdParameters"]
    {
      report(field, "must not name \"\(parameter)\", which carries the code: every referral link would be an advertisement")
    }
    if let link, let parameter, let field = section.fields["link"] {
      let names = link.split { "?&#".contains($0) }.dropFirst().map { $0.prefix { $0 != "=" }.lowercased() }.filter {
        $0 != parameter.lowercased()
      }
      if let ad = paidAds.first(where: { names.contains($0.lowercased()) }) {
        report(field, "must not carry \"\(ad)\", a parameter of paid ads: every referral link would be an advertisement")
      }
    }
    let refusesPriorAccounts = optional("refusesPriorAccounts", in: section, flag) ?? false
    let referrer = optional("referrer", in: section, eligibility)
    let leeway = optional("leeway", in: section, span) ?? .hours(24)
    guard let link, let parameter else { return nil }
    return AttributionTerms(
      link: link, parameter: parameter, paidAdParameters: paidAds, refusesPriorAccounts: refusesPriorAccounts,
      referrer: referrer, codePattern: codePattern, leeway: leeway)
  }

  /// Reads a pattern. It must be possible to derive codes from it, because an owner who chooses no code gets a derived one
  /// (DECISIONS A1).
  private func codePattern(_ field: Field) -> CodePattern? {
    guard let text = text(field, wanted: "a pattern in quotes such as \"[A-Z0-9]{6}\"") else { return nil }
    do {
      let pattern = try CodePattern(text)
      if pattern.possibleCodes > 0 { return pattern }
      report(field, "must allow a code that a link can carry: 1 to 64 letters, digits, \"-\" or \"_\"")
    } catch {
      report(field, "must be a pattern of codes; \(error.message)")
    }
    return nil
  }

  private func link(_ field: Field, parameter: String?) -> String? {
    guard let link = text(field) else { return nil }
    let parts = link.split(separator: "{code}", omittingEmptySubsequences: false)
    guard parts.count == 2, link.hasPrefix("https://") || link.hasPrefix("http://") else {
      return reject(field, "a URL with {code} once, such as \"https://example.com/?ref={code}\"")
    }
    // If the link carried the code in another query parameter, it would attribute nobody.
    if let parameter, parts[0].hasSuffix("="), let name = parts[0].dropLast().split(whereSeparator: { "?&#".contains($0) }).last,
      name.lowercased() != parameter.lowercased()
    {
      report(field, "must carry the code in \"\(parameter)\" as attribution.parameter says, not in \"\(name)\"")
      return nil
    }
    return link
  }

  /// Reads a name of unreserved characters of a URL (RFC 3986, 2.3), which need no escaping.
  private func queryParameter(_ field: Field) -> String? {
    guard let text = text(field) else { return nil }
    let isUnreserved = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._~".contains($0)) }
    return isUnreserved ? text : reject(field, "a query parameter's name of letters, digits, \"-\", \".\", \"_\" or \"~\"")
  }

  private func eligibility(_ field: Field) -> Eligibility? {
    guard let section = section(field, known: ["kinds", "countries"]) else { return nil }
    let kinds = optional("kinds", in: section) { names($0, choice(AccountKind.self)) } ?? []
    let countries = optional("countries", in: section) { names($0, country) } ?? []
    if section.fields.isEmpty {
      report(field.path, at: field.mark, "must contain kinds or countries; leave it out to let any account refer")
    }
    return Eligibility(kinds: kinds, countries: countries)
  }

  private func country(_ field: Field) -> Country? {
    guard let text = text(field) else { return nil }
    let isCode = text.utf8.count == 2 && text.utf8.allSatisfy { 0x41...0x5A ~= $0 }
    return isCode ? Country(text) : reject(field, "a country's two capital letters (ISO 3166-1) such as UA")
  }

  private func spending(_ field: Field) -> SpendingTerms? {
    guard let section = section(field, known: ["kinds"]) else { return nil }
    let kinds = required("kinds", in: section) { names($0, choice(LineKind.self)) }
    return kinds.map { SpendingTerms(kinds: $0.map(\.rawValue)) }
  }

  private func withdrawal(_ field: Field) -> WithdrawalTerms? {
    guard let section = section(field, known: ["approvalAbove", "minimum", "dueSoonAfter", "dueAfter"]) else { return nil }
    let approvalAbove = optional("approvalAbove", in: section, approvalLimits) ?? .above([:])
    let minimum = optional("minimum", in: section) { amounts($0) } ?? [:]
    let dueSoonAfter = required("dueSoonAfter", in: section, span)
    let dueAfter = required("dueAfter", in: section, span)
    guard let dueSoonAfter, let dueAfter, let due = section.fields["dueAfter"] else { return nil }
    if dueAfter < dueSoonAfter { report(due, "must not be shorter than dueSoonAfter, \(dueSoonAfter)") }
    return WithdrawalTerms(
      approvalAbove: approvalAbove, minimum: minimum, dueSoonAfter: dueSoonAfter, dueAfter: dueAfter)
  }

  private func approvalLimits(_ field: Field) -> ApprovalLimits? {
    guard case .scalar = field.node.content else { return amounts(field).map(ApprovalLimits.above) }
    return plain(field) == "none" ? .never : reject(field, "none, or amounts by currency such as {USD: 50000}")
  }

  private func welcomeOffer(_ field: Field) -> WelcomeOfferTerms? {
    guard let section = section(field, known: ["percent", "plans", "within"]) else { return nil }
    let percent = required("percent", in: section, percent)
    let plans = required("plans", in: section) { names($0, text) }
    let within = required("within", in: section, span)
    guard let percent, let plans, let within else { return nil }
    return WelcomeOfferTerms(percent: percent, plans: plans, within: within)
  }

  private func discounts(_ field: Field) -> DiscountTerms? {
    guard let section = section(field, known: ["tiers", "maxPerCompany", "day", "zone"]) else { return nil }
    let tiers = required("tiers", in: section, tiers)
    let maxPerCompany = required("maxPerCompany", in: section, number(1...Int64.max))
    let day = required("day", in: section, number(1...31))
    let zone = optional("zone", in: section, zone) ?? .utc
    guard let tiers, let maxPerCompany, let day else { return nil }
    return DiscountTerms(tiers: tiers, maxPerCompany: maxPerCompany, schedule: MonthlySchedule(day: day, zone: zone))
  }

  private func tiers(_ field: Field) -> [DiscountTerms.Tier]? {
    var previous: Int64?
    return list(field, atLeastOne: "tier such as {from: 5, percent: 5}") { item in
      guard let section = section(item, known: ["from", "percent"]) else { return nil }
      let from = required("from", in: section, number(1...Int64.max))
      let percent = required("percent", in: section, percent)
      if let from, let previous, from <= previous, let field = section.fields["from"] {
        report(field, "must be more than \(previous), the value of the tier before it")
      }
      previous = from ?? previous
      guard let from, let percent else { return nil }
      return DiscountTerms.Tier(from: from, percent: percent)
    }
  }
}
