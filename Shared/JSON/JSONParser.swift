import CSimdJSON

/// Reads JSON (RFC 8259) with simdjson, strictly: no duplicate members, only UTF-8, one value and nothing after it, no byte order mark.
///
/// Use one parser for many texts: its buffers grow to the longest text and stay. It is not Sendable. A type that is being decoded must not
/// parse with the same parser.
public final class JSONParser {
  /// Maximum depth of nested brackets. An empty innermost pair is not counted.
  public static let depthLimit = 64
  /// Maximum bytes of one text. The limit of CONTRACTS on a body is far lower. The buffers take some 20 times the longest text.
  public static let byteLimit = 4 << 20

  private let parser: UnsafeMutablePointer<simdjson_tape>?
  /// The tape of the last text.
  private var tape: Tape?

  public init() { parser = simdjson_tape_create(JSONParser.byteLimit, JSONParser.depthLimit + 1) }

  deinit { simdjson_tape_destroy(parser) }

  /// Parses one text and passes its value to the body, which must not keep it.
  ///
  /// - Throws: any `JSONError` about the text, and the errors of the body.
  public func read<Result>(
    _ bytes: UnsafeRawBufferPointer, _ body: (JSONValue) throws(JSONError) -> Result
  ) throws(JSONError) -> Result {
    let tape = try parse(bytes)
    defer { withExtendedLifetime(self) {} }
    return try body(JSONValue(tape, Tape.root))
  }

  /// Parses one text and passes its value to the body, which must not keep it.
  public func read<Result>(_ bytes: [UInt8], _ body: (JSONValue) throws(JSONError) -> Result) throws(JSONError) -> Result {
    try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in try read(UnsafeRawBufferPointer(buffer), body) }
  }

  /// Parses one text and decodes it as a whole.
  public func decode<T: JSONDecodable>(_ type: T.Type, from bytes: [UInt8]) throws(JSONError) -> T {
    try read(bytes) { json throws(JSONError) in try T(json: json) }
  }

  /// The paths of unknown members of the last text: those that no type read, in objects that a type decoded. An unknown member counts once,
  /// regardless of its content.
  public var unknownFields: [String] { tape?.unknownFields(of: Tape.root) ?? [] }

  private func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> Tape {
    tape = nil
    guard let parser else { throw JSONError(reason: .malformed, detail: "not enough memory for a parser") }
    let status = simdjson_tape_parse(parser, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
    guard status == simdjson_status_parsed, let words = parser.pointee.words, let strings = parser.pointee.strings,
      let marks = parser.pointee.marks
    else { throw JSONParser.error(status, of: bytes) }
    let tape = Tape(words: words, strings: strings, marks: marks)
    if let key = tape.duplicateKey() {
      throw JSONError(reason: .duplicateKey, path: tape.path(to: key), detail: "the object has this member twice")
    }
    self.tape = tape
    return tape
  }

  private static func error(_ status: simdjson_status, of bytes: UnsafeRawBufferPointer) -> JSONError {
    switch status {
    case simdjson_status_too_deep:
      JSONError(reason: .tooDeep, detail: "more than \(depthLimit) levels of brackets")
    case simdjson_status_too_long:
      JSONError(reason: .malformed, detail: "\(bytes.count) bytes, over the limit of \(byteLimit)")
    case simdjson_status_out_of_memory:
      JSONError(reason: .malformed, detail: "not enough memory to parse \(bytes.count) bytes")
    default: JSONFault.find(in: bytes)
    }
  }
}
