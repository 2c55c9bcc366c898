import Contracts
import Foundation
import Testing

@testable import Portal

/// The catalogues are complete and consistent, and have no unused text.
@Suite struct CatalogueTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let english = Language.of(.en).catalogue

  /// CLDR's plural categories of whole numbers. Kazakh and Uzbek nouns do not change after a number, so one form serves both categories.
  static let forms: [Language.Code: Set<PluralForm>] = [
    .en: [.one, .other], .ru: [.one, .few, .many], .uk: [.one, .few, .many], .kk: [.other], .uz: [.other],
  ]

  @Test(arguments: Language.Code.allCases)
  func allLanguagesHaveTheSameTexts(code: Language.Code) throws {
    let catalogue = Language.of(code).catalogue
    #expect(catalogue.faults == [])
    #expect(Set(catalogue.texts.keys) == Set(Self.english.texts.keys))
    #expect(Set(catalogue.plurals.keys) == Set(Self.english.plurals.keys))
    let forms = try #require(Self.forms[code])
    for (key, template) in catalogue.texts {
      #expect(template.places == Self.english.texts[key]?.places, "\(code) \(key)")
      #expect(!template.pieces.isEmpty, "\(code) \(key)")
    }
    for (key, plurals) in catalogue.plurals {
      #expect(Set(plurals.keys) == forms, "\(code) \(key)")
      for (form, template) in plurals {
        #expect(template.places == Self.english.plurals[key]?[.other]?.places, "\(code) \(key)[\(form)]")
        #expect(template.places.contains("count"), "\(code) \(key)[\(form)]")
      }
    }
  }

  /// An untranslated text would equal the English one.
  @Test(arguments: [Language.Code.ru, .uk, .kk, .uz])
  func textsAreTranslated(code: Language.Code) {
    let same: Set<String> = [
      "share.telegram", "share.whatsapp", "list.comma", "because.rate", "percent", "range.between", "discounts.ordered",
    ]
    for (key, template) in Language.of(code).catalogue.texts where !same.contains(key) {
      #expect(template != Self.english.texts[key], "\(code) \(key)")
    }
  }

  /// A text that no source names is unused.
  @Test func everyTextIsUsed() throws {
    var source = ""
    for folder in ["Languages", "Pages", "Server"] {
      let files = FileManager.default.enumerator(
        at: Self.root.appending(path: "Services/Portal/\(folder)"), includingPropertiesForKeys: nil)
      while let file = files?.nextObject() as? URL {
        if file.pathExtension == "swift" { source += try String(contentsOf: file, encoding: .utf8) }
      }
    }
    // String literals, up to the first interpolation.
    let literals = Set(
      source.utf8.split(separator: UInt8(ascii: "\"")).map { String($0.prefix { $0 != UInt8(ascii: "\\") }) ?? "" })
    for key in Array(Self.english.texts.keys) + Self.english.plurals.keys {
      let parts = key.split(separator: ".")
      let isComposed = (1..<parts.count).contains { count in
        let parent = parts[..<count].joined(separator: ".")
        return literals.contains(parent + ".")
          || literals.contains(parent) && literals.contains(String(key.dropFirst(parent.count)))
      }
      // Spans combine a relation and a unit.
      #expect(literals.contains(key) || isComposed || ["after", "within"].contains(parts[0]), "\(key)")
    }
  }

  /// Uzbek uses U+02BB and U+02BC, never an apostrophe. No word on a Cyrillic page mixes letters of both alphabets.
  @Test func lettersOfOneAlphabet() throws {
    func words(_ code: Language.Code) -> [(String, Substring)] {
      let catalogue = Language.of(code).catalogue
      let all =
        catalogue.texts.map { ($0.key, $0.value) } + catalogue.plurals.flatMap { key, forms in forms.values.map { (key, $0) } }
      return all.flatMap { key, template in
        template.pieces.flatMap { piece -> [(String, Substring)] in
          guard case .text(let text) = piece else { return [] }
          return text.split { !$0.isLetter && $0 != "'" }.map { (key, $0) }
        }
      }
    }
    for (key, word) in words(.uz) {
      #expect(
        word.unicodeScalars.allSatisfy { $0.value < 0x400 } && !word.contains("'") && !word.contains("\u{2018}"),
        "uz \(key): \(word)")
    }
    for code in [Language.Code.ru, .uk, .kk] {
      for (key, word) in words(code) {
        let latin = word.unicodeScalars.contains { $0.isASCII && $0.properties.isAlphabetic }
        let cyrillic = word.unicodeScalars.contains { 0x400...0x52F ~= $0.value }
        #expect(!(latin && cyrillic), "\(code) \(key): \(word)")
      }
    }
  }

  /// Every reason code of the contract, and every type of entry.
  @Test(arguments: Language.Code.allCases)
  func everyCodeHasAText(code: Language.Code) throws {
    let reasons: [String: [String]] = [
      "code": CodeReason.allCases.map(\.rawValue), "click": ClickReason.allCases.map(\.rawValue),
      "attribution": AttributionReason.allCases.map(\.rawValue), "reward": RewardReason.allCases.map(\.rawValue),
      "freeze": FreezeCause.allCases.map(\.rawValue), "reversal": ReversalCause.allCases.map(\.rawValue),
      "bonus": BonusReason.allCases.map(\.rawValue), "withdrawal": WithdrawalReason.allCases.map(\.rawValue),
      "skip": SkipReason.allCases.map(\.rawValue), "void": VoidReason.allCases.map(\.rawValue),
    ]
    let language = Language.of(code)
    for (kind, values) in reasons {
      #expect(!values.isEmpty)
      for value in values { #expect(language.known("reason.\(kind).\(value)") != nil, "\(code) \(kind) \(value)") }
    }
    let rewards = try String(contentsOf: Self.root.appending(path: "Shared/Contracts/Generated/Rewards.swift"), encoding: .utf8)
    let types = rewards.matches(of: /static let type = "(.+)\.v1"/).map { String($0.1) }
    #expect(types.count >= 19)
    for type in types { #expect(language.known("entry.\(type)") != nil, "\(code) \(type)") }
    for kind in AccountKind.allCases { #expect(language.known("kind.\(kind.rawValue)") != nil, "\(code) \(kind)") }
    for kind in LineKind.allCases { #expect(language.known("lines.\(kind.rawValue)") != nil, "\(code) \(kind)") }
  }
}

extension Catalogue.Template {
  fileprivate var places: Set<String> { Set(pieces.compactMap { if case .place(let name) = $0 { name } else { nil } }) }
}
