/// A referee's own discount (A5).
struct AuditedOffer {
  let expiresAt: Int64
  /// Payments from this instant on use it (A1f).
  let paidFrom: Int64
  var isOpen = true
}

extension AuditedProgram {
  /// Moving a referral opens no second offer (A1e).
  func openOffer(of account: String, at instant: Int64) {
    guard let rule = terms.offer, self.account(account).offer == nil else { return }
    let offer = AuditedOffer(expiresAt: instant + rule.within, paidFrom: instant - terms.leeway)
    change(account) { $0.offer = offer }
    sayOffer("offer.opened", account, offer, at: instant)
    set(.offerExpires(account: account), at: offer.expiresAt)
  }

  func useOffer(of account: String, _ payment: Facts, at instant: Int64) {
    guard let offer = self.account(account).offer, offer.isOpen, (offer.paidFrom..<offer.expiresAt).contains(instant),
      payment.received > 0,  // R6
      payment.parts("lines").contains(where: {
        $0.text("kind") == "plan" && terms.offer?.plans.contains($0.text("plan") ?? "") == true
      })
    else { return }
    close(account, offer, "offer.used", at: instant)
  }

  func expireOffer(of account: String, at instant: Int64) {
    guard let offer = self.account(account).offer, offer.isOpen else { return }
    close(account, offer, "offer.expired", at: instant)
  }

  private func close(_ account: String, _ offer: AuditedOffer, _ type: String, at instant: Int64) {
    change(account) { $0.offer?.isOpen = false }
    sayOffer(type, account, offer, at: instant)
  }

  private func sayOffer(_ type: String, _ account: String, _ offer: AuditedOffer, at instant: Int64) {
    say(
      type,
      [
        "account": account, "percent": terms.offer?.percent ?? 0, "plans": terms.offer?.plans ?? [],
        "expiresAt": AuditedTime.write(offer.expiresAt), "at": AuditedTime.write(instant),
      ])
  }
}
