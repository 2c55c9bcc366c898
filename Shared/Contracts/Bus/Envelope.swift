/// The CloudEvents 1.0 attributes of one message (https://github.com/cloudevents/spec, version 1.0.2), without its data.
///
/// In binary mode (what Laurel writes) they are Kafka headers; in structured mode (files, and other producers) they are
/// members of one JSON object beside `data`. Attributes that are not named here are ignored.
public struct Envelope: Hashable, Sendable {
  /// The longest body that is read: 256 KiB. A structured body counts with its envelope.
  public static let maximumBodyBytes = 262_144
  public static let binaryContentType = "application/json"
  public static let structuredContentType = "application/cloudevents+json"

  /// Unique within its source.
  public var id: String
  public var source: String
  /// The message type, for example `payment.settled.v1`.
  public var type: String
  /// Moves the clock, decides nothing: the instants in the data do (DECISIONS T2).
  public var time: Instant?
  public var subject: String?
  /// Absent: the deployment's only program.
  public var program: ProgramID?
  /// The record key.
  public var partitionKey: String?
  /// 1, 2, 3, … per program, topic and key on every notice topic, so that a reader can see a gap.
  public var sequence: Int64?
  /// The id of the event that caused this one.
  public var causationID: String?
  /// W3C Trace Context.
  public var traceparent: String?
  /// The media type of the data; always JSON.
  public var dataContentType: String

  public init(
    id: String, source: String, type: String, time: Instant? = nil, subject: String? = nil, program: ProgramID? = nil,
    partitionKey: String? = nil, sequence: Int64? = nil, causationID: String? = nil, traceparent: String? = nil,
    dataContentType: String = Envelope.binaryContentType
  ) {
    self.id = id
    self.source = source
    self.type = type
    self.time = time
    self.subject = subject
    self.program = program
    self.partitionKey = partitionKey
    self.sequence = sequence
    self.causationID = causationID
    self.traceparent = traceparent
    self.dataContentType = dataContentType
  }
}

/// The attributes as text, before they are checked; both modes end here.
struct EnvelopeAttributes {
  var specVersion: String?
  var id: String?
  var source: String?
  var type: String?
  var time: String?
  var subject: String?
  var program: String?
  var partitionKey: String?
  var sequence: String?
  var causationID: String?
  var traceparent: String?
  var dataContentType: String?

  func checked() throws(Refusal) -> Envelope {
    guard let specVersion else { throw Refusal(.malformed, "specversion is missing") }
    guard specVersion == "1.0" else { throw Refusal(.malformed, "specversion is not 1.0: \(specVersion.prefix(20))") }
    var envelope = Envelope(
      id: try required(id, "id"), source: try required(source, "source"), type: try required(type, "type"),
      subject: subject, partitionKey: partitionKey, causationID: causationID, traceparent: traceparent)
    if let time {
      guard let instant = Instant(rfc3339: time) else {
        throw Refusal(.malformed, "time is not an instant in RFC 3339 UTC: \(time.prefix(40))")
      }
      guard Instant.range.contains(instant) else { throw Refusal(.malformed, "time is out of range: \(time.prefix(40))") }
      envelope.time = instant
    }
    if let program {
      guard let id = ProgramID(program) else { throw Refusal(.malformed, "program is not an identifier") }
      envelope.program = id
    }
    if let sequence {
      guard let number = Int64(sequence) else { throw Refusal(.malformed, "sequence is not an integer: \(sequence.prefix(20))") }
      envelope.sequence = number
    }
    if let dataContentType {
      guard isJSON(mediaType: dataContentType) else {
        throw Refusal(.malformed, "the data is not JSON but \(dataContentType.prefix(60))")
      }
      envelope.dataContentType = dataContentType
    }
    return envelope
  }

  private func required(_ text: String?, _ name: String) throws(Refusal) -> String {
    guard let text, !text.isEmpty else { throw Refusal(.malformed, "\(name) is missing") }
    return text
  }
}

/// `type/subtype` of a media type in lower case, without parameters such as `charset`.
func essence(ofMediaType text: String) -> String {
  let essence = text.prefix { $0 != ";" }.lowercased()
  return String(essence.filter { $0 != " " && $0 != "\t" })
}

private func isJSON(mediaType: String) -> Bool {
  // The text that nearly every record carries, before the general and slower way.
  if mediaType == Envelope.binaryContentType { return true }
  let essence = essence(ofMediaType: mediaType)
  return essence == Envelope.binaryContentType || (essence.hasSuffix("+json") && !essence.hasPrefix("application/cloudevents"))
}
