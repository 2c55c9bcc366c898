import JSON

/// The attributes of one event, read in place from a record's headers or from a parsed text, without copying.
///
/// Valid as long as that memory is. Both modes of CloudEvents are read into this type, so the checks exist only once.
public struct EnvelopeBytes {
  public typealias Text = UnsafeBufferPointer<UInt8>

  private var texts: [16 of Text?] = .init(repeating: nil)
  private var found: Rejection?
  private var hasAttributes = false
  /// Only in structured mode, where `sequence` may be a number.
  private var sequenceNumber: Int64?

  public subscript(attribute: Attribute) -> Text? { texts[Int(attribute.rawValue)] }

  /// Starts empty. Add headers with ``take(header:_:)``, then call ``check()``.
  public init() {}

  // MARK: Binary mode

  /// Adds one header of a record. Headers that are not attributes are ignored.
  public mutating func take(header name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    if name.starts(with: "ce_".utf8) { hasAttributes = true }
    guard let attribute = Attribute(header: name) else {
      // Tracing libraries of producers set the header under its W3C name.
      if name.equals("traceparent"), self[.traceparent] == nil { put(.traceparent, value) }
      return
    }
    if attribute.decides, found == nil {
      if !isUTF8(value) {
        found = Rejection(.notUTF8, "the header \(attribute.header) is not UTF-8")
      } else if self[attribute] != nil {
        found = Rejection(.malformed, "the header \(attribute.header) occurs twice")
      }
    }
    put(attribute, value)
  }

  private mutating func put(_ attribute: Attribute, _ value: UnsafeRawBufferPointer) {
    texts[Int(attribute.rawValue)] = value.bindMemory(to: UInt8.self)
  }

  // MARK: Structured mode

  /// Whether the body also contains the attributes: the `content-type` says so, or no header begins with `ce_`. The second rule allows
  /// piping a file of events into any Kafka producer, and reads the structured events that some SDKs write as `application/json`.
  public var isStructured: Bool {
    guard hasAttributes else { return true }
    guard let type = self[.dataContentType], !type.equals(Envelope.binaryContentType) else { return false }
    return essence(ofMediaType: type) == Envelope.structuredContentType
  }

  public init(structured event: JSONObject) throws(JSONError) {
    func text(_ name: StaticString) throws(JSONError) -> Text? { try event.member(name)?.utf8() }
    texts[Int(Attribute.specVersion.rawValue)] = try text("specversion")
    texts[Int(Attribute.id.rawValue)] = try text("id")
    texts[Int(Attribute.source.rawValue)] = try text("source")
    texts[Int(Attribute.type.rawValue)] = try text("type")
    texts[Int(Attribute.time.rawValue)] = try text("time")
    texts[Int(Attribute.subject.rawValue)] = try? text("subject")
    texts[Int(Attribute.program.rawValue)] = try text("program")
    texts[Int(Attribute.partitionKey.rawValue)] = try? text("partitionkey")
    let sequence = event.member("sequence")
    texts[Int(Attribute.sequence.rawValue)] = try? sequence?.utf8()
    sequenceNumber = try? sequence?.integer()
    texts[Int(Attribute.causationID.rawValue)] = try? text("causationid")
    texts[Int(Attribute.traceparent.rawValue)] = try? text("traceparent")
    texts[Int(Attribute.hop.rawValue)] = try? text("hop")
    texts[Int(Attribute.dataContentType.rawValue)] = try text("datacontenttype")
  }

  /// Uses the trace of the record's headers if the text has none. A producer's tracing library sets the header in either mode.
  public mutating func takeTrace(of headers: EnvelopeBytes) {
    if let trace = headers[.traceparent], traceparent == nil { texts[Int(Attribute.traceparent.rawValue)] = trace }
  }

  // MARK: Both

  /// Checks the attributes that decide something.
  /// - Throws: `malformed` if `specversion` is not 1.0, if `id`, `source` or `type` is missing, if an attribute occurs twice, if the time
  ///   is not an instant, or if the data is not JSON; `not-utf8` if an attribute is not UTF-8.
  public func check() throws(Rejection) {
    if let found { throw found }
    guard let version = self[.specVersion] else { throw Rejection(.malformed, "specversion is missing") }
    guard version.equals("1.0") else {
      throw Rejection(.malformed, "specversion: \"\(quoted(version, 20))\" is not 1.0")
    }
    for attribute in [Attribute.id, .source, .type] where self[attribute]?.isEmpty ?? true {
      throw Rejection(.malformed, "\(attribute) is missing")
    }
    if let time = self[.time], self.time == nil {
      throw Rejection(.malformed, "time: \"\(quoted(time, 40))\" is not \(Instant.form)")
    }
    if let type = self[.dataContentType], !isJSON(mediaType: type) {
      throw Rejection(.malformed, "datacontenttype: \"\(quoted(type, 60))\" is not JSON")
    }
  }

  /// `nil` if it is absent or not an instant.
  public var time: Instant? { self[.time].flatMap(Instant.init(text:)) }

  /// The W3C Trace Context in the form of version 00 (`00-<32 hex>-<16 hex>-<2 hex>`). `nil` for any other text, which is not passed on.
  public var traceparent: String? { self[.traceparent].flatMap { isTraceparent($0) ? String(decoding: $0, as: UTF8.self) : nil } }

  /// The number among the key's notices: 1, 2, 3, …
  public var sequence: Int64? { self[.sequence].flatMap { Int64(digits: $0) } ?? sequenceNumber.flatMap { $0 < 0 ? nil : $0 } }

  public var hop: Hop? { self[.hop].flatMap(Hop.init(text:)) }

  /// - Throws: `malformed` if the text is not a valid program id.
  public func program() throws(Rejection) -> ProgramID? {
    guard let text = self[.program] else { return nil }
    guard let id = ProgramID(String(decoding: text, as: UTF8.self)) else {
      throw Rejection(.malformed, "program: \"\(quoted(text, 60))\" is not \(ProgramID.form)")
    }
    return id
  }
}

private func quoted(_ text: EnvelopeBytes.Text, _ length: Int) -> Substring {
  String(decoding: text, as: UTF8.self).prefix(length)
}

func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
  // Nearly every header is plain ASCII, so that is checked first.
  bytes.allSatisfy { $0 < 0x80 } || String(validating: bytes, as: UTF8.self) != nil
}

private func isJSON(mediaType: EnvelopeBytes.Text) -> Bool {
  // Nearly every record has this media type, so it is compared first.
  if mediaType.equals(Envelope.binaryContentType) { return true }
  let essence = essence(ofMediaType: mediaType)
  return essence == Envelope.binaryContentType || (essence.hasSuffix("+json") && !essence.hasPrefix("application/cloudevents"))
}

/// `type/subtype` of a media type in lower case, without parameters such as `charset`.
func essence(ofMediaType text: some Sequence<UInt8>) -> String {
  let essence = text.prefix { $0 != UInt8(ascii: ";") }.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
  return String(decoding: essence, as: UTF8.self).lowercased()
}

private func isTraceparent(_ text: EnvelopeBytes.Text) -> Bool {
  let parts = text.split(separator: 0x2D, omittingEmptySubsequences: false)
  guard parts.map(\.count) == [2, 32, 16, 2] else { return false }
  return parts.allSatisfy { $0.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 } } && !parts[0].elementsEqual("ff".utf8)
    && parts[1].contains { $0 != 0x30 } && parts[2].contains { $0 != 0x30 }
}
