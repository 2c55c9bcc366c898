import JSON

/// Reading structured mode: the attributes are members beside `data` (CloudEvents JSON event format 1.0.2).
extension Envelope {
  /// Reads one event: its attributes, and the bytes of its `data` as JSON.
  ///
  /// Rejects what ``init(headers:)`` rejects, what is not JSON, and what has no `data` or has it in `data_base64`.
  public static func structured(
    _ bytes: [UInt8], parser: JSONParser
  ) throws(Rejection) -> (envelope: Envelope, data: [UInt8]) {
    guard bytes.count <= maximumBodyBytes else { throw Rejection(.oversized, "\(bytes.count) bytes") }
    let attributes: EnvelopeAttributes
    let data: [UInt8]?
    do throws(JSONError) {
      (attributes, data) = try parser.read(bytes) { json throws(JSONError) in
        let event = try json.object()
        return (try EnvelopeAttributes(structured: event), event.member("data")?.serialized())
      }
    } catch {
      throw Rejection(error)
    }
    let envelope = try attributes.checked()
    guard let data else { throw Rejection(.malformed, "data is missing") }
    return (envelope, data)
  }

  /// Reads a record in whichever mode it is.
  ///
  /// Structured when its `content-type` says so, or when it has no `ce_` header: so a file of events can be piped into any Kafka
  /// producer, and what some SDKs write as structured under `application/json` is read.
  ///
  /// - Parameter isBounded: whether a body over ``maximumBodyBytes`` is rejected.
  public static func record(
    headers: [(String, [UInt8])], value: [UInt8], parser: JSONParser, isBounded: Bool = true
  ) throws(Rejection) -> (envelope: Envelope, data: [UInt8]) {
    guard !isBounded || value.count <= maximumBodyBytes else { throw Rejection(.oversized, "\(value.count) bytes") }
    if isStructured(headers: headers) { return try structured(value, parser: parser) }
    return (try Envelope(headers: headers), value)
  }

  private static func isStructured(headers: [(String, [UInt8])]) -> Bool {
    var isBare = true
    for (name, bytes) in headers {
      if name.hasPrefix("ce_") {
        isBare = false
      } else if name == "content-type", !bytes.elementsEqual(binaryContentType.utf8) {
        // Nearly every record carries the other one, so that is compared first.
        if essence(ofMediaType: String(decoding: bytes, as: UTF8.self)) == structuredContentType { return true }
      }
    }
    return isBare
  }
}

extension Rejection {
  /// What was wrong with the JSON, in the dead letter's words.
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
}

extension EnvelopeAttributes {
  init(structured event: JSONObject) throws(JSONError) {
    specVersion = try event.optional("specversion")
    id = try event.optional("id")
    source = try event.optional("source")
    type = try event.optional("type")
    time = try event.optional("time")
    program = try event.optional("program")
    dataContentType = try event.optional("datacontenttype")
    subject = try? event.optional("subject")
    partitionKey = try? event.optional("partitionkey")
    let number = event.member("sequence")
    sequence = (try? number?.string()) ?? (try? number?.integer()).map { "\($0)" }
    causationID = try? event.optional("causationid")
    traceparent = try? event.optional("traceparent")
  }
}
