/// The CloudEvents 1.0 attributes of one message (https://github.com/cloudevents/spec, version 1.0.2), without its data.
///
/// In binary mode they are Kafka headers; Laurel writes its public messages in this mode. In structured mode they are members of one JSON
/// object beside `data`; files, other producers and Laurel's internal messages use it. Attributes that are not named here are ignored.
public struct Envelope: Hashable, Sendable {
  /// The maximum body size: 256 KiB. A structured body counts with its envelope.
  public static let maximumBodyBytes = 262_144
  public static let binaryContentType = "application/json"
  public static let structuredContentType = "application/cloudevents+json"

  /// Unique within its source.
  public var id: String
  public var source: String
  /// The message type, for example `payment.settled.v1`.
  public var type: String
  /// Only moves the clock. Decisions use the instants in the data (DECISIONS T2).
  public var time: Instant?
  public var subject: String?
  /// If absent, the deployment's only program.
  public var program: ProgramID?
  /// The record key.
  public var partitionKey: String?
  /// 1, 2, 3, … per program, topic and key on every notice topic, so that a reader can detect a gap.
  public var sequence: Int64?
  /// The id of the event that caused this one.
  public var causationID: String?
  /// W3C Trace Context. Every notice that the event causes at once gets the same.
  public var traceparent: String?
  /// Present only in messages that Laurel writes.
  public var hop: Hop?
  /// The media type of the data; always JSON.
  public var dataContentType: String

  public init(
    id: String, source: String, type: String, time: Instant? = nil, subject: String? = nil, program: ProgramID? = nil,
    partitionKey: String? = nil, sequence: Int64? = nil, causationID: String? = nil, traceparent: String? = nil,
    hop: Hop? = nil, dataContentType: String = Envelope.binaryContentType
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
    self.hop = hop
    self.dataContentType = dataContentType
  }

  /// Copies the attributes of a record.
  /// - Throws: the rejections of ``EnvelopeBytes/check()``.
  public init(_ bytes: EnvelopeBytes) throws(Rejection) {
    try bytes.check()
    func text(_ attribute: Attribute) -> String? {
      bytes[attribute].flatMap { isUTF8(UnsafeRawBufferPointer($0)) ? String(decoding: $0, as: UTF8.self) : nil }
    }
    self.init(
      id: text(.id) ?? "", source: text(.source) ?? "", type: text(.type) ?? "", time: bytes.time, subject: text(.subject),
      program: try bytes.program(), partitionKey: text(.partitionKey), sequence: bytes.sequence, causationID: text(.causationID),
      traceparent: bytes.traceparent, hop: bytes.hop, dataContentType: text(.dataContentType) ?? Envelope.binaryContentType)
  }
}
