import Contracts
import Markup
import Terms

extension PageContext {
  /// The link, its results, and the balance.
  func overview(_ summary: Summary) -> [UInt8] {
    page(.overview, title: localized("overview.title")) {
      if let offer = summary.offer { self.offer(offer) }
      tag("div", ["class": "columns"]) {
        tag("div") {
          link(of: summary)
          if summary.referees.invited == 0 { steps }
          // Without a link there are no results.
          if !summary.codes.isEmpty { figures(summary) }
        }
        tag("div") {
          if terms.reward != nil { balances(summary) }
          if terms.discounts != nil { nextDiscount(active: summary.referees[.active]) }
        }
      }
    }
  }

  // MARK: The link

  @HTMLBuilder private func link(of summary: Summary) -> HTML {
    section(localized("overview.link.title"), class: "panel") {
      tag("p", ["class": "lead"]) { rewardSentence }
      if let availabilitySentence { tag("p", ["class": "quiet"]) { availabilitySentence } }
      if let code = summary.shared {
        share(code)
        let earlier = summary.codes.dropLast().suffix(5)
        if !earlier.isEmpty {
          tag("p", ["class": "quiet"]) { localized("overview.link.earlier") }
          tag("ul", ["class": "quiet"]) {
            for code in earlier { tag("li") { tag("code") { code.link.isEmpty ? code.code : code.link } } }
          }
        }
      } else {
        ask
      }
    }
  }

  @HTMLBuilder private func share(_ code: IssuedCode) -> HTML {
    // Without a link in the terms, people share the code itself.
    let text = code.link.isEmpty ? code.code : code.link
    tag("label", ["for": "link"]) { localized("overview.link.label") }
    tag("div", ["class": "copy"]) {
      emptyTag("input", ["id": "link", "readonly": "", "value": text, "dir": "ltr"])
      tag(
        "button",
        ["type": "button", "hidden": "", "data-copy": "link", "data-said": "copied", "data-done": localized("copy.done")]
      ) {
        localized("copy.button")
      }
    }
    tag("span", ["id": "copied", "role": "status", "class": "hide"]) {}
    if !code.link.isEmpty {
      let invitation = self.invitation
      tag("ul", ["class": "share", "aria-label": localized("share.label")]) {
        for (key, address) in [
          (
            "share.mail",
            "mailto:?subject=\(localized("share.subject").percentEncoded)&body=\("\(invitation) \(code.link)".percentEncoded)"
          ),
          ("share.telegram", "https://t.me/share/url?url=\(code.link.percentEncoded)&text=\(invitation.percentEncoded)"),
          ("share.whatsapp", "https://wa.me/?text=\("\(invitation) \(code.link)".percentEncoded)"),
        ] {
          tag("li") { tag("a", ["href": address, "rel": "noopener noreferrer"]) { localized(key) } }
        }
        tag("li") { tag("a", ["href": link("poster")]) { localized("share.qr") } }
      }
    }
  }

  private var invitation: String {
    guard let offer = terms.welcomeOffer else { return localized("share.text") }
    return localized("share.offer", ["percent": localized.percent(offer.percent)])
  }

  private var ask: HTML {
    tag("div", ["class": "empty"]) {
      tag("p", ["class": "lead"]) { localized("overview.link.none") }
      if may(.code) {
        tag("p") { localized("overview.link.none.text") }
        form(link("code")) {
          tag("button") { localized("overview.link.get") }
          tag("details") {
            tag("summary") { localized("overview.link.own") }
            tag("label", ["for": "wish"]) { localized("overview.link.wish") }
            emptyTag(
              "input",
              ["id": "wish", "name": "wish", "maxlength": "64", "autocomplete": "off", "spellcheck": "false"])
          }
        }
      } else {
        tag("p") { localized("overview.link.right") }
      }
    }
  }

  private var steps: HTML {
    section(localized("steps.title")) {
      tag("ol", ["class": "steps"]) {
        tag("li") { localized("steps.share") }
        tag("li") { localized("steps.register") }
        tag("li") { localized(terms.reward == nil ? "steps.discount" : "steps.earn") }
      }
    }
  }

  // MARK: Results

  private func figures(_ summary: Summary) -> HTML {
    section(localized("figures.title"), class: "panel") {
      tag("dl", ["class": "figures"]) {
        figure("figures.clicks", summary.clicks.counted) {
          if summary.clicks.rejected > 0 { localized("figures.rejected", count: summary.clicks.rejected) }
        }
        figure("figures.invited", summary.referees.invited) {}
        if terms.reward != nil { figure("figures.earning", summary.referees[.earning]) {} }
        if terms.discounts != nil { figure("figures.active", summary.referees[.active]) {} }
      }
      tag("p") { tag("a", ["href": link("invited")]) { localized("invited.title") } }
    }
  }

  private func figure(_ key: String, _ number: Int64, @HTMLBuilder _ more: () -> HTML) -> HTML {
    tag("div") {
      tag("dt") { localized(key) }
      tag("dd") {
        tag("b") { localized.number(number) }
        let more = more()
        if !more.isEmpty { tag("small") { more } }
      }
    }
  }

  // MARK: The welcome offer

  private func offer(_ offer: Offer) -> HTML {
    section(localized("offer.title"), class: "panel offer") {
      let percent = localized.percent(offer.percent)
      switch offer.state {
      case .open:
        tag("p", ["class": "lead"]) {
          offer.plans.isEmpty
            ? localized("offer.open.any", ["percent": percent])
            : localized("offer.open", ["percent": percent, "plans": localized.list(offer.plans, or: true)])
        }
        tag("p") {
          // Round down to whole days, so that nobody counts on a day that has already begun.
          let days = (offer.expiresAt - now).milliseconds / TimeSpan.days(1).milliseconds
          tag("strong") { days > 0 ? localized("offer.left", count: days) : localized("offer.today") }
          " · "
          localized("offer.until", ["date": dateAndTime(offer.expiresAt)])
        }
      case .used: tag("p") { localized("offer.used", ["percent": percent]) }
      case .expired: tag("p") { localized("offer.expired", ["percent": percent, "date": date(offer.expiresAt)]) }
      }
    }
  }

  private func nextDiscount(active: Int64) -> HTML {
    section(localized("discounts.title"), class: "panel") {
      tag("p", ["class": "lead"]) { localized("discounts.active", count: active) }
      for text in nextStepSentences(active: active) { tag("p") { text } }
      tag("p") { tag("a", ["href": link("discounts")]) { localized("discounts.companies") } }
    }
  }
}
