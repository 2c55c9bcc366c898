import CYAML

/// A copy of a libyaml event, without pointers into C memory.
struct YAMLEvent {
  let type: yaml_event_type_t
  /// Of a scalar.
  let text: String
  /// Without quotes.
  let plain: Bool
  let mark: Mark
  /// Defines or uses an anchor.
  let anchored: Bool
  let tagged: Bool
}

/// Owns a libyaml parser. The parser points into itself and into the input, so it is on the heap, and the input must outlive it.
struct YAMLEvents: ~Copyable {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let input: UnsafeBufferPointer<UInt8>

  init(reading input: UnsafeBufferPointer<UInt8>) throws(YAMLSyntaxError) {
    parser = .allocate(capacity: 1)
    self.input = input
    guard yaml_parser_initialize(parser) == 1 else {
      parser.deallocate()
      throw YAMLSyntaxError(mark: nil, message: "cannot be read: not enough memory")
    }
    // Set, because libyaml would otherwise read UTF-16 after a UTF-16 byte order mark.
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, input.baseAddress, input.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  /// The next event. After the end of the stream libyaml returns `YAML_NO_EVENT`.
  mutating func next() throws(YAMLSyntaxError) -> YAMLEvent {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
    defer { yaml_event_delete(&event) }
    var text = ""
    var plain = false
    var anchored = event.type == YAML_ALIAS_EVENT
    var tagged = false
    switch event.type {
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      plain = scalar.style == YAML_PLAIN_SCALAR_STYLE
      (anchored, tagged) = (scalar.anchor != nil, scalar.tag != nil)
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      (anchored, tagged) = (start.anchor != nil, start.tag != nil)
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      (anchored, tagged) = (start.anchor != nil, start.tag != nil)
    default: break
    }
    return YAMLEvent(
      type: event.type, text: text, plain: plain, mark: Mark(event.start_mark), anchored: anchored, tagged: tagged)
  }

  private func syntaxError() -> YAMLSyntaxError {
    let reason = parser.pointee.problem.map { String(cString: $0) } ?? "cannot be read"
    switch parser.pointee.error {
    case YAML_READER_ERROR:
      // libyaml reports a byte here, not a line.
      return YAMLSyntaxError(mark: mark(ofByte: Int(parser.pointee.problem_offset)), message: "is not UTF-8 text: \(reason)")
    case YAML_SCANNER_ERROR, YAML_PARSER_ERROR:
      let context = parser.pointee.context.map {
        " (\(String(cString: $0)) that began on line \(parser.pointee.context_mark.line + 1))"
      }
      return YAMLSyntaxError(mark: Mark(parser.pointee.problem_mark), message: "is not YAML: \(reason)\(context ?? "")")
    default:
      return YAMLSyntaxError(mark: nil, message: "cannot be read: \(reason)")
    }
  }

  private func mark(ofByte offset: Int) -> Mark {
    let before = input.prefix(max(0, offset))
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return Mark(
      line: before.count { $0 == UInt8(ascii: "\n") } + 1,
      // Continuation bytes of UTF-8 do not count as columns.
      column: before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1)
  }
}

extension Mark {
  fileprivate init(_ mark: yaml_mark_t) {
    line = Int(mark.line) + 1
    column = Int(mark.column) + 1
  }
}
