import JSON

/// Reading structured mode: the attributes are members beside `data` (CloudEvents JSON event format 1.0.2).
extension Envelope {
  /// Reads one event: its attributes, and the bytes of its `data` as JSON.
  ///
  /// Refuses what ``init(headers:)`` refuses, what is not JSON, and what has no `data` or has it in `data_base64`.
  public static func structured(
    _ bytes: [UInt8], parser: JSONParser
  ) throws(Refusal) -> (envelope: Envelope, data: [UInt8]) {
    guard bytes.count <= maximumBodyBytes else { throw Refusal(.oversized, "\(bytes.count) bytes") }
    do {
      let document = try parser.parse(bytes)
      let members = try document.decode(StructuredMembers.self)
      let envelope = try members.attributes.checked()
      guard let data = document.serialized(at: "data") else { throw Refusal(.malformed, "data is missing") }
      return (envelope, data)
    } catch let refusal as Refusal {
      throw refusal
    } catch let error as JSONError {
      throw Refusal(error)
    } catch {
      throw Refusal(.malformed, "\(error)")
    }
  }

  /// Reads a record in whichever mode it is.
  ///
  /// Structured when its `content-type` says so, or when it has neither a content type nor any `ce_` header: so a file of
  /// events can be piped into any Kafka producer.
  ///
  /// - Parameter isBounded: whether a body over ``maximumBodyBytes`` is refused.
  public static func record(
    headers: [(String, [UInt8])], value: [UInt8], parser: JSONParser, isBounded: Bool = true
  ) throws(Refusal) -> (envelope: Envelope, data: [UInt8]) {
    guard !isBounded || value.count <= maximumBodyBytes else { throw Refusal(.oversized, "\(value.count) bytes") }
    if isStructured(headers: headers) { return try structured(value, parser: parser) }
    return (try Envelope(headers: headers), value)
  }

  private static func isStructured(headers: [(String, [UInt8])]) -> Bool {
    var isBare = true
    for (name, bytes) in headers {
      if name == "content-type" {
        // The text that nearly every record carries, before the general and slower way.
        if bytes.elementsEqual(binaryContentType.utf8) { return false }
        return essence(ofMediaType: String(decoding: bytes, as: UTF8.self)) == structuredContentType
      }
      if name.hasPrefix("ce_") { isBare = false }
    }
    return isBare
  }
}

extension Refusal {
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

private struct StructuredMembers: Decodable {
  let attributes: EnvelopeAttributes

  private enum Name: String, CodingKey {
    case specVersion = "specversion"
    case id, source, type, time, subject, program, sequence, traceparent
    case partitionKey = "partitionkey"
    case causationID = "causationid"
    case dataContentType = "datacontenttype"
  }

  init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: Name.self)
    func text(_ name: Name) throws -> String? { try members.decodeIfPresent(String.self, forKey: name) }
    attributes = EnvelopeAttributes(
      specVersion: try text(.specVersion), id: try text(.id), source: try text(.source), type: try text(.type),
      time: try text(.time), subject: try text(.subject), program: try text(.program),
      partitionKey: try text(.partitionKey),
      // CloudEvents' own `sequence` extension is text; Laurel writes a number. Both are read.
      sequence: try (try? members.decodeIfPresent(Int64.self, forKey: .sequence)).flatMap { $0 }.map { String($0) }
        ?? text(.sequence),
      causationID: try text(.causationID), traceparent: try text(.traceparent),
      dataContentType: try text(.dataContentType))
  }
}
