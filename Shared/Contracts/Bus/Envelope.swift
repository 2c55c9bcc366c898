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
  /// W3C Trace Context; handed on to every notice that the event causes at once.
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
  var program: String?
  var dataContentType: String?
  // What no decision needs is never a reason to reject an event (DECISIONS T8).
  var subject: String?
  var partitionKey: String?
  var sequence: String?
  var causationID: String?
  var traceparent: String?

  func checked() throws(Rejection) -> Envelope {
    guard let specVersion else { throw Rejection(.malformed, "specversion is missing") }
    guard specVersion == "1.0" else { throw Rejection(.malformed, "specversion: \"\(specVersion.prefix(20))\" is not 1.0") }
    var envelope = Envelope(
      id: try required(id, "id"), source: try required(source, "source"), type: try required(type, "type"),
      subject: subject, partitionKey: partitionKey, sequence: sequence.flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 },
      causationID: causationID,
      traceparent: traceparent.flatMap { Self.isTraceparent($0) ? $0 : nil })
    if let time {
      guard let instant = Instant(rfc3339: time), Instant.range.contains(instant) else {
        throw Rejection(.malformed, "time: \"\(time.prefix(40))\" is not \(Instant.form)")
      }
      envelope.time = instant
    }
    if let program {
      guard let id = ProgramID(program) else {
        throw Rejection(.malformed, "program: \"\(program.prefix(60))\" is not \(ProgramID.form)")
      }
      envelope.program = id
    }
    if let dataContentType {
      guard isJSON(mediaType: dataContentType) else {
        throw Rejection(.malformed, "datacontenttype: \"\(dataContentType.prefix(60))\" is not JSON")
      }
      envelope.dataContentType = dataContentType
    }
    return envelope
  }

  /// W3C Trace Context, version 00: `00-<32 hex>-<16 hex>-<2 hex>`. What is not one is not handed on.
  private static func isTraceparent(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: 0x2D, omittingEmptySubsequences: false)
    guard parts.map(\.count) == [2, 32, 16, 2] else { return false }
    return parts.allSatisfy { $0.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 } } && !parts[0].elementsEqual("ff".utf8)
      && parts[1].contains { $0 != 0x30 } && parts[2].contains { $0 != 0x30 }
  }

  private func required(_ text: String?, _ name: String) throws(Rejection) -> String {
    guard let text, !text.isEmpty else { throw Rejection(.malformed, "\(name) is missing") }
    return text
  }
}

/// `type/subtype` of a media type in lower case, without parameters such as `charset`.
func essence(ofMediaType text: String) -> String {
  let essence = text.prefix { $0 != ";" }.lowercased()
  return String(essence.filter { $0 != " " && $0 != "\t" })
}

private func isJSON(mediaType: String) -> Bool {
  // Nearly every record carries this text, so it is compared first.
  if mediaType == Envelope.binaryContentType { return true }
  let essence = essence(ofMediaType: mediaType)
  return essence == Envelope.binaryContentType || (essence.hasSuffix("+json") && !essence.hasPrefix("application/cloudevents"))
}
