import Kafka

/// The parts of a request that the proxy reads: its header and, if it belongs to a transaction, the transactional id.
///
/// Source: Kafka's protocol guide. KIP-482 lists the versions with compact strings. librdkafka 2.0.2 sends EndTxn in version 1.
public struct KafkaRequest: Sendable, Equatable {
  public let apiKey: Int16
  public let version: Int16
  public let correlationID: Int32
  public let clientID: String?
  /// Set for Produce (from version 3) and for requests of a transaction.
  public let transactionalID: String?
  /// Set for EndTxn.
  public let end: TransactionEnd?

  /// The body of EndTxn after the transactional id.
  public struct TransactionEnd: Sendable, Equatable {
    public let producerID: Int64
    public let epoch: Int16
    /// false if it aborts.
    public let commits: Bool
  }

  /// nil if the proxy does not inspect this request.
  public var api: MockCluster.Request? { MockCluster.Request(rawValue: apiKey) }

  /// - Parameter start: the first bytes after the length, enough to hold the ids.
  /// - Returns: nil if the bytes are not a request.
  init?(_ start: ArraySlice<UInt8>) {
    var bytes = Bytes(start)
    guard let apiKey = bytes.int16(), let version = bytes.int16(), let correlationID = bytes.int32() else { return nil }
    self.apiKey = apiKey
    self.version = version
    self.correlationID = correlationID
    clientID = bytes.string()
    guard let (first, compact) = Self.namesTransaction[apiKey], version >= first else {
      transactionalID = nil
      end = nil
      return
    }
    let isCompact = version >= compact
    if isCompact { bytes.skipTags() }
    transactionalID = isCompact ? bytes.compactString() : bytes.string()
    if apiKey == MockCluster.Request.endTransaction.rawValue, let producer = bytes.int64(), let epoch = bytes.int16(),
      let committed = bytes.int8()
    {
      end = TransactionEnd(producerID: producer, epoch: epoch, commits: committed != 0)
    } else {
      end = nil
    }
  }

  /// Requests whose body starts with the transactional id: the first version that has it, and the first with compact strings.
  private static let namesTransaction: [Int16: (Int16, Int16)] = [
    0: (3, 9), 22: (0, 2), 24: (0, 3), 25: (0, 3), 26: (0, 3), 28: (0, 3),
  ]

  /// The error code in the answer to this request, if it is an EndTxn. The throttle time comes before the code.
  /// - Parameter answer: the bytes from the correlation id on.
  func errorCode(in answer: ArraySlice<UInt8>) -> Int16? {
    guard end != nil else { return nil }
    var bytes = Bytes(answer)
    _ = bytes.int32()
    if version >= 3 { bytes.skipTags() }
    _ = bytes.int32()
    return bytes.int16()
  }
}

/// Reads big-endian numbers and Kafka's strings in sequence.
private struct Bytes {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  private mutating func integer<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
    let size = MemoryLayout<Number>.size
    guard rest.count >= size else { return nil }
    defer { rest = rest.dropFirst(size) }
    return rest.prefix(size).reduce(into: Number(0)) { $0 = ($0 &<< 8) | Number(truncatingIfNeeded: $1) }
  }

  mutating func int8() -> Int8? {
    guard let byte = rest.popFirst() else { return nil }
    return Int8(bitPattern: byte)
  }
  mutating func int16() -> Int16? { integer(Int16.self) }
  mutating func int32() -> Int32? { integer(Int32.self) }
  mutating func int64() -> Int64? { integer(Int64.self) }

  mutating func string() -> String? { int16().flatMap { text(Int($0)) } }

  mutating func compactString() -> String? { variable().flatMap { text($0 - 1) } }

  /// Skips tagged fields. librdkafka sends none, so only an empty list is supported.
  mutating func skipTags() { _ = variable() }

  private mutating func text(_ count: Int) -> String? {
    guard count >= 0, rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return String(decoding: rest.prefix(count), as: UTF8.self)
  }

  private mutating func variable() -> Int? {
    var value = 0
    for shift in stride(from: 0, to: 32, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= Int(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }
}
