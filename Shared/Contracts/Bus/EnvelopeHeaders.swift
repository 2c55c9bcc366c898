/// Binary mode: attributes as Kafka headers (CloudEvents Kafka protocol binding 1.0.2).
extension Envelope {
  /// Reads the headers of a record in binary mode.
  /// - Throws: the rejections of ``EnvelopeBytes/check()``.
  public init(headers: [(String, [UInt8])]) throws(Rejection) {
    self = try Self.withBytes(of: headers) { bytes throws(Rejection) in try Envelope(bytes) }
  }

  /// The headers of a record in binary mode.
  public var headers: [(String, String)] {
    Attribute.allCases.compactMap { attribute in text(attribute).map { ("\(attribute.header)", $0) } }
  }

  private func text(_ attribute: Attribute) -> String? {
    switch attribute {
    case .specVersion: "1.0"
    case .id: id
    case .source: source
    case .type: type
    case .time: time?.description
    case .subject: subject
    case .program: program?.value
    case .partitionKey: partitionKey
    case .sequence: sequence.map(Envelope.text(ofSequence:))
    case .causationID: causationID
    case .traceparent: traceparent
    case .hop: hop?.description
    case .dataContentType: dataContentType
    }
  }

  /// 19 digits with leading zeros, because CloudEvents orders `sequence` as text.
  public static let sequenceLength = 19

  public static func write(sequence: Int64, to text: UnsafeMutablePointer<UInt8>) {
    var rest = sequence
    for place in (0..<sequenceLength).reversed() {
      text[place] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
  }

  static func text(ofSequence sequence: Int64) -> String {
    String(unsafeUninitializedCapacity: sequenceLength) { text in
      if let start = text.baseAddress { write(sequence: sequence, to: start) }
      return sequenceLength
    }
  }

  /// Copies headers into one block of memory, as a record has them, and reads them there.
  static func withBytes<Result>(
    of headers: [(String, [UInt8])], _ body: (EnvelopeBytes) throws(Rejection) -> Result
  ) throws(Rejection) -> Result {
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: headers.reduce(1) { $0 + $1.0.utf8.count + $1.1.count }, alignment: 1)
    defer { memory.deallocate() }
    var end = 0
    func copy(_ bytes: some Collection<UInt8>) -> UnsafeRawBufferPointer {
      let place = UnsafeMutableRawBufferPointer(rebasing: memory[end..<(end + bytes.count)])
      place.copyBytes(from: bytes)
      end += bytes.count
      return UnsafeRawBufferPointer(place)
    }
    var bytes = EnvelopeBytes()
    for (name, value) in headers { bytes.take(header: copy(name.utf8), copy(value)) }
    return try body(bytes)
  }
}

extension Hop: CustomStringConvertible {
  public var description: String { "\(partition)/\(number)" }
}
