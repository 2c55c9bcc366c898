/// Binary mode: attributes as Kafka headers (CloudEvents Kafka protocol binding 1.0.2).
extension Envelope {
  /// Reads the headers of a record in binary mode. Header names are matched as they are written, in lower case.
  ///
  /// Rejects with `malformed` what has no `ce_specversion` 1.0, `ce_id`, `ce_source` and `ce_type`, names one of those that decide
  /// something twice or has other data than JSON; with `not-utf8` what is not text.
  public init(headers: [(String, [UInt8])]) throws(Rejection) {
    var attributes = EnvelopeAttributes()
    for (name, bytes) in headers {
      // A switch rather than key paths: this runs for every header of every record.
      switch name {
      case "ce_specversion": try Envelope.read(bytes, of: name, into: &attributes.specVersion)
      case "ce_id": try Envelope.read(bytes, of: name, into: &attributes.id)
      case "ce_source": try Envelope.read(bytes, of: name, into: &attributes.source)
      case "ce_type": try Envelope.read(bytes, of: name, into: &attributes.type)
      case "ce_time": try Envelope.read(bytes, of: name, into: &attributes.time)
      case "ce_program": try Envelope.read(bytes, of: name, into: &attributes.program)
      case "content-type": try Envelope.read(bytes, of: name, into: &attributes.dataContentType)
      case "ce_subject": attributes.subject = String(validating: bytes, as: UTF8.self)
      case "ce_partitionkey": attributes.partitionKey = String(validating: bytes, as: UTF8.self)
      case "ce_sequence": attributes.sequence = String(validating: bytes, as: UTF8.self)
      case "ce_causationid": attributes.causationID = String(validating: bytes, as: UTF8.self)
      case "ce_traceparent": attributes.traceparent = String(validating: bytes, as: UTF8.self)
      case "traceparent": attributes.traceparent = attributes.traceparent ?? String(validating: bytes, as: UTF8.self)
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
    if let sequence { headers.append(("ce_sequence", Envelope.text(ofSequence: sequence))) }
    if let causationID { headers.append(("ce_causationid", causationID)) }
    if let traceparent { headers.append(("ce_traceparent", traceparent)) }
    headers.append(("content-type", dataContentType))
    return headers
  }

  /// 19 digits, leading zeros included: CloudEvents orders `sequence` as text.
  static func text(ofSequence sequence: Int64) -> String {
    let digits = String(sequence)
    return String(repeating: "0", count: max(0, 19 - digits.utf8.count)) + digits
  }

  private static func read(_ bytes: [UInt8], of name: String, into attribute: inout String?) throws(Rejection) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Rejection(.notUTF8, "the header \(name) is not UTF-8")
    }
    guard attribute == nil else { throw Rejection(.malformed, "the header \(name) is there twice") }
    attribute = text
  }
}
