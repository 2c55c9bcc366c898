import Contracts
import Markup
import PortalAccess
import PortalLanguages
import PortalModel
import Terms

/// What every page needs to know: who looks at it, in which program and language, and how old the figures are.
public struct PageContext: Sendable {
  public var session: Session
  /// The version in force; sections of the pages follow it.
  public var terms: TermsVersion
  public var language: Language
  /// Empty, or a path without a slash at its end: every link begins with it.
  public var basePath: String
  /// Of this page, with the base path and without a query: for the links that change the language.
  public var path: String
  public var freshness: Freshness
  /// The clock's time, in the sandbox the virtual one.
  public var now: Instant
  /// Where times are shown; the calendar of monthly discounts has its own.
  public var zone: Zone
  /// Both go with every form: the id that the request will have, and a token bound to it and to the session.
  public var request: String
  public var formToken: String

  public init(
    session: Session, terms: TermsVersion, language: Language, basePath: String, path: String, freshness: Freshness, now: Instant,
    zone: Zone = .utc, request: String, formToken: String
  ) {
    self.session = session
    self.terms = terms
    self.language = language
    self.basePath = basePath
    self.path = path
    self.freshness = freshness
    self.now = now
    self.zone = zone
    self.request = request
    self.formToken = formToken
  }
}

/// The pages. Each is made of the answers of the read model; nothing here reads or decides anything.
public enum Pages {}

extension PageContext {
  var say: Language { language }

  /// A path of this program: `link("book", "12")`.
  func link(_ parts: String...) -> String {
    ([terms.program.value] + parts).reduce(basePath) { $0 + "/" + $1.percentEncoded }
  }

  func may(_ right: Right) -> Bool { session.rights.contains(right) }

  func date(_ instant: Instant) -> String { language.date(instant, in: zone) }
  func dateAndTime(_ instant: Instant) -> String { language.dateAndTime(instant, in: zone) }

  /// A date that programs can read, too.
  func dated(_ instant: Instant, time: Bool = false) -> HTML {
    tag("time", ["datetime": instant.description]) { time ? dateAndTime(instant) : date(instant) }
  }

  /// A form that sends a request, with what each of them carries.
  func form(_ action: String, class name: String? = nil, @HTMLBuilder _ content: () -> HTML) -> HTML {
    tag("form", ["method": "post", "action": action, "class": name]) {
      emptyTag("input", ["type": "hidden", "name": "form", "value": formToken])
      emptyTag("input", ["type": "hidden", "name": "request", "value": request])
      content()
    }
  }

  /// Amounts that may be out of date say so where somebody could act on them.
  @HTMLBuilder var staleMark: HTML {
    if freshness.isStale { tag("span", ["class": "mark"]) { say("stale.mark") } }
  }
}

/// What is shown where there is nothing to show yet.
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

/// A table, which becomes a list of cards where there is no room for it.
///
/// - Parameters:
///   - showsCaption: it says more than the heading above it.
///   - head: the titles of columns, and whether the column holds figures.
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
