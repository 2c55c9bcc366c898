import Contracts
import Markup

extension PageContext {
  /// The account book in one currency, fifty entries per page.
  ///
  /// - Parameters:
  ///   - currency: `nil` if there are no entries yet.
  ///   - currencies: all currencies of the account's entries.
  ///   - isContinued: whether this is not the first part of the list.
  func book(_ entries: Page<Entry>, currency: Currency?, currencies: [Currency], isContinued: Bool) -> [UInt8] {
    page(.book, title: localized("book.title")) {
      if entries.items.isEmpty, !isContinued {
        emptyState(localized("book.empty"), [rewardSentence, availabilitySentence ?? ""].joined(separator: " "))
      } else {
        let query = currency.map { "currency=\($0.code)" } ?? ""
        tag("div", ["class": "tools"]) {
          if currencies.count > 1 {
            tag("nav", ["aria-label": localized("book.currencies")]) {
              for other in currencies {
                tag(
                  "a",
                  ["href": "\(link("book"))?currency=\(other.code)", "aria-current": other == currency ? "true" : nil]
                ) { other.code }
              }
            }
          }
          tag("a", ["href": "\(link("book.csv"))?\(query)", "download": ""]) { localized("book.csv") }
        }
        list(entries.items, currency)
        pager(
          first: isContinued ? "\(link("book"))?\(query)" : nil,
          next: entries.next.map { "\(link("book"))?\(query)&after=\($0.percentEncoded)" })
      }
    }
  }

  /// Explains an entry: its facts, and the steps of its computation.
  func why(_ entry: Entry) -> [UInt8] {
    page(.book, title: localized("why.title")) {
      tag("p", ["class": "lead"]) { what(entry) }
      section(localized("why.facts")) { facts(entry) }
      let reasons = self.reasons(entry)
      if !reasons.isEmpty {
        section(localized("why.reason")) { tag("ul") { for reason in reasons { tag("li") { reason } } } }
      }
      section(localized("why.steps")) {
        let sentences = entry.because.compactMap { localized.sentence($0, currency: entry.currency) }
        if sentences.isEmpty {
          tag("p") { localized("why.none") }
        } else {
          tag("ol", ["class": "steps"]) { for sentence in sentences { tag("li") { sentence } } }
        }
      }
      if let balance = entry.balance {
        section(localized("why.balance")) { balanceTable(balance, localized("why.balance")) }
      }
      tag("p") { tag("a", ["href": link("book")]) { localized("why.back") } }
    }
  }

  private func list(_ entries: [Entry], _ currency: Currency?) -> HTML {
    let unit = currency.map { ", \($0.code)" } ?? ""
    return table(
      localized("book.caption"),
      [
        (localized("book.date"), false), (localized("book.what"), false), (localized("book.amount") + unit, true),
        (localized("book.available"), false),
        (localized("book.balance") + unit, true), (localized("book.why"), false),
      ], class: "cards book"
    ) {
      for entry in entries {
        tag("tr") {
          tag("td") { date(entry.at) }
          tag("th", ["scope": "row"]) {
            what(entry)
            if let about = about(entry) { tag("small") { about } }
          }
          // An entry without a balance stands in the book of every currency.
          tag("td", ["class": "n a"]) {
            if let own = entry.currency, own != currency, let minor = entry.amount {
              localized.amount(minor, own)
            } else {
              figure(entry, entry.amount)
            }
          }
          tag("td", ["class": "v", "data-l": entry.availableAt == nil ? nil : localized("book.available")]) {
            entry.availableAt.map(date)
          }
          tag("td", ["class": "n b", "data-l": entry.balance == nil ? nil : localized("book.balance")]) {
            figure(entry, entry.balance?.available)
          }
          // A short relative address, because a page has fifty of them.
          tag("td") { tag("a", ["href": "book/\(entry.sequence)"]) { localized("book.why") } }
        }
      }
    }
  }

  private func figure(_ entry: Entry, _ minor: Int64?) -> String {
    guard let minor, let currency = entry.currency else { return "" }
    return localized.figure(minor, currency)
  }

  /// The name of an entry's type, such as `reward.accrued.v1`. Types that this release does not know share a general name.
  private func what(_ entry: Entry) -> String {
    localized.known("entry.\(entry.type.split(separator: ".").dropLast().joined(separator: "."))") ?? localized("entry.other")
  }

  /// The subject in a few words: the company, otherwise the invoice or the request.
  private func about(_ entry: Entry) -> String? {
    if let referee = entry.label ?? entry.referee?.value { return referee }
    if let invoice = entry.invoice { return localized("invoice.of", ["invoice": invoice]) }
    return entry.request.map { localized("request.of", ["request": $0]) }
  }

  private func facts(_ entry: Entry) -> HTML {
    let amount = entry.amount.flatMap { minor in entry.currency.map { localized.amount(minor, $0) } }
    return tag("dl", ["class": "facts"]) {
      fact(localized("why.date"), dateAndTime(entry.at))
      fact(localized("book.amount"), amount)
      fact(localized("book.available"), entry.availableAt.map(dateAndTime))
      fact(localized("why.company"), entry.label ?? entry.referee?.value)
      fact(localized("why.payment"), entry.payment)
      fact(localized("why.refund"), entry.refund)
      fact(localized("why.invoice"), entry.invoice)
      fact(localized("why.request"), entry.request)
      fact(localized("why.terms"), entry.terms.isEmpty ? nil : entry.terms)
    }
  }

  private func reasons(_ entry: Entry) -> [String] {
    let kind =
      switch entry.type {
      case "reward.declined.v1": "reward"
      case "bonus.declined.v1": "bonus"
      case "reward.frozen.v1", "reward.unfrozen.v1": "freeze"
      default: "reversal"
      }
    return entry.reasons.map { localized.reason(kind, $0) }
  }
}
