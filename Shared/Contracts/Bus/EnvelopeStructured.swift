import JSON

/// Reading structured mode: the attributes are members beside `data` (CloudEvents JSON event format 1.0.2).
extension Envelope {
  /// Reads one event: its attributes, and the bytes of its `data` as JSON.
  ///
  /// - Throws: the rejections of ``init(headers:)``; also if the text is not JSON, or if `data` is missing or given as `data_base64`.
  public static func structured(
    _ bytes: [UInt8], parser: JSONParser, isBounded: Bool = true
  ) throws(Rejection) -> (envelope: Envelope, data: [UInt8]) {
    guard !isBounded || bytes.count <= maximumBodyBytes else {
      throw Rejection(.oversized, "\(bytes.count) bytes; the limit is \(maximumBodyBytes)")
    }
    return try structured(bytes, parser: parser) { ($0, $1.serialized()) }
  }

  /// Reads one event, and passes its attributes and its `data` to the body, which must not keep the data.
  public static func structured<Result>(
    _ bytes: [UInt8], parser: JSONParser, _ body: (Envelope, JSONValue) throws(Rejection) -> Result
  ) throws(Rejection) -> Result {
    try parser.reading(bytes) { json throws(Rejection) in
      let event = try Rejection.of { () throws(JSONError) in try json.object() }
      let envelope = try Envelope(Rejection.of { () throws(JSONError) in try EnvelopeBytes(structured: event) })
      guard let data = event.member("data") else { throw Rejection(.malformed, "data is missing") }
      return try body(envelope, data)
    }
  }

  /// Reads a record in either mode; see ``EnvelopeBytes/isStructured``.
  ///
  /// - Parameter isBounded: whether a body over ``maximumBodyBytes`` is rejected.
  public static func record(
    headers: [(String, [UInt8])], value: [UInt8], parser: JSONParser, isBounded: Bool = true
  ) throws(Rejection) -> (envelope: Envelope, data: [UInt8]) {
    guard !isBounded || value.count <= maximumBodyBytes else {
      throw Rejection(.oversized, "\(value.count) bytes; the limit is \(maximumBodyBytes)")
    }
    let (envelope, trace): (Envelope?, String?) = try withBytes(of: headers) { bytes throws(Rejection) in
      bytes.isStructured ? (nil, bytes.traceparent) : (try Envelope(bytes), nil)
    }
    if let envelope { return (envelope, value) }
    var event = try structured(value, parser: parser, isBounded: isBounded)
    event.envelope.traceparent = event.envelope.traceparent ?? trace
    return event
  }
}

extension JSONParser {
  /// Parses one text and passes its value to the body, which must not keep it. A fault in the text becomes a rejection.
  public func reading<Result>(
    _ bytes: UnsafeRawBufferPointer, _ body: (JSONValue) throws(Rejection) -> Result
  ) throws(Rejection) -> Result {
    var rejection: Rejection?
    let result: Result?
    do throws(JSONError) {
      result = try read(bytes) { json in
        do throws(Rejection) { return try body(json) } catch {
          rejection = error
          return nil
        }
      }
    } catch {
      throw Rejection(error)
    }
    guard let result else { throw rejection ?? Rejection(.malformed, "cannot be read") }
    return result
  }

  func reading<Result>(_ bytes: [UInt8], _ body: (JSONValue) throws(Rejection) -> Result) throws(Rejection) -> Result {
    try bytes.withUnsafeBufferPointer { bytes throws(Rejection) in try reading(UnsafeRawBufferPointer(bytes), body) }
  }
}

extension Rejection {
  /// The rejection for a JSON error.
  public init(_ error: JSONError) {
    let reason: DeadLetterReason =
      switch error.reason {
      case .malformed, .tooDeep: .malformed
      case .duplicateKey: .duplicateKey
      case .outOfRange: .outOfRange
      case .notUTF8: .notUTF8
      }
    self.init(reason, error.path.isEmpty ? error.detail : "\(error.path): \(error.detail)")
  }

  /// Runs the work and turns its JSON error into a rejection.
  @inline(__always)
  public static func of<Result>(_ work: () throws(JSONError) -> Result) throws(Rejection) -> Result {
    do throws(JSONError) { return try work() } catch { throw Rejection(error) }
  }
}
