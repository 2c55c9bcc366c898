import JSON

/// The attributes of one event as they stand in a record's headers or in a parsed text: looked at in place, and not copied.
///
/// Valid as long as that memory is. Both modes of CloudEvents end here, so what is checked is checked once.
public struct EnvelopeBytes {
  public typealias Text = UnsafeBufferPointer<UInt8>

  private var texts: [16 of Text?] = .init(repeating: nil)
  private var found: Rejection?
  private var hasAttributes = false
  /// Of structured mode, where it may be a number.
  private var sequenceNumber: Int64?

  public subscript(attribute: Attribute) -> Text? { texts[Int(attribute.rawValue)] }

  /// For ``take(header:_:)``, and then ``check()``.
  public init() {}

  // MARK: Binary mode

  /// Looks at one header of a record. Others than the attributes are ignored.
  public mutating func take(header name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    if name.starts(with: "ce_".utf8) { hasAttributes = true }
    guard let attribute = Attribute(header: name) else {
      // The name that W3C gives it, for producers that set it themselves.
      if name.elementsEqual("traceparent".utf8), self[.traceparent] == nil { put(.traceparent, value) }
      return
    }
    if attribute.decides, found == nil {
      if !isUTF8(value) {
        found = Rejection(.notUTF8, "the header \(attribute.header) is not UTF-8")
      } else if self[attribute] != nil {
        found = Rejection(.malformed, "the header \(attribute.header) is there twice")
      }
    }
    put(attribute, value)
  }

  private mutating func put(_ attribute: Attribute, _ value: UnsafeRawBufferPointer) {
    texts[Int(attribute.rawValue)] = value.bindMemory(to: UInt8.self)
  }

  // MARK: Structured mode

  /// Whether the headers say that the body holds the attributes too: its `content-type`, or that no header begins with `ce_`. So a file
  /// of events can be piped into any Kafka producer, and what some SDKs write as structured under `application/json` is read.
  public var isStructured: Bool {
    guard hasAttributes else { return true }
    guard let type = self[.dataContentType], !type.elementsEqual(Envelope.binaryContentType.utf8) else { return false }
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

  /// Takes over the trace of the record's headers where the text names none: a producer's tracing library sets it there in either mode.
  public mutating func takeTrace(of headers: EnvelopeBytes) {
    if let trace = headers[.traceparent], traceparent == nil { texts[Int(Attribute.traceparent.rawValue)] = trace }
  }

  // MARK: Both

  /// Rejects with `malformed` what has no `specversion` 1.0, `id`, `source` and `type`, names one of those that decide something twice,
  /// has a time that is none, or other data than JSON; with `not-utf8` what is not text.
  public func check() throws(Rejection) {
    if let found { throw found }
    guard let version = self[.specVersion] else { throw Rejection(.malformed, "specversion is missing") }
    guard version.elementsEqual("1.0".utf8) else {
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

  /// nil: there is none, or it is none.
  public var time: Instant? { self[.time].flatMap(Instant.init(text:)) }

  /// Of a W3C Trace Context of version 00 (`00-<32 hex>-<16 hex>-<2 hex>`); what is not one is not handed on.
  public var traceparent: String? { self[.traceparent].flatMap { isTraceparent($0) ? String(decoding: $0, as: UTF8.self) : nil } }

  /// 1, 2, 3, … of the key's notices.
  public var sequence: Int64? { self[.sequence].flatMap { Int64(digits: $0) } ?? sequenceNumber.flatMap { $0 < 0 ? nil : $0 } }

  public var hop: Hop? { self[.hop].flatMap(Hop.init(text:)) }

  /// - Throws: `malformed` for a text that can be no program's name.
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

private func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
  // Nearly every one is plain ASCII.
  bytes.allSatisfy { $0 < 0x80 } || String(validating: bytes, as: UTF8.self) != nil
}

private func isJSON(mediaType: EnvelopeBytes.Text) -> Bool {
  // Nearly every record carries this text, so it is compared first.
  if mediaType.elementsEqual(Envelope.binaryContentType.utf8) { return true }
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
