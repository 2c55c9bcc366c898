import Foundation

/// Codes, registrations, clicks and the welcome offer.
extension AuditedProgram {
  func requestCode(_ account: String, _ data: Facts) {
    guard let wish = data.text("vanity"), wish.wholeMatch(of: /[-_A-Za-z0-9]{1,64}/) != nil,
      codes[wish] == nil || codes[wish] == account
    else { return }
    codes[wish] = account
    say("code.issued", ["account": account, "code": wish])
  }

  func visit(_ data: Facts, at instant: Int64) {
    let code = data.text("code") ?? ""
    var reasons: [String] = []
    if codes[code] == nil { reasons.append("unknown-code") }
    if isPaidAd(data.text("url")) { reasons.append("paid-ad") }
    if reasons.isEmpty {
      say("click.counted", ["code": code, "at": AuditedTime.write(instant)])
    } else {
      say("click.rejected", ["code": code, "at": AuditedTime.write(instant), "reasons": reasons])
    }
  }

  /// A registration that is not the delivery of an earlier one.
  func register(_ account: String, _ data: Facts, at instant: Int64) {
    let known = self.account(account)
    let referral = data.part("referral")
    if known.isRegistered, known.referrer == nil || referral == nil { return }  // R4: a conflicting duplicate
    if !known.isRegistered {
      change(account) {
        $0.isRegistered = true
        $0.identities = data.texts("identities")
        $0.changes.append((instant, data.text("kind"), data.text("country")))
      }
    }
    if let referral {
      let (code, reasons, referrer) = judge(account, referral, data, at: instant, again: known.isRegistered)
      if let referrer, let code, reasons.isEmpty {
        bind(account, to: referrer, code: code, at: instant)
      } else {
        say("referral.rejected", ["referee": account, "at": AuditedTime.write(instant), "reasons": reasons])
      }
    }
    if !known.isRegistered { replayKept(of: account) }
  }

  /// R1: the registration, the code, the referrer; the first that refuses says all that it has against it.
  private func judge(
    _ account: String, _ referral: Facts, _ data: Facts, at instant: Int64, again: Bool
  ) -> (code: String?, reasons: [String], referrer: String?) {
    let page = referral.text("landingURL")
    let code = [referral.text("code"), page.flatMap { Self.query(of: $0).first { $0.name == rules.parameter }?.value }]
      .compactMap { $0 }.first { !$0.isEmpty }
    var reasons: [String] = []
    if code == nil { reasons.append("no-code") }
    if isPaidAd(page) { reasons.append("paid-ad") }
    if rules.refusesPriorAccounts, !data.texts("previousAccounts").isEmpty { reasons.append("prior-account") }
    if again { reasons.append("already-attributed") }
    guard reasons.isEmpty, let code else { return (code, reasons, nil) }
    guard let owner = codes[code] else { return (code, ["unknown-code"], nil) }
    let referrer = self.account(owner)
    if owner == account || !Set(referrer.identities).isDisjoint(with: data.texts("identities")) {
      reasons.append("self-referral")
    }
    if referrer.referrer == account { reasons.append("loop") }
    if referrer.isClosed(at: instant) || !isEligible(owner, at: instant) { reasons.append("referrer-not-eligible") }
    return (code, reasons, owner)
  }

  /// C1: kind and country only; whether the account is closed is asked apart.
  func isEligible(_ account: String, at instant: Int64) -> Bool {
    guard rules.onlyIndividualsOfUkraine else { return true }
    return self.account(account).kindAndCountry(at: instant) == ("individual", "UA")
  }

  private func bind(_ account: String, to referrer: String, code: String, at instant: Int64) {
    change(account) { $0.referrer = referrer }
    let text = AuditedTime.write(instant)
    say(
      "referral.attributed",
      ["referral": account, "referrer": referrer, "referee": account, "code": code, "registeredAt": text, "attributedAt": text])
    if rules.hasOffer {
      let expiresAt = instant + 21 * AuditedTime.day
      change(account) { $0.offerExpiresAt = expiresAt }
      sayOffer("offer.opened", account, expiresAt: expiresAt, at: instant)
      set(.offerExpires(account: account), at: expiresAt)
    }
    if rules.hasTiers {
      change(account) { $0.activity.boundAt = instant }
      scheduleRuns(referrer, referee: account, boundAt: instant)
    }
  }

  // MARK: Welcome offer (A5)

  func useOffer(of account: String, _ payment: Facts, at instant: Int64) {
    guard let expiresAt = self.account(account).offerExpiresAt, instant < expiresAt,
      payment.parts("lines").contains(where: { $0.text("kind") == "plan" && ["Business", "Start+"].contains($0.text("plan")) })
    else { return }
    change(account) { $0.offerExpiresAt = nil }
    sayOffer("offer.used", account, expiresAt: expiresAt, at: instant)
  }

  func expireOffer(of account: String, at instant: Int64) {
    guard let expiresAt = self.account(account).offerExpiresAt else { return }
    change(account) { $0.offerExpiresAt = nil }
    sayOffer("offer.expired", account, expiresAt: expiresAt, at: instant)
  }

  private func sayOffer(_ type: String, _ account: String, expiresAt: Int64, at instant: Int64) {
    say(
      type,
      [
        "account": account, "percent": 10, "plans": ["Business", "Start+"], "expiresAt": AuditedTime.write(expiresAt),
        "at": AuditedTime.write(instant),
      ])
  }

  // MARK: Links

  private func isPaidAd(_ page: String?) -> Bool {
    guard let page else { return false }
    return Self.query(of: page).contains { rules.ads.contains($0.name) }
  }

  /// The parameters of a URL's query, percent-decoded.
  private static func query(of page: String) -> [(name: String, value: String)] {
    let withoutFragment = page.prefix { $0 != "#" }
    guard let mark = withoutFragment.firstIndex(of: "?") else { return [] }
    return withoutFragment[withoutFragment.index(after: mark)...].split(separator: "&").map { pair in
      let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { decoded(String($0)) }
      return (halves[0], halves.count > 1 ? halves[1] : "")
    }
  }

  private static func decoded(_ text: String) -> String { text.removingPercentEncoding ?? text }
}
