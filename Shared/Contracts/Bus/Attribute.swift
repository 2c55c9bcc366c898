import JSON

/// A CloudEvents attribute that Laurel reads or writes. Others are ignored.
public enum Attribute: UInt8, CaseIterable, Sendable {
  case specVersion, id, source, type, time, subject, program, partitionKey, sequence, causationID, traceparent, hop
  case dataContentType

  /// The name of its Kafka header (CloudEvents Kafka protocol binding 1.0.2).
  public var header: StaticString {
    switch self {
    case .specVersion: "ce_specversion"
    case .id: "ce_id"
    case .source: "ce_source"
    case .type: "ce_type"
    case .time: "ce_time"
    case .subject: "ce_subject"
    case .program: "ce_program"
    case .partitionKey: "ce_partitionkey"
    case .sequence: "ce_sequence"
    case .causationID: "ce_causationid"
    case .traceparent: "ce_traceparent"
    case .hop: "ce_hop"
    case .dataContentType: "content-type"
    }
  }

  /// Its name in structured mode.
  public var name: UnsafeRawBufferPointer {
    guard self != .dataContentType else { return StaticString("datacontenttype").bytes }
    return UnsafeRawBufferPointer(rebasing: header.bytes.dropFirst(3))
  }

  /// Whether a decision depends on it. Only such an attribute can be a reason to reject an event (DECISIONS T8).
  var decides: Bool {
    switch self {
    case .specVersion, .id, .source, .type, .time, .program, .dataContentType: true
    case .subject, .partitionKey, .sequence, .causationID, .traceparent, .hop: false
    }
  }

  /// The attribute of a header, or nil if it is none. Names must be in lower case.
  init?(header name: UnsafeRawBufferPointer) {
    // `matches` compares the length first, because this runs for every header of every record.
    var number: UInt8 = 0
    while let attribute = Attribute(rawValue: number) {
      if attribute.header.matches(name) {
        self = attribute
        return
      }
      number += 1
    }
    return nil
  }
}

extension StaticString {
  fileprivate var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }

  fileprivate func matches(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.equals(self.bytes) }
}

/// The origin of a message that Laurel writes: the partition of the task that wrote it, and its number, from 1, among the messages of that
/// task to one partition of the topic. A reader that keeps the last number can detect gaps and repeats.
public struct Hop: Hashable, Sendable {
  public let partition: Int32
  public let number: Int64

  public init(partition: Int32, number: Int64) {
    self.partition = partition
    self.number = number
  }

  /// Reads `3/17`; `nil` for anything else.
  public init?(text: String) {
    var text = text
    guard let hop = text.withUTF8({ Hop(text: $0) }) else { return nil }
    self = hop
  }

  /// Reads `3/17`; `nil` for anything else.
  init?(text: UnsafeBufferPointer<UInt8>) {
    guard let slash = text.firstIndex(of: UInt8(ascii: "/")), let partition = Int64(digits: text[..<slash]),
      let number = Int64(digits: text[(slash + 1)...]), let partition = Int32(exactly: partition)
    else { return nil }
    self.init(partition: partition, number: number)
  }
}

extension Int64 {
  /// `nil` unless the text is 1 to 19 digits within `Int64`.
  init?(digits: some Collection<UInt8>) {
    guard 1...19 ~= digits.count else { return nil }
    var value: UInt64 = 0
    for byte in digits {
      guard byte &- 0x30 <= 9 else { return nil }
      value = value * 10 + UInt64(byte &- 0x30)
    }
    self.init(exactly: value)
  }
}
