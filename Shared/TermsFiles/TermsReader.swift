import Contracts
import YAML

/// The value of a field or an item of a list, with its path for error messages.
struct Field {
  let path: String
  /// The place of the field's name, or of the item.
  let mark: Mark
  let node: YAMLNode
}

/// A mapping, with its fields by name.
struct Section {
  let path: String
  let mark: Mark
  let fields: [String: Field]

  func path(of name: String) -> String { Section.path(of: name, in: path) }

  static func path(of name: String, in path: String) -> String {
    path.isEmpty ? printable(name) : "\(path).\(printable(name))"
  }
}

/// Reads the values of one file and collects the problems. If it cannot read a value, it reports the problem, returns `nil` and
/// continues, so that the operator sees all problems at once.
final class TermsReader {
  let file: String
  private(set) var problems: [TermsProblem] = []
  /// The place of each value that was read. For a section or an item, the place of its beginning.
  private(set) var places: [TermsFile.Place: Mark] = [:]
  /// The version that is being read, from 1; 0 outside any version.
  var version = 0

  init(file: String) { self.file = file }

  func report(_ path: String, at mark: Mark?, _ message: String) {
    problems.append(TermsProblem(file: file, line: mark?.line, column: mark?.column, field: path, message: message))
  }

  /// Remembers the place of a value for later warnings.
  func note(_ field: Field) { places[TermsFile.Place(version: version, field: field.path)] = field.node.mark }

  /// Reports a problem with a value.
  func report(_ field: Field, _ message: String) { report(field.path, at: field.node.mark, message) }

  // MARK: mappings

  /// Reads a mapping that may have only these fields. A mistyped name is reported and read as the closest known one. So its value
  /// is checked too, and the field is not also reported as missing.
  func section(_ field: Field, path: String? = nil, known: [String]) -> Section? {
    let path = path ?? field.path
    guard let entries = entries(field, path: path) else { return nil }
    var fields: [String: Field] = [:]
    for (name, entry) in entries {
      let named = Section.path(of: name, in: path)
      if known.contains(name) {
        let value = Field(path: named, mark: entry.keyMark, node: entry.value)
        note(value)
        fields[name] = value
      } else if let meant = nearest(name, among: known) {
        report(named, at: entry.keyMark, "is not a known field; did you mean \"\(meant)\"?")
        if !entries.contains(where: { $0.name == meant }) {
          fields[meant] = Field(path: named, mark: entry.keyMark, node: entry.value)
        }
      } else {
        report(named, at: entry.keyMark, "is not a known field; known fields are \(known.joined(separator: ", "))")
      }
    }
    return Section(path: path, mark: field.mark, fields: fields)
  }

  /// The fields of a mapping. Duplicate names are reported and left out.
  private func entries(_ field: Field, path: String) -> [(name: String, entry: YAMLNode.Entry)]? {
    guard case .mapping(let entries) = field.node.content else {
      return reject(field, "a mapping of names to values")
    }
    var kept: [(name: String, entry: YAMLNode.Entry)] = []
    for entry in entries {
      let name = entry.key
      if let first = kept.first(where: { $0.name == name }) {
        report(
          Section.path(of: name, in: path), at: entry.keyMark,
          "occurs twice; the first is on line \(first.entry.keyMark.line)")
      } else {
        kept.append((name, entry))
      }
    }
    return kept
  }

  func required<Value>(_ name: String, in section: Section, _ read: (Field) -> Value?) -> Value? {
    guard let field = section.fields[name] else {
      report(section.path(of: name), at: section.mark, "is missing")
      return nil
    }
    return read(field)
  }

  /// The value of a field; `nil` if the field is absent, or if it is invalid and was reported.
  func optional<Value>(_ name: String, in section: Section, _ read: (Field) -> Value?) -> Value? {
    section.fields[name].flatMap(read)
  }

  // MARK: lists

  /// Reads a list and returns the readable items in order.
  func list<Item>(_ field: Field, _ read: (Field) -> Item?) -> [Item]? {
    guard case .sequence(let nodes) = field.node.content else { return reject(field, "a list such as [a, b]") }
    return nodes.enumerated().compactMap { index, node in
      let item = Field(path: "\(field.path)[\(index)]", mark: node.mark, node: node)
      note(item)
      return read(item)
    }
  }

  /// A list that must not be empty. `item` names what it must contain.
  func list<Item>(_ field: Field, atLeastOne item: String, _ read: (Field) -> Item?) -> [Item]? {
    let items = list(field, read)
    if case .sequence(let nodes) = field.node.content, nodes.isEmpty { report(field, "must contain at least one \(item)") }
    return items
  }

  /// A list without duplicates.
  func set<Item: Hashable>(_ field: Field, _ read: (Field) -> Item?) -> [Item]? {
    var seen: Set<Item> = []
    return list(field) { item in
      guard let value = read(item) else { return nil }
      if !seen.insert(value).inserted { self.report(item, "\(self.shown(item.node)) is listed twice") }
      return value
    }
  }

