import JSON

/// Writing structured mode: one event as one line of JSON, as in files of events.
extension Envelope {
  /// One JSON object with the attributes and `data`, without a line feed at its end. The hop is left out, because it belongs to one
  /// delivery of the message and not to its content.
  ///
  /// `data` must be JSON. Line breaks in it become spaces, so that the event stays on one line.
  public func structuredText(data: [UInt8]) -> [UInt8] {
    var json = JSONWriter(capacity: data.count + 512)
    json.beginObject()
    json.member("specversion", "1.0")
    json.member("id", id)
    json.member("source", source)
    json.member("type", type)
    json.member("time", time)
    json.member("subject", subject)
    json.member("program", program)
    json.member("partitionkey", partitionKey)
    json.member("sequence", sequence.map(Envelope.text(ofSequence:)))
    json.member("causationid", causationID)
    json.member("traceparent", traceparent)
    json.member("datacontenttype", dataContentType)
    json.key("data")
    // A JSON string escapes its line breaks, so an unescaped one is only white space between tokens.
    json.raw(data.contains { $0 == 0x0A || $0 == 0x0D } ? data.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } : data)
    json.endObject()
    return json.bytes()
  }
}
