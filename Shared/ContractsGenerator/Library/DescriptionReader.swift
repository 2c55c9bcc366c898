import Foundation
import YAML

/// Reads the files of ops/contracts/messages. A field is one line: `name?: Type, bounds — meaning e.g. example`.
package struct DescriptionReader {
  private let folder: URL
  private var description = Description()

  package static func read(_ folder: URL) throws -> Description {
    var reader = DescriptionReader(folder: folder)
    for scalar in Description.scalars { reader.add(scalar) }
    try reader.readTypes()
    try reader.readTopics()
    for topic in reader.description.topics where FileManager.default.fileExists(atPath: reader.path("\(topic.name).yaml")) {
      try reader.readMessages(of: topic)
    }
    return reader.description
  }

  private init(folder: URL) { self.folder = folder }

  private func path(_ file: String) -> String { folder.appending(path: file).path }

  private mutating func add(_ type: TypeDescription) {
    description.types[type.name] = type
    description.typeNames.append(type.name)
  }

  // MARK: Types

  private mutating func readTypes() throws {
    let file = try File(path("types.yaml"))
    for entry in try file.entries(of: "identifiers") {
      let (head, doc) = try file.parts(entry)
      add(TypeDescription(name: entry.key, doc: doc, kind: .identifier, example: .text(head)))
    }
    for (section, isOpen) in [("closed words", false), ("open words", true)] {
      for entry in try file.entries(of: section) {
        let lines = try file.mapping(entry.value)
        let words = try lines.filter { $0.key != "doc" }.map {
          TypeDescription.Word(text: $0.key, doc: try file.text($0.value))
        }
        guard let first = words.first else { throw file.error(entry.keyMark, "\(entry.key) has no words") }
        add(
          TypeDescription(
            name: entry.key, doc: try file.text("doc", of: entry), kind: .words(words, isOpen: isOpen), example: .text(first.text)
          ))
      }
    }
    for entry in try file.entries(of: "objects") {
      let fields = try file.mapping(entry.value).filter { $0.key != "doc" }
      let kind = TypeDescription.Kind.object(try fields.map { try field($0, file) })
      add(TypeDescription(name: entry.key, doc: try file.text("doc", of: entry), kind: kind, example: .object([])))
    }
  }

  private mutating func readTopics() throws {
    let file = try File(path("topics.yaml"))
    for section in try file.mapping(file.root) {
      for entry in try file.mapping(section.value) {
        description.topics.append(
          TopicDescription(
            name: entry.key, kind: section.key, key: try file.text("key", of: entry),
            writtenBy: try file.text("written by", of: entry),
            holds: try file.text("holds", of: entry)))
      }
    }
  }

  // MARK: Messages

  private mutating func readMessages(of topic: TopicDescription) throws {
    let file = try File(path("\(topic.name).yaml"))
    for entry in try file.mapping(file.root) {
      let lines = Dictionary(uniqueKeysWithValues: try file.mapping(entry.value).map { ($0.key, $0) })
      for key in lines.keys where !["type", "like", "key", "at", "id", "doc", "fields"].contains(key) {
        throw file.error(entry.keyMark, "\(entry.key): \"\(key)\" is not one of type, like, key, at, id, doc, fields")
      }
      var like: MessageDescription?
      if let name = try lines["like"].map({ try file.text($0.value) }) {
        like = description.messages.first { $0.type == name }
        if like == nil { throw file.error(entry.keyMark, "\(entry.key): no message \(name) is described before it") }
      }
      var fields = like?.fields ?? []
      if let own = lines["fields"] {
        fields = try file.mapping(own.value).map { try field($0, file) }
        if topic.kind == "notices" { fields += Description.noticeFields }
      }
      func name(_ line: String) throws -> String? {
        guard let entry = lines[line] else { return nil }
        let name = try file.text(entry.value)
        guard fields.contains(where: { $0.name == name }) else { throw file.error(entry.keyMark, "unknown field \(name)") }
        return name
      }
      guard let key = try name("key") ?? like?.key, let instant = try name("at") ?? like?.instant else {
        throw file.error(entry.keyMark, "\(entry.key) needs a key and an instant (at)")
      }
      description.messages.append(
        MessageDescription(
          type: entry.key, swiftName: try file.text("type", of: entry), topic: topic, key: key, instant: instant,
          businessID: try name("id") ?? like?.businessID, doc: try file.text("doc", of: entry), fields: fields))
    }
  }

  private func field(_ entry: YAMLNode.Entry, _ file: File) throws -> FieldDescription {
    let (head, meaning) = try file.parts(entry)
    var parts = head.components(separatedBy: ", ")[...]
    var type = parts.removeFirst()
    let isList = type.hasPrefix("list of ")
    if isList { type.removeFirst("list of ".count) }
    guard let described = description.types[type] else { throw file.error(entry.keyMark, "unknown type \(type)") }
    var bounds: [FieldDescription.Bound] = []
    var since = 1
    for part in parts {
      if let match = part.wholeMatch(of: /at least (-?\d+)/), let least = Int64(match.1) {
        bounds.append(.atLeast(least))
      } else if part == "not 0" {
        bounds.append(.notZero)
      } else if let match = part.wholeMatch(of: /since (\d+)/), let revision = Int(match.1) {
        since = revision
      } else if let match = part.wholeMatch(of: /(\d+) to (\d+) characters/), let least = Int(match.1), let most = Int(match.2),
        least <= most
      {
        bounds.append(.characters(least...most))
      } else {
        throw file.error(entry.value.mark, "\"\(part)\" is not a bound")
      }
    }
    let examples = meaning.components(separatedBy: " e.g. ")
    return FieldDescription(
      name: entry.key.hasSuffix("?") ? String(entry.key.dropLast()) : entry.key, type: type, isList: isList,
      isOptional: entry.key.hasSuffix("?"), bounds: bounds, since: since, doc: examples[0],
      example: examples.count > 1 ? example(examples[1], of: described) : nil)
  }

  private func example(_ text: String, of type: TypeDescription) -> JSONTree {
    if case .integer = type.example { return .integer(Int64(text) ?? 0) }
    return .text(text)
  }
}

