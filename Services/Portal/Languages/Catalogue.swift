import CPortalAssets

/// The texts of one language, by key.
struct Catalogue: Sendable {
  /// A text, split at the places to fill in.
  struct Template: Sendable, Equatable {
    enum Piece: Sendable, Equatable {
      case text(String)
      case place(String)
    }
    let pieces: [Piece]

    init(_ text: Substring) {
      var pieces: [Piece] = []
      var rest = text
      while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
        if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
        pieces.append(.place(String(rest[rest.index(after: open)..<close])))
        rest = rest[rest.index(after: close)...]
      }
      if !rest.isEmpty { pieces.append(.text(String(rest))) }
      self.pieces = pieces
    }

    func filled(_ value: (String) -> String?) -> String {
      var text = ""
      for piece in pieces {
        switch piece {
        // A date such as `5 янв. 2026 г.` already ends with a full stop, so a sentence that ends with it needs no second one.
        case .text(let part): text += text.last == "." && part.first == "." ? part.dropFirst() : part[...]
        case .place(let name): text += value(name) ?? Catalogue.missing(name)
        }
      }
      return text
    }
  }

  let texts: [String: Template]
  /// By key, without the plural form in brackets.
  let plurals: [String: [PluralForm: Template]]
  /// Lines that are neither a text nor a comment, and repeated keys.
  let faults: [String]

  init(_ text: String) {
    var texts: [String: Template] = [:]
    var plurals: [String: [PluralForm: Template]] = [:]
    var faults: [String] = []
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let equals = line.firstRange(of: " = ") else {
        faults.append(String(line))
        continue
      }
      let key = line[..<equals.lowerBound]
      let template = Template(line[equals.upperBound...])
      let old: Template?
      if key.last == "]", let bracket = key.firstIndex(of: "["),
        let form = PluralForm(rawValue: String(key[key.index(after: bracket)...].dropLast()))
      {
        old = plurals[String(key[..<bracket]), default: [:]].updateValue(template, forKey: form)
      } else {
        old = texts.updateValue(template, forKey: String(key))
      }
      if old != nil { faults.append(String(line)) }
    }
    (self.texts, self.plurals, self.faults) = (texts, plurals, faults)
  }

  /// Shown in place of a missing text: visible on the page and detected by tests.
  static func missing(_ name: String) -> String { "\u{27E6}\(name)\u{27E7}" }
}

/// The CLDR plural forms that our languages need for whole numbers.
enum PluralForm: String, Sendable, CaseIterable {
  case one, few, many, other
}
