import Contracts
import Markup
import PortalLanguages
import PortalModel
import Terms

extension Pages {
  /// The link, its results, and the balance.
  ///
  /// - Parameter wish: a requested code that is not valid.
  public static func overview(_ summary: Summary, wish: String? = nil, _ context: PageContext) -> [UInt8] {
    let say = context.say
    return context.page(.overview, title: say("overview.title")) {
      if let offer = summary.offer { context.offer(offer) }
      tag("div", ["class": "columns"]) {
        tag("div") {
          context.link(of: summary, wish: wish)
          if summary.referees.invited == 0 { context.steps }
          // Without a link there are no results.
          if !summary.codes.isEmpty { context.figures(summary) }
        }
        tag("div") {
          if context.terms.reward != nil { context.balances(summary) }
          if context.terms.discounts != nil { context.nextDiscount(active: summary.referees[.active]) }
        }
      }
    }
  }
}

extension PageContext {
  // MARK: The link

  @HTMLBuilder fileprivate func link(of summary: Summary, wish: String?) -> HTML {
    section(say("overview.link.title"), class: "panel") {
      tag("p", ["class": "lead"]) { rewardSentence }
      if let availabilitySentence { tag("p", ["class": "quiet"]) { availabilitySentence } }
      if let code = summary.codes.last {
        share(code)
        let earlier = summary.codes.dropLast().suffix(5)
        if !earlier.isEmpty {
          tag("p", ["class": "quiet"]) { say("overview.link.earlier") }
          tag("ul", ["class": "quiet"]) {
            for code in earlier { tag("li") { tag("code") { code.link.isEmpty ? code.code : code.link } } }
          }
        }
      } else {
        ask(wish)
      }
    }
  }

  @HTMLBuilder private func share(_ code: IssuedCode) -> HTML {
    // Without a link in the terms, people share the code itself.
    let text = code.link.isEmpty ? code.code : code.link
    tag("label", ["for": "link"]) { say("overview.link.label") }
    tag("div", ["class": "copy"]) {
      emptyTag("input", ["id": "link", "readonly": "", "value": text, "dir": "ltr"])
      tag("button", ["type": "button", "hidden": "", "data-copy": "link", "data-said": "copied", "data-done": say("copy.done")]) {
        say("copy.button")
      }
    }
    tag("span", ["id": "copied", "role": "status", "class": "hide"]) {}
    if !code.link.isEmpty {
      let invitation = self.invitation
      tag("ul", ["class": "share", "aria-label": say("share.label")]) {
        for (key, address) in [
          (
            "share.mail",
            "mailto:?subject=\(say("share.subject").percentEncoded)&body=\("\(invitation) \(code.link)".percentEncoded)"
          ),
          ("share.telegram", "https://t.me/share/url?url=\(code.link.percentEncoded)&text=\(invitation.percentEncoded)"),
          ("share.whatsapp", "https://wa.me/?text=\("\(invitation) \(code.link)".percentEncoded)"),
        ] {
          tag("li") { tag("a", ["href": address, "rel": "noopener noreferrer"]) { say(key) } }
        }
        tag("li") { tag("a", ["href": link("poster")]) { say("share.qr") } }
      }
    }
  }

  private var invitation: String {
    guard let offer = terms.welcomeOffer else { return say("share.text") }
    return say("share.offer", ["percent": say.percent(offer.percent)])
  }

  @HTMLBuilder private func ask(_ wish: String?) -> HTML {
    tag("div", ["class": "empty"]) {
      tag("p", ["class": "lead"]) { say("overview.link.none") }
      if may(.code) {
        tag("p") { say("overview.link.none.text") }
        form(link("code")) {
          tag("button") { say("overview.link.get") }
          tag("details", ["open": wish == nil ? nil : ""]) {
            tag("summary") { say("overview.link.own") }
            tag("label", ["for": "wish"]) { say("overview.link.wish") }
            emptyTag(
              "input",
              [
                "id": "wish", "name": "wish", "maxlength": "64", "autocomplete": "off", "spellcheck": "false", "value": wish,
                "aria-invalid": wish == nil ? nil : "true", "aria-describedby": wish == nil ? nil : "wish-fault",
              ])
            if wish != nil { tag("p", ["id": "wish-fault", "class": "fault"]) { say("form.code") } }
          }
        }
      } else {
        tag("p") { say("overview.link.right") }
      }
    }
  }

  fileprivate var steps: HTML {
    section(say("steps.title")) {
      tag("ol", ["class": "steps"]) {
        tag("li") { say("steps.share") }
        tag("li") { say("steps.register") }
        tag("li") { say(terms.reward == nil ? "steps.discount" : "steps.earn") }
      }
    }
  }

  // MARK: Results

  fileprivate func figures(_ summary: Summary) -> HTML {
    section(say("figures.title"), class: "panel") {
      tag("dl", ["class": "figures"]) {
        figure("figures.clicks", summary.clicks.counted) {
          if summary.clicks.rejected > 0 { say("figures.rejected", count: summary.clicks.rejected) }
        }
        figure("figures.invited", summary.referees.invited) {}
        if terms.reward != nil { figure("figures.earning", summary.referees[.earning]) {} }
        if terms.discounts != nil { figure("figures.active", summary.referees[.active]) {} }
      }
      tag("p") { tag("a", ["href": link("invited")]) { say("invited.title") } }
    }
  }

  private func figure(_ key: String, _ number: Int64, @HTMLBuilder _ more: () -> HTML) -> HTML {
    tag("div") {
      tag("dt") { say(key) }
      tag("dd") {
        tag("b") { say.number(number) }
        let more = more()
        if !more.isEmpty { tag("small") { more } }
      }
    }
  }

  // MARK: The welcome offer

  fileprivate func offer(_ offer: Offer) -> HTML {
    section(say("offer.title"), class: "panel offer") {
      let percent = say.percent(offer.percent)
      switch offer.state {
      case .open:
        tag("p", ["class": "lead"]) {
          offer.plans.isEmpty
            ? say("offer.open.any", ["percent": percent])
            : say("offer.open", ["percent": percent, "plans": say.list(offer.plans, or: true)])
        }
        tag("p") {
          // Round down to whole days, so that no one counts on a day that has already begun.
          let days = (offer.expiresAt - now).milliseconds / TimeSpan.days(1).milliseconds
          tag("strong") { days > 0 ? say("offer.left", count: days) : say("offer.today") }
          " · "
          say("offer.until", ["date": dateAndTime(offer.expiresAt)])
        }
      case .used: tag("p") { say("offer.used", ["percent": percent]) }
      case .expired: tag("p") { say("offer.expired", ["percent": percent, "date": date(offer.expiresAt)]) }
      }
    }
  }

  fileprivate func nextDiscount(active: Int64) -> HTML {
    section(say("discounts.title"), class: "panel") {
      tag("p", ["class": "lead"]) { say("discounts.active", count: active) }
      for text in nextStepSentences(active: active) { tag("p") { text } }
      tag("p") { tag("a", ["href": link("discounts")]) { say("discounts.companies") } }
    }
  }
}