/// One file. Its errors name the line.
private struct File {
  let name: String
  let root: YAMLNode

  init(_ path: String) throws {
    name = URL(filePath: path).lastPathComponent
    do {
      root = try YAMLNode.document([UInt8](try Data(contentsOf: URL(filePath: path))))
    } catch let error as YAMLSyntaxError {
      throw DescriptionError(description: "\(name):\(error.mark?.line ?? 1): \(error.message)")
    }
  }

  func error(_ mark: Mark, _ message: String) -> DescriptionError {
    DescriptionError(description: "\(name):\(mark.line): \(message)")
  }

  func mapping(_ node: YAMLNode) throws -> [YAMLNode.Entry] {
    guard case .mapping(let entries) = node.content else { throw error(node.mark, "expected a mapping") }
    if let twice = entries.first(where: { entry in entries.count { $0.key == entry.key } > 1 }) {
      throw error(twice.keyMark, "\(twice.key) occurs twice")
    }
    return entries
  }

  func text(_ node: YAMLNode) throws -> String {
    guard case .scalar(let text, _) = node.content else { throw error(node.mark, "expected text") }
    return text
  }

  func entries(of section: String) throws -> [YAMLNode.Entry] {
    guard let entry = try mapping(root).first(where: { $0.key == section }) else {
      throw error(root.mark, "the section \(section) is missing")
    }
    return try mapping(entry.value)
  }

  func text(_ line: String, of entry: YAMLNode.Entry) throws -> String {
    guard let found = try mapping(entry.value).first(where: { $0.key == line }) else {
      throw error(entry.keyMark, "\(entry.key): \(line) is missing")
    }
    return try text(found.value)
  }

  /// The parts before and after the dash.
  func parts(_ entry: YAMLNode.Entry) throws -> (String, String) {
    let parts = try text(entry.value).components(separatedBy: " — ")
    guard parts.count == 2 else { throw error(entry.value.mark, "\(entry.key): expected \"type — meaning\"") }
    return (parts[0], parts[1])
  }
}
