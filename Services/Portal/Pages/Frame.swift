import Contracts
import Markup
import Terms

/// Identifies the page in the menu.
enum PageKind: String, CaseIterable {
  case overview, invited, book, discounts, withdraw, help

  /// Its path below the program.
  var path: String { self == .overview ? "" : rawValue }
}

extension PageContext {
  /// The pages that these terms make useful.
  private var menu: [PageKind] {
    PageKind.allCases.filter { kind in
      switch kind {
      case .overview, .invited, .help: true
      case .book: terms.reward != nil
      case .discounts: terms.discounts != nil
      case .withdraw: terms.withdrawal != nil
      }
    }
  }

  /// A complete page.
  func page(_ kind: PageKind?, title: String, @HTMLBuilder _ content: () -> HTML) -> [UInt8] {
    document(localized, title: "\(title) · \(localized("site.title"))", basePath: basePath) {
      header(kind)
      banners
      tag("main", ["id": "main"]) {
        tag("h1") { title }
        content()
      }
      footer
    }
  }

  @HTMLBuilder private func header(_ kind: PageKind?) -> HTML {
    tag("header") {
      tag("div", ["class": "bar"]) {
        tag("a", ["class": "brand", "href": link()]) { localized("site.title") }
        if programs.count > 1 {
          tag("nav", ["aria-label": localized("nav.programs"), "class": "programs"]) {
            for program in programs {
              let isCurrent = program == terms.program
              tag("a", ["href": basePath + "/" + program.value.percentEncoded, "aria-current": isCurrent ? "true" : nil]) {
                program.value
              }
            }
          }
        }
        form(basePath + "/leave") { tag("button", ["class": "plain"]) { localized("nav.leave") } }
      }
      tag("nav", ["aria-label": localized("nav.label"), "class": "menu"]) {
        for item in menu {
          tag(
            "a", ["href": item == .overview ? link() : link(item.path), "aria-current": item == kind ? "page" : nil]
          ) { localized("nav.\(item.rawValue)") }
        }
      }
    }
  }

  @HTMLBuilder private var banners: HTML {
    if let sandbox = freshness.sandbox {
      tag("p", ["class": "banner", "role": "status"]) {
        localized("sandbox.banner", ["time": localized.dateAndTime(sandbox, seconds: true)])
      }
    }
    if freshness.isStale { tag("p", ["class": "banner", "role": "status"]) { localized("stale.note") } }
  }

  @HTMLBuilder private var footer: HTML {
    tag("footer") {
      tag("p") {
        freshnessText
        " "
        localized("footer.zone", ["zone": Zone.utc.name])
      }
      tag("nav", ["aria-label": localized("footer.languages")]) {
        for code in Language.Code.allCases {
          let isCurrent = code == localized.code
          tag(
            "a",
            [
              "href": "\(path)?\(query)lang=\(code.rawValue)", "lang": code.rawValue, "hreflang": code.rawValue,
              "aria-current": isCurrent ? "true" : nil,
            ]
          ) { Language.of(code)("language.name") }
        }
      }
    }
  }

  private var freshnessText: String {
    guard freshness.behind == 0, let asOf = freshness.asOf else {
      return localized("footer.behind", count: freshness.behind) + "."
    }
    // Name the date only if it is not today.
    let isToday = localized.date(asOf) == localized.date(now)
    let time = isToday ? localized.time(asOf, seconds: true) : localized.dateAndTime(asOf, seconds: true)
    return localized("footer.asOf", ["time": time]) + "."
  }
}

/// A complete HTML document.
func document(_ language: Language, title: String, basePath: String, @HTMLBuilder _ body: () -> HTML) -> [UInt8] {
  let html = tag("html", ["lang": language.code.rawValue]) {
    tag("head") {
      emptyTag("meta", ["charset": "utf-8"])
      emptyTag("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
      emptyTag("meta", ["name": "color-scheme", "content": "light dark"])
      tag("title") { title }
      // Browsers request /favicon.ico unless the page names another icon.
      emptyTag("link", ["rel": "icon", "href": "data:,"])
      emptyTag("link", ["rel": "stylesheet", "href": basePath + "/assets/style.css"])
      tag("script", ["src": basePath + "/assets/copy.js", "defer": ""]) {}
    }
    tag("body") {
      tag("a", ["class": "skip", "href": "#main"]) { language("site.skip") }
      body()
    }
  }
  return Array(("<!DOCTYPE html>\n" + html.markup + "\n").utf8)
}