  /// A ``set(_:_:)`` that must not be empty, because readers could take an empty list for "none" or for "all".
  func names<Item: Hashable>(_ field: Field, _ read: (Field) -> Item?) -> [Item]? {
    if case .sequence(let nodes) = field.node.content, nodes.isEmpty {
      report(field, "must not be an empty list; leave the field out if it is optional")
      return nil
    }
    return set(field, read)
  }

  // MARK: single values

  /// Text of 1 to 256 characters.
  func text(_ field: Field) -> String? { text(field, wanted: "text") }

  /// The text of a value that is then read as another type, which `wanted` describes.
  func text(_ field: Field, wanted: String) -> String? {
    guard case .scalar(let text, let plain) = field.node.content, !isAbsent(text, plain) else { return reject(field, wanted) }
    guard 1...256 ~= text.count, !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      return reject(field, "text of 1 to 256 characters in one line")
    }
    return text
  }

  func flag(_ field: Field) -> Bool? {
    switch plain(field) {
    case "true": true
    case "false": false
    default: reject(field, "true or false")
    }
  }

  /// A whole number within limits.
  func number(_ range: ClosedRange<Int64>) -> (Field) -> Int64? {
    { field in
      if let value = self.plain(field).flatMap(wholeNumber), range.contains(value) { return value }
      let limits =
        range.upperBound == .max ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
      return self.reject(field, "a whole number \(limits)")
    }
  }

  /// Whole percent, written `10` or `10%`.
  func percent(_ field: Field) -> Int64? {
    if let text = plain(field), let value = wholeNumber(text.hasSuffix("%") ? String(text.dropLast()) : text), 0...100 ~= value {
      return value
    }
    return reject(field, "a whole percent from 0 to 100")
  }

  /// One of an enum's values, by its raw value.
  func choice<Choice: RawRepresentable & CaseIterable>(_: Choice.Type) -> (Field) -> Choice? where Choice.RawValue == String {
    { field in
      let known = Choice.allCases.map(\.rawValue)
      let wanted = "one of \(known.joined(separator: ", "))"
      guard let text = self.text(field, wanted: wanted) else { return nil }
      if let choice = Choice(rawValue: text) { return choice }
      let meant = nearest(text, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
      return self.reject(field, wanted, hint: meant)
    }
  }

  /// An amount per currency, in minor units, of at least one currency.
  func amounts(_ field: Field, from least: Int64, such example: String) -> [Currency: Int64]? {
    let amounts = amounts(field, from: least)
    if case .mapping(let entries) = field.node.content, entries.isEmpty {
      report(field, "must name at least one currency such as \(example)")
    }
    return amounts
  }

  /// An amount per currency, in minor units.
  func amounts(_ field: Field, from least: Int64 = 0) -> [Currency: Int64]? {
    guard let entries = entries(field, path: field.path) else { return nil }
    var amounts: [Currency: Int64] = [:]
    for (name, entry) in entries {
      guard let currency = Currency(name) else {
        report(field.path, at: entry.keyMark, "\"\(printable(name))\" is not a currency; write three capital letters such as USD")
        continue
      }
      let amount = Field(path: "\(field.path).\(name)", mark: entry.keyMark, node: entry.value)
      note(amount)
      amounts[currency] = number(least...Int64.max)(amount)
    }
    return amounts
  }

  /// Reports what a value must be instead. Always returns `nil`.
  func reject<Value>(_ field: Field, _ wanted: String, hint: String = "") -> Value? {
    if case .scalar(let text, let plain) = field.node.content, isAbsent(text, plain) {
      // libyaml places an empty value after the end of the line, so report the problem at the name.
      report(field.path, at: field.mark, "is empty; it must be \(wanted)")
    } else {
      report(field, "must be \(wanted), not \(shown(field.node))\(hint)")
    }
    return nil
  }

  /// The text of a value written without quotes.
  func plain(_ field: Field) -> String? {
    if case .scalar(let text, plain: true) = field.node.content { text } else { nil }
  }

  private func isAbsent(_ text: String, _ plain: Bool) -> Bool { plain && ["", "~", "null"].contains(text) }

  private func shown(_ node: YAMLNode) -> String {
    switch node.content {
    case .scalar(let text, _): "\"\(printable(text))\""
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

/// A decimal whole number without a plus sign or leading zeros. Some YAML readers read leading zeros as octal.
func wholeNumber(_ text: String) -> Int64? {
  Int64(text).flatMap { String($0) == text ? $0 : nil }
}

/// Makes text of a file short and one line long, for use in a message.
private func printable(_ text: String) -> String {
  let shown = text.unicodeScalars.prefix(60).map { scalar in
    scalar.properties.generalCategory == .control ? "\u{FFFD}" : String(scalar)
  }
  return shown.joined() + (text.unicodeScalars.count > 60 ? "…" : "")
}
