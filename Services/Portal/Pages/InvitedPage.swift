import Contracts
import Markup

/// The requested part of the list of invited companies.
struct InvitedQuery: Sendable, Equatable {
  var status: RefereeStatus?
  /// A day such as `2026-03-01`: only those who registered on it or before.
  var on: String?
  /// The beginning of an account's id.
  var find: String?
  /// Whether this is not the first part of the list.
  var isContinued: Bool = false

  var isFiltered: Bool { status != nil || on != nil || find != nil }

  /// The query part of a URL.
  fileprivate func text(after cursor: String? = nil) -> String {
    let fields = [("status", status?.rawValue), ("on", on), ("find", find), ("after", cursor)]
    let parts = fields.compactMap { name, value in value.map { "\(name)=\($0.percentEncoded)" } }
    return parts.isEmpty ? "" : "?" + parts.joined(separator: "&")
  }
}

extension PageContext {
  /// The invited companies, fifty per page.
  func invited(_ referees: Page<Referee>, counts: RefereeCounts, query: InvitedQuery) -> [UInt8] {
    page(.invited, title: localized("invited.title")) {
      if counts.byStatus.values.allSatisfy({ $0 == 0 }), !query.isFiltered {
        emptyState(localized("invited.empty"), localized("invited.empty.text")) {
          tag("p") { tag("a", ["class": "button", "href": link()]) { localized("overview.link.title") } }
        }
      } else {
        filter(query, counts)
        if referees.items.isEmpty {
          emptyState(localized("invited.none"), localized("invited.none.text")) {
            tag("p") { tag("a", ["href": link("invited")]) { localized("invited.filter.clear") } }
          }
        } else {
          list(referees.items)
          pager(
            first: query.isContinued ? link("invited") + query.text() : nil,
            next: referees.next.map { link("invited") + query.text(after: $0) })
        }
      }
    }
  }
}

extension PageContext {
  private func filter(_ query: InvitedQuery, _ counts: RefereeCounts) -> HTML {
    tag("form", ["action": link("invited"), "class": "filter", "role": "search", "aria-label": localized("invited.filter")]) {
      tag("div") {
        tag("label", ["for": "status"]) { localized("invited.status") }
        tag("select", ["id": "status", "name": "status"]) {
          tag("option", ["value": ""]) { localized("invited.filter.all") }
          for status in RefereeStatus.allCases where counts[status] > 0 || query.status == status {
            tag("option", ["value": status.rawValue, "selected": query.status == status ? "" : nil]) {
              "\(localized("status.\(status.rawValue)")) (\(localized.number(counts[status])))"
            }
          }
        }
      }
      tag("div") {
        tag("label", ["for": "on"]) { localized("invited.filter.on") }
        emptyTag("input", ["id": "on", "name": "on", "type": "date", "value": query.on])
      }
      tag("div") {
        tag("label", ["for": "find"]) { localized("invited.filter.find") }
        emptyTag("input", ["id": "find", "name": "find", "type": "search", "maxlength": "128", "value": query.find])
      }
      tag("div", ["class": "go"]) {
        tag("button") { localized("invited.filter.show") }
        if query.isFiltered { tag("a", ["href": link("invited")]) { localized("invited.filter.clear") } }
      }
    }
  }

  private func list(_ referees: [Referee]) -> HTML {
    var head = [
      (localized("invited.company"), false), (localized("invited.registered"), false), (localized("invited.status"), false),
    ]
    if terms.reward != nil { head += [(localized("invited.payments"), true), (localized("invited.earned"), true)] }
    return table(localized("invited.caption"), head) {
      for referee in referees {
        tag("tr") {
          tag("th", ["scope": "row"]) {
            referee.label ?? referee.account.value
            // The id that the search uses.
            if referee.label != nil { tag("small") { referee.account.value } }
          }
          tag("td", ["class": "d"]) { date(referee.registeredAt) }
          tag("td") {
            tag("span", ["class": "s \(referee.status.rawValue)"]) { localized("status.\(referee.status.rawValue)") }
            if !referee.reasons.isEmpty {
              tag("small") { localized.list(referee.reasons.map { localized.reason("attribution", $0) }) }
            }
          }
          if terms.reward != nil {
            tag("td", ["class": "n", "data-l": localized("invited.payments")]) { localized.number(referee.payments) }
            tag("td", ["class": "n", "data-l": localized("invited.earned")]) {
              referee.earned.isEmpty
                ? "–"
                : referee.earned.sorted { $0.key < $1.key }.map { localized.amount($0.value, $0.key) }.joined(separator: ", ")
            }
          }
        }
      }
    }
  }

  /// Links to the first and the next page of a list.
  @HTMLBuilder func pager(first: String?, next: String?) -> HTML {
    if first != nil || next != nil {
      tag("nav", ["class": "pages", "aria-label": localized("list.label")]) {
        if let first { tag("a", ["href": first]) { localized("list.first") } }
        if let next { tag("a", ["href": next, "rel": "next"]) { localized("list.next") } }
      }
    }
  }
}
