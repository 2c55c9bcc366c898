import CYAML

/// A place in a file, counted from 1 as in editors.
package struct Mark: Equatable, Sendable {
  package var line: Int
  package var column: Int
}

/// A value of a YAML document with its place, which error messages name.
package struct YAMLNode {
  package enum Content {
    /// `plain` is true without quotes: `28` is a number, `"28"` is not.
    case scalar(String, plain: Bool)
    case sequence([YAMLNode])
    case mapping([Entry])
  }

  /// One `key: value`. Duplicates are kept, so that the reader of the mapping can report them.
  package struct Entry {
    package let key: String
    package let keyMark: Mark
    package let value: YAMLNode
  }

  package let content: Content
  package let mark: Mark
}

/// The file is not valid YAML, or uses YAML features that Laurel does not read.
package struct YAMLSyntaxError: Error {
  /// `nil` if the error is about the whole file.
  package let mark: Mark?
  package let message: String
}

extension YAMLNode {
  /// Maximum nesting. Terms are five levels deep; the limit keeps a hostile file from exhausting the stack.
  private static let deepest = 32

  /// The only document of a file. Anchors, aliases, tags and second documents are rejected, so that a file means what it shows.
  package static func document(_ bytes: [UInt8]) throws(YAMLSyntaxError) -> YAMLNode {
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    defer { buffer.deallocate() }
    _ = buffer.initialize(from: bytes)
    var events = try YAMLEvents(reading: UnsafeBufferPointer(buffer))

    _ = try events.next()  // the stream's start
    guard try events.next().type == YAML_DOCUMENT_START_EVENT else {
      throw YAMLSyntaxError(mark: nil, message: "is empty")
    }
    let root = try node(events.next(), from: &events, depth: 0)
    _ = try events.next()  // the document's end
    let after = try events.next()
    if after.type == YAML_DOCUMENT_START_EVENT {
      throw YAMLSyntaxError(mark: after.mark, message: "a second document begins here; a file must have only one")
    }
    return root
  }

  private static func node(_ event: YAMLEvent, from events: inout YAMLEvents, depth: Int) throws(YAMLSyntaxError) -> YAMLNode {
    if depth > deepest { throw YAMLSyntaxError(mark: event.mark, message: "is nested more than \(deepest) levels deep") }
    if event.anchored {
      throw YAMLSyntaxError(mark: event.mark, message: "anchors (&name) and aliases (*name) are not allowed; write the value out")
    }
    if event.tagged { throw YAMLSyntaxError(mark: event.mark, message: "tags (!name) are not allowed; write the plain value") }
    switch event.type {
    case YAML_SCALAR_EVENT: return YAMLNode(content: .scalar(event.text, plain: event.plain), mark: event.mark)
    case YAML_SEQUENCE_START_EVENT:
      var items: [YAMLNode] = []
      while true {
        let next = try events.next()
        if next.type == YAML_SEQUENCE_END_EVENT { return YAMLNode(content: .sequence(items), mark: event.mark) }
        items.append(try node(next, from: &events, depth: depth + 1))
      }
    case YAML_MAPPING_START_EVENT:
      var entries: [Entry] = []
      while true {
        let next = try events.next()
        if next.type == YAML_MAPPING_END_EVENT { return YAMLNode(content: .mapping(entries), mark: event.mark) }
        let key = try node(next, from: &events, depth: depth + 1)
        guard case .scalar(let name, _) = key.content else {
          throw YAMLSyntaxError(mark: key.mark, message: "the name of a field must be plain text, not a list or a mapping")
        }
        let value = try node(events.next(), from: &events, depth: depth + 1)
        entries.append(Entry(key: name, keyMark: key.mark, value: value))
      }
    default:
      // libyaml never reports one of these in place of a value.
      throw YAMLSyntaxError(mark: event.mark, message: "a value is missing here")
    }
  }
}
