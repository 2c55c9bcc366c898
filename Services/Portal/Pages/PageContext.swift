import Contracts
import Markup
import PortalAccess
import Terms

/// What every page needs to know: who looks at it, in which program and language, and how old the figures are.
struct PageContext: Sendable {
  var session: Session
  /// The version in force; sections of the pages follow it.
  var terms: TermsVersion
  var language: Language
  /// Empty, or a path without a slash at its end: every link begins with it.
  var basePath: String
  /// Of this page, with the base path and without a query: for the links that change the language.
  var path: String
  var freshness: Freshness
  /// The clock's time, in the sandbox the virtual one.
  var now: Instant
  /// Where times are shown; the calendar of monthly discounts has its own.
  var zone: Zone = .utc
  /// Both go with every form: the id that the request will have, and a token bound to it and to the session.
  var request: String
  var formToken: String
}

/// The pages. Each is made of the answers of the read model; nothing here reads or decides anything.
enum Pages {}

extension PageContext {
  var localized: Language { language }

  /// A path below this program: `link("book", "12")`.
  func link(_ parts: String...) -> String {
    ([terms.program.value] + parts).reduce(basePath) { $0 + "/" + $1.percentEncoded }
  }

  func may(_ right: Right) -> Bool { session.rights.contains(right) }

  func date(_ instant: Instant) -> String { language.date(instant, in: zone) }
  func dateAndTime(_ instant: Instant) -> String { language.dateAndTime(instant, in: zone) }

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

  /// Marks amounts that may be out of date, in places where someone could act on them.
  @HTMLBuilder var staleMark: HTML {
    if freshness.isStale { tag("span", ["class": "mark"]) { localized("stale.mark") } }
  }
}

/// A message where there is nothing to show yet.
func emptyState(_ title: String, _ text: String?, @HTMLBuilder _ action: () -> HTML = { .empty }) -> HTML {
  tag("div", ["class": "empty"]) {
    tag("p", ["class": "lead"]) { title }
    if let text { tag("p") { text } }
    action()
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
///   - showsCaption: whether the caption says more than the heading above it.
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
