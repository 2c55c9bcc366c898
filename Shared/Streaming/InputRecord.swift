import Contracts
import JSON

/// A record in its reader's memory. The bytes are valid only while the record is held.
public protocol RecordMemory {
  var keyBytes: UnsafeRawBufferPointer? { get }
  /// `nil` for a tombstone.
  var valueBytes: UnsafeRawBufferPointer? { get }
  /// Leaves out headers without a value.
  func forEachHeader(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void)
  /// The event that the task would read from the record, made from a message that is decoded already; `nil` if the record must be read.
  func event(_ record: InputRecord, _ task: StageTask) -> Event?
}

extension RecordMemory {
  public func event(_ record: InputRecord, _ task: StageTask) -> Event? { nil }
}

/// A record that a driver passes to a task.
public struct InputRecord {
  public let topic: Topic
  public let partition: Int32
  /// `offsetOfHandedOver` for a message that is not on the bus.
  public let offset: Int64
  /// Milliseconds since 1970, as the bus stores it; `nil` without a bus.
  public let timestamp: Int64?
  public let memory: any RecordMemory

  public init(topic: Topic, partition: Int32, offset: Int64, timestamp: Int64? = nil, memory: any RecordMemory) {
    self.topic = topic
    self.partition = partition
    self.offset = offset
    self.timestamp = timestamp
    self.memory = memory
  }

  /// The offset of a message that was handed over. It is not in its topic.
  public static let offsetOfHandedOver: Int64 = -1

  /// Creates a record from values held in Swift.
  public init(
    topic: Topic, partition: Int32 = 0, offset: Int64 = 0, key: [UInt8]?, value: [UInt8]?,
    headers: [(name: String, value: [UInt8])] = []
  ) {
    self.init(topic: topic, partition: partition, offset: offset, memory: OwnMemory(key: key, value: value, headers: headers))
  }

  public var key: [UInt8]? { memory.keyBytes.map { [UInt8]($0) } }
  public var value: [UInt8]? { memory.valueBytes.map { [UInt8]($0) } }

  /// The last header with that name.
  public func header(_ name: String) -> [UInt8]? {
    var found: [UInt8]?
    memory.forEachHeader { if $0.elementsEqual(name.utf8) { found = [UInt8]($1) } }
    return found
  }

  /// Laurel's message number, from the headers or the text, or `nil` if the record has none.
  public func hop(_ parser: JSONParser) -> Hop? {
    if let text = header("ce_hop") { return Hop(text: String(decoding: text, as: UTF8.self)) }
    return value.flatMap { try? Envelope.structured($0, parser: parser, isBounded: false).envelope.hop }
  }

  /// The id of its W3C trace, from the headers or the text, or `nil` if it has none. Works for rejected records too.
  public func traceID(_ parser: JSONParser) -> String? {
    var attributes = EnvelopeBytes()
    memory.forEachHeader { attributes.take(header: $0, $1) }
    var traceparent = attributes.traceparent
    if attributes.isStructured, let value = memory.valueBytes {
      traceparent =
        (try? parser.read(value) { json throws(JSONError) in try EnvelopeBytes(structured: json.object()).traceparent })
        ?? traceparent
    }
    return traceparent.map { String($0.dropFirst(3).prefix(32)) }
  }

  public var headers: [(name: String, value: [UInt8])] {
    var headers: [(name: String, value: [UInt8])] = []
    memory.forEachHeader { headers.append((String(decoding: $0, as: UTF8.self), [UInt8]($1))) }
    return headers
  }
}

/// A record in memory of its own, in one allocation.
private final class OwnMemory: RecordMemory {
  private let bytes: UnsafeMutableRawBufferPointer
  private let key: Range<Int>?
  private let value: Range<Int>?
  private let headers: [(name: Range<Int>, value: Range<Int>)]

