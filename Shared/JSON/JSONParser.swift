import CSimdJSON

/// Reads JSON (RFC 8259) with simdjson, strictly: no member twice in any object, only UTF-8, one value and nothing after
/// it, no byte order mark.
///
/// One owner, used over and over: its buffers grow to the longest text seen and stay. Not Sendable. A type must not parse
/// with the parser that it is just being decoded by.
public final class JSONParser {
  /// Levels of brackets; an empty innermost pair is not counted.
  public static let depthLimit = 64
  /// Bytes of one text; CONTRACTS.md's own limit on a body is far lower. The buffers take some 20 times the longest text.
  public static let byteLimit = 4 << 20

  private let owner = TapeOwner()

  public init() {}

  /// Parses one text. The document is valid until the next parse; afterwards it refuses.
  ///
  /// - Throws: every reason of `JSONError` about the text as such. The path is known only for `duplicateKey`.
  public func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONDocument {
    try owner.parse(bytes)
    return JSONDocument(owner)
  }

  /// Parses one text. The document is valid until the next parse; afterwards it refuses.
  public func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONDocument {
    try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in try parse(UnsafeRawBufferPointer(buffer)) }
  }

  /// Parses one text and decodes the whole of it.
  public func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) throws(JSONError) -> T {
    try parse(bytes).decode(type)
  }
}

/// Keeps simdjson's buffers while a parser or one of its documents lives.
final class TapeOwner {
  private let parser: UnsafeMutablePointer<simdjson_tape>?
  /// A stable place, so that decoders can refer to the tape by one word.
  private let place: UnsafeMutablePointer<Tape>
  private var isPlaced = false
  /// Counts parses, so that a document knows whether the tape is still its own.
  private(set) var generation = 0

  init() {
    parser = simdjson_tape_create(JSONParser.byteLimit, JSONParser.depthLimit + 1)
    place = .allocate(capacity: 1)
  }

  deinit {
    simdjson_tape_destroy(parser)
    place.deallocate()
  }

  func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) {
    generation += 1
    isPlaced = false
    guard let parser else { throw JSONError(reason: .malformed, detail: "no memory for a parser") }
    let status = simdjson_tape_parse(parser, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
    guard status == simdjson_status_parsed, let words = parser.pointee.words, let strings = parser.pointee.strings,
      let marks = parser.pointee.marks
    else { throw refusal(status, parser.pointee.message, of: bytes) }
    let tape = Tape(words: words, strings: strings, marks: marks, count: parser.pointee.length)
    if let key = tape.duplicateKey() {
      throw JSONError(reason: .duplicateKey, path: tape.path(to: key), detail: "the object has this member already")
    }
    place.initialize(to: tape)
    isPlaced = true
  }

  /// The tape of that parse, unless there has been another since.
  func tape(of generation: Int) -> UnsafePointer<Tape>? {
    isPlaced && generation == self.generation ? UnsafePointer(place) : nil
  }

  private func refusal(
    _ status: simdjson_status, _ message: UnsafePointer<CChar>?, of bytes: UnsafeRawBufferPointer
  ) -> JSONError {
    switch status {
    case simdjson_status_number:
      let fault = NumberFault(in: bytes)
      return JSONError(reason: fault.reason, detail: fault.detail)
    case simdjson_status_not_utf8:
      return JSONError(reason: .notUTF8, detail: "the bytes are not UTF-8")
    case simdjson_status_too_deep:
      return JSONError(reason: .tooDeep, detail: "more than \(JSONParser.depthLimit) levels of brackets")
    case simdjson_status_too_long:
      return JSONError(reason: .malformed, detail: "\(bytes.count) bytes, over the limit of \(JSONParser.byteLimit)")
    default:
      return JSONError(reason: .malformed, detail: message.map { String(cString: $0) } ?? "not JSON")
    }
  }
}
