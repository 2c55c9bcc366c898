/// Binary mode: attributes as Kafka headers (CloudEvents Kafka protocol binding 1.0.2).
extension Envelope {
  /// Reads the headers of a record in binary mode. Header names are matched as they are written: in lower case.
  ///
  /// Refuses with `malformed` what has no `ce_specversion` 1.0, `ce_id`, `ce_source` and `ce_type`, names an attribute twice or
  /// has other data than JSON; with `not-utf8` what is not text.
  public init(headers: [(String, [UInt8])]) throws(Refusal) {
    var attributes = EnvelopeAttributes()
    for (name, bytes) in headers {
      // A switch rather than key paths: this runs for every header of every record.
      switch name {
      case "ce_specversion": try Envelope.read(bytes, of: name, into: &attributes.specVersion)
      case "ce_id": try Envelope.read(bytes, of: name, into: &attributes.id)
      case "ce_source": try Envelope.read(bytes, of: name, into: &attributes.source)
      case "ce_type": try Envelope.read(bytes, of: name, into: &attributes.type)
      case "ce_time": try Envelope.read(bytes, of: name, into: &attributes.time)
      case "ce_subject": try Envelope.read(bytes, of: name, into: &attributes.subject)
      case "ce_program": try Envelope.read(bytes, of: name, into: &attributes.program)
      case "ce_partitionkey": try Envelope.read(bytes, of: name, into: &attributes.partitionKey)
      case "ce_sequence": try Envelope.read(bytes, of: name, into: &attributes.sequence)
      case "ce_causationid": try Envelope.read(bytes, of: name, into: &attributes.causationID)
      case "ce_traceparent": try Envelope.read(bytes, of: name, into: &attributes.traceparent)
      case "content-type": try Envelope.read(bytes, of: name, into: &attributes.dataContentType)
      default: continue
      }
    }
    self = try attributes.checked()
  }

  /// The headers of a record in binary mode.
  public var headers: [(String, String)] {
    var headers = [("ce_specversion", "1.0"), ("ce_id", id), ("ce_source", source), ("ce_type", type)]
    if let time { headers.append(("ce_time", time.description)) }
    if let subject { headers.append(("ce_subject", subject)) }
    if let program { headers.append(("ce_program", program.value)) }
    if let partitionKey { headers.append(("ce_partitionkey", partitionKey)) }
    if let sequence { headers.append(("ce_sequence", String(sequence))) }
    if let causationID { headers.append(("ce_causationid", causationID)) }
    if let traceparent { headers.append(("ce_traceparent", traceparent)) }
    headers.append(("content-type", dataContentType))
    return headers
  }

  private static func read(_ bytes: [UInt8], of name: String, into attribute: inout String?) throws(Refusal) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Refusal(.notUTF8, "the header \(name) is not UTF-8")
    }
    guard attribute == nil else { throw Refusal(.malformed, "the header \(name) is there twice") }
    attribute = text
  }
}
