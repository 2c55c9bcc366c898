import Markup

extension PageContext {
  /// A page to print, with the QR code of a link.
  ///
  /// - Parameter svg: the QR code as SVG.
  func poster(_ code: IssuedCode, svg: String) -> [UInt8] {
    page(nil, title: localized("qr.title")) {
      tag("div", ["class": "poster"]) {
        tag("p", ["class": "huge"]) { localized("poster.title") }
        if let offer = terms.welcomeOffer {
          tag("p", ["class": "lead"]) { localized("poster.offer", ["percent": localized.percent(offer.percent)]) }
        }
        tag("div", ["role": "img", "aria-label": localized("qr.alt")]) { HTML(trusted: svg) }
        tag("p") { tag("code") { code.link.isEmpty ? code.code : code.link } }
      }
      tag("div", ["class": "tools"]) {
        tag("a", ["class": "button", "href": link("qr.png"), "download": "qr.png"]) { localized("qr.png") }
        tag("a", ["class": "button", "href": link("qr.svg"), "download": "qr.svg"]) { localized("qr.svg") }
      }
      tag("p", ["class": "quiet screen"]) { localized("poster.print") }
    }
  }
}