  init(key: [UInt8]?, value: [UInt8]?, headers: [(name: String, value: [UInt8])]) {
    let count = headers.reduce((key?.count ?? 0) + (value?.count ?? 0)) { $0 + $1.name.utf8.count + $1.value.count }
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 1)
    var end = 0
    func copy(_ part: some Collection<UInt8>) -> Range<Int> {
      let range = end..<(end + part.count)
      UnsafeMutableRawBufferPointer(rebasing: bytes[range]).copyBytes(from: part)
      end = range.upperBound
      return range
    }
    self.key = key.map { copy($0) }
    self.value = value.map { copy($0) }
    self.headers = headers.map { (copy($0.name.utf8), copy($0.value)) }
    self.bytes = bytes
  }

  deinit { bytes.deallocate() }

  private subscript(range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }

  var keyBytes: UnsafeRawBufferPointer? { key.map { self[$0] } }
  var valueBytes: UnsafeRawBufferPointer? { value.map { self[$0] } }

  func forEachHeader(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
    for header in headers { body(self[header.name], self[header.value]) }
  }
}

/// An event from outside that is decoded already, for the simulation. Unknown fields are not counted.
public final class DecodedEvent: RecordMemory {
  private let memory: OwnMemory
  private let envelope: Envelope
  private let message: any Message

  /// - Parameter text: the event in structured mode.
  public init(_ envelope: Envelope, _ message: any Message, text: [UInt8]) {
    memory = OwnMemory(
      key: Array(message.key.utf8), value: text, headers: [("content-type", Array(Envelope.structuredContentType.utf8))])
    self.envelope = envelope
    self.message = message
  }

  public var keyBytes: UnsafeRawBufferPointer? { memory.keyBytes }
  public var valueBytes: UnsafeRawBufferPointer? { memory.valueBytes }
  public func forEachHeader(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) { memory.forEachHeader(body) }

  public func event(_ record: InputRecord, _ task: StageTask) -> Event? {
    guard let route = task.routes[ObjectIdentifier(type(of: message))], let program = task.number(of: envelope.program) else {
      return nil
    }
    return route.decoded(record, message, program, envelope, task)
  }
}

/// A rejected record with the reason and its place, so that nothing is lost.
public struct DeadLetter {
  public let rejection: Rejection
  /// The original record. For an event that a stage had kept, it is rebuilt from the state.
  public let record: InputRecord
}

/// Counts what a task has done since it was created. An abort subtracts the counts of its batch.
public struct TaskCounts: Sendable, Equatable {
  public var processed = 0
  public var repeated = 0
  /// The number of events of unknown types, by type. Tombstones count under the empty string.
  public private(set) var ignored: [String: Int] = [:]
  /// The number of unknown fields of messages.
  public private(set) var unknownFields: [UnknownField: Int] = [:]
  public var timersFired = 0
  public var repartitioned = 0
  public var deadLetters: [DeadLetterReason: Int] = [:]
  /// Events that stages count, by the name that the stage gives (`Context.count`).
  public var stageEvents: [String: Int] = [:]

  public init() {}

  /// Limits the names that are counted, because outside programs can send any number of them. Further names count as `other`.
  private static let namesMax = 20

  mutating func countIgnored(_ type: String?) {
    let name = type ?? ""
    ignored[ignored[name] == nil && ignored.count >= Self.namesMax ? "other" : name, default: 0] += 1
  }

  mutating func count(_ field: UnknownField) {
    let isNew = unknownFields[field] == nil && unknownFields.count >= Self.namesMax
    unknownFields[isNew ? .other : field, default: 0] += 1
  }
}

/// A field that the contract does not name.
public struct UnknownField: Hashable, Sendable {
  public let type: String
  /// Its path, such as `lines[].colour`.
  public let field: String
  /// The CloudEvents source of its sender.
  public let source: String

  static let other = UnknownField(type: "other", field: "other", source: "other")

  init(type: String, field: String, source: String) {
    self.type = type
    // Drop indexes, so that an invoice does not add one name per line.
    self.field = String(field.replacing(#/\[[0-9]+\]/#, with: "[]").prefix(Self.lengthMax))
    self.source = String(source.prefix(Self.lengthMax))
  }

  private static let lengthMax = 100
}
