import Contracts
import Markup
import PortalAccess
import Terms

/// Makes the pages of one request, from the session, the program's terms, the language, and the age of the figures. Pages only
/// render values from the read model, and neither read nor decide anything.
struct PageContext: Sendable {
  var session: Session
  /// The programs that the menu offers.
  var programs: [ProgramID]
  /// The version in force. It decides which sections the pages have.
  var terms: TermsVersion
  var localized: Language
  /// The beginning of every link: empty, or a path without a slash at its end.
  var basePath: String
  /// The path of this page, with the base path and without the query, for the links that change the language.
  var path: String
  /// The page's query without the language, each parameter with `&` behind it.
  var query: String
  var freshness: Freshness
  /// The programs' time: in a sandbox, the virtual time.
  var now: Instant
  /// Every form contains both: the id of its request, and a token that is bound to this id and to the session.
  var request: String
  var formToken: String
}

extension PageContext {
  /// A path below this program: `link("book", "12")`.
  func link(_ parts: String...) -> String {
    ([terms.program.value] + parts).reduce(basePath) { $0 + "/" + $1.percentEncoded }
  }

  func may(_ right: Right) -> Bool { session.rights.contains(right) }

  func date(_ instant: Instant) -> String { localized.date(instant) }
  func dateAndTime(_ instant: Instant) -> String { localized.dateAndTime(instant) }

  /// A date with a machine-readable form.
  func dated(_ instant: Instant, time: Bool = false) -> HTML {
    tag("time", ["datetime": instant.description]) { time ? dateAndTime(instant) : date(instant) }
  }

  /// A form that sends a request, with the fields that every form needs.
  func form(_ action: String, class name: String? = nil, @HTMLBuilder _ content: () -> HTML) -> HTML {
    tag("form", ["method": "post", "action": action, "class": name]) {
      emptyTag("input", ["type": "hidden", "name": "form", "value": formToken])
      emptyTag("input", ["type": "hidden", "name": "request", "value": request])
      content()
    }
  }

  /// The amount that a panel is about, in large type.
  func amountLine(_ minor: Int64, _ currency: Currency, _ label: String, isMarked: Bool = true) -> HTML {
    tag("p", ["class": "amount"]) {
      tag("b") { localized.amount(minor, currency) }
      tag("span") { localized(label) }
      if isMarked { staleMark }
    }
  }

  /// When money becomes available.
  func sentence(_ next: Maturity, _ currency: Currency) -> HTML {
    tag("p") { localized("balance.next", ["amount": localized.amount(next.amount, currency), "date": date(next.at)]) }
  }

  /// Marks amounts that may be out of date, in places where someone could act on them.
  @HTMLBuilder var staleMark: HTML {
    if freshness.isStale { tag("span", ["class": "mark"]) { localized("stale.mark") } }
  }
}

/// A message shown instead of an empty list.
func emptyState(_ title: String, _ text: String?, @HTMLBuilder _ action: () -> HTML = { .empty }) -> HTML {
  tag("div", ["class": "empty"]) {
    tag("p", ["class": "lead"]) { title }
    if let text { tag("p") { text } }
    action()
  }
}

/// A row of a list of facts; empty without a value.
@HTMLBuilder func fact(_ label: String, _ value: String?) -> HTML {
  if let value {
    tag("div") {
      tag("dt") { label }
      tag("dd") { value }
    }
  }
}

/// A section with a heading.
func section(_ title: String, class name: String? = nil, @HTMLBuilder _ content: () -> HTML) -> HTML {
  tag("section", ["class": name]) {
    tag("h2") { title }
    content()
  }
}

/// A table that becomes a list of cards on narrow screens.
///
/// - Parameters:
///   - showsCaption: whether the caption adds something to the heading above it.
///   - head: the title of each column, and whether it contains figures.
func table(
  _ caption: String, showsCaption: Bool = false, _ head: [(title: String, isFigure: Bool)], class name: String = "cards",
  @HTMLBuilder _ rows: () -> HTML
) -> HTML {
  tag("table", ["class": name]) {
    tag("caption", ["class": showsCaption ? nil : "hide"]) { caption }
    tag("thead") {
      tag("tr") {
        for column in head { tag("th", ["scope": "col", "class": column.isFigure ? "n" : nil]) { column.title } }
      }
    }
    tag("tbody", [:], rows)
  }
}
