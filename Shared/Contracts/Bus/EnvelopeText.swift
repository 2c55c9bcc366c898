/// Writing structured mode: one event as one line of JSON, the form of files.
extension Envelope {
  /// One JSON object with the attributes and `data`, without a line feed at its end.
  ///
  /// `data` must be JSON; line breaks in it become spaces, so that the event stays on one line. `sequence` is written as a number.
  public func structuredText(data: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(data.count + 256)
    text += #"{"specversion":"1.0""#.utf8
    func member(_ name: StaticString, _ value: String?) {
      guard let value else { return }
      text += #",""#.utf8
      name.withUTF8Buffer { text += $0 }
      text += #"":"#.utf8
      appendQuoted(value, to: &text)
    }
    member("id", id)
    member("source", source)
    member("type", type)
    member("time", time?.description)
    member("subject", subject)
    member("program", program?.value)
    member("partitionkey", partitionKey)
    if let sequence { text += #","sequence":\#(sequence)"#.utf8 }
    member("causationid", causationID)
    member("traceparent", traceparent)
    member("datacontenttype", dataContentType)
    text += #","data":"#.utf8
    // Inside a JSON string a line break is always escaped, so a bare one is only space between tokens.
    for byte in data { text.append(byte == 0x0A || byte == 0x0D ? 0x20 : byte) }
    text.append(0x7D)
    return text
  }
}

/// A JSON string (RFC 8259, section 7) in quotes.
private func appendQuoted(_ value: String, to text: inout [UInt8]) {
  let hex = Array("0123456789abcdef".utf8)
  text.append(0x22)
  for byte in value.utf8 {
    switch byte {
    case 0x22, 0x5C: text += [0x5C, byte]
    case 0x00..<0x20: text += [0x5C, 0x75, 0x30, 0x30, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
    default: text.append(byte)
    }
  }
  text.append(0x22)
}
