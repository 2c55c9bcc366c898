/// Codes, clicks, registrations and operators' decisions about referrals.
extension AuditedProgram {
  /// A1b. Only the stages derive a code for a request without a vanity.
  func requestCode(_ account: String, _ data: Facts, at instant: Int64) {
    guard let vanity = data.text("vanity") else { return }
    let code = AuditedTerms.cut(vanity)
    var reported: [String: Any] = ["account": account, "request": data.text("request") ?? "", "at": AuditedTime.write(instant)]
    if code.wholeMatch(of: /[-_A-Za-z0-9]{1,64}/) == nil || !terms.isCode(code) {
      reported["reasons"] = ["invalid"]
    } else if let owner = codes[code], owner != account {
      reported["reasons"] = ["taken"]
    } else {
      codes[code] = account
      reported["code"] = code
    }
    say(reported["code"] == nil ? "code.declined" : "code.issued", reported)
  }

  /// C4b.
  func visit(_ data: Facts, at instant: Int64) {
    let code = AuditedTerms.cut(data.text("code") ?? "")
    var reasons: [String] = []
    if codes[code] == nil { reasons.append("unknown-code") }
    if terms.isPaidAd(data.text("url")) { reasons.append("paid-ad") }
    if reasons.isEmpty {
      say("click.counted", ["code": code, "at": AuditedTime.write(instant)])
    } else {
      say("click.rejected", ["code": code, "at": AuditedTime.write(instant), "reasons": reasons])
    }
  }

  /// R4. A second registration is a conflicting duplicate if there is nothing that it could be rejected for.
  func conflicts(_ account: String, _ data: Facts) -> Bool {
    let known = self.account(account)
    return known.isRegistered && (known.referrals.isEmpty || data.part("referral") == nil)
  }

  /// A registration that is neither a repeat nor a conflicting duplicate.
  func register(_ account: String, _ data: Facts, at instant: Int64) {
    let known = self.account(account)
    let referral = data.part("referral")
    if !known.isRegistered {
      change(account) {
        $0.isRegistered = true
        $0.identities = data.texts("identities").map { $0.lowercased() }
        $0.hasEarlierAccounts = !data.texts("previousAccounts").isEmpty
        $0.changes.append((instant, data.text("kind"), data.country))
      }
    }
    if let referral {
      let code = terms.code(of: referral)
      var reasons: [String] = []
      if code == nil { reasons.append("no-code") }
      if terms.isPaidAd(referral.text("landingURL")) { reasons.append("paid-ad") }
      if terms.refusesPriorAccounts, !data.texts("previousAccounts").isEmpty { reasons.append("prior-account") }
      if known.isRegistered { reasons.append("already-attributed") }
      let owner = code.flatMap { codes[$0] }
      if reasons.isEmpty { reasons = objections(to: owner, of: account, at: instant) }
      let reported = code.map { ["code": $0] } ?? [:]
      if let owner, reasons.isEmpty {
        bind(account, to: owner, reported, at: instant)
      } else {
        reject(account, reasons, reported, at: instant)
      }
    }
    guard !known.isRegistered else { return }
    replayKept(of: account)
    let decisions = self.account(account).decisions
    change(account) { $0.decisions = [] }
    for decision in decisions { decide(account, decision.type, decision.data, at: decision.at) }
  }

  /// A1e. A decision before the registration waits for it.
  func decide(_ account: String, _ type: String, _ data: Facts, at instant: Int64) {
    let known = self.account(account)
    guard known.isRegistered else { return change(account) { $0.decisions.append((type, data, instant)) } }
    var reported: [String: Any] = ["request": data.text("request") ?? "", "operator": data.text("operator") ?? ""]
    guard type == "referral.assignRequested", let referrer = data.text("referrer") else {
      return end(account, reported, at: instant)
    }
    var reasons: [String] = []
    if terms.refusesPriorAccounts, known.hasEarlierAccounts { reasons.append("prior-account") }
    if let last = known.referrals.last, instant < last.endedAt ?? .max { reasons.append("already-attributed") }
    if reasons.isEmpty { reasons = objections(to: codes.values.contains(referrer) ? referrer : nil, of: account, at: instant) }
    if reasons.isEmpty { return bind(account, to: referrer, reported, at: instant) }
    reported["referrer"] = referrer
    reject(account, reasons, reported, at: instant)
  }

  /// Checks the code, then the referrer (R1).
  private func objections(to owner: String?, of account: String, at instant: Int64) -> [String] {
    guard let owner else { return ["unknown-code"] }
    let referrer = self.account(owner)
    var reasons: [String] = []
    if owner == account || !Set(referrer.identities).isDisjoint(with: self.account(account).identities) {
      reasons.append("self-referral")
    }
    if referrer.referrer == account { reasons.append("loop") }
    if referrer.closings.isClosed(at: instant) || !isEligible(owner, at: instant) { reasons.append("referrer-not-eligible") }
    return reasons
  }

  /// Checks only kind and country (C1). Closings are checked separately.
  func isEligible(_ account: String, at instant: Int64) -> Bool {
    let (kind, country) = self.account(account).kindAndCountry(at: instant)
    return (terms.kinds.isEmpty || terms.kinds.contains(kind ?? ""))
      && (terms.countries.isEmpty || terms.countries.contains(country ?? ""))
  }

  private func reject(_ account: String, _ reasons: [String], _ more: [String: Any], at instant: Int64) {
    let reported: [String: Any] = ["referee": account, "at": AuditedTime.write(instant), "reasons": reasons]
    say("referral.rejected", reported.merging(more) { $1 })
  }

  private func bind(_ account: String, to referrer: String, _ more: [String: Any], at instant: Int64) {
    change(account) { $0.referrals.append(AuditedReferral(referrer: referrer, attributedAt: instant)) }
    let text = AuditedTime.write(instant)
    let reported: [String: Any] = ["referrer": referrer, "referee": account, "registeredAt": text, "attributedAt": text]
    say("referral.attributed", reported.merging(more) { $1 })
    openOffer(of: account, at: instant)
    if terms.hasTiers {
      scheduleRuns(referrer, referee: account, boundAt: instant)
      tell(account, self.account(account).activity, at: instant)
    }
  }

  /// Earlier rewards and the offer stay (A1e).
  private func end(_ account: String, _ more: [String: Any], at instant: Int64) {
    guard let referrer = self.account(account).referrer else { return }  // no-referral
    change(account) { $0.referrals[$0.referrals.count - 1].endedAt = instant }
    let reported: [String: Any] = ["referrer": referrer, "referee": account, "at": AuditedTime.write(instant)]
    say("referral.ended", reported.merging(more) { $1 })
    if terms.hasTiers { endActivity(of: account, referrer: referrer, at: instant) }
  }
}
