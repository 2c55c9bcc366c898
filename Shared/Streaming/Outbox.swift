import Contracts
import JSON

/// The messages of a batch, in the order in which the stages wrote them. They share one buffer.
///
/// Notices, which others read, use the binary mode of CloudEvents: headers and bare data. Messages that only Laurel's stages read
/// use the structured mode: one text, which is parsed in one pass. The first of them are encoded only when somebody asks for the text: a
/// message that is handed over reaches its reader as it is. In a larger batch messages go through their topic, so there it costs less to
/// encode them at once.
public final class Outbox {
  fileprivate var messages = Messages()

  public init() {}

  public var count: Int { messages.places.count }
  public var isEmpty: Bool { messages.places.isEmpty }
  public subscript(index: Int) -> OutputRecord { OutputRecord(outbox: self, index: index) }

  /// The messages that the bus gets: all but those handed over.
  public func forEachToWrite<Failure>(_ body: (OutputRecord) throws(Failure) -> Void) throws(Failure) {
    for index in messages.places.indices where !messages.places[index].isHandedOver { try body(self[index]) }
  }

  /// The attributes of a message besides its data.
  struct Heading {
    let id: StableHash.Value128
    let source: String
    let program: ProgramID
    let cause: String
    let traceparent: String?
    let sequence: Int64?
    let partition: Int32
    let hop: Hop
  }

  func add<M: Message>(_ message: M, key: String, _ heading: Heading) { messages.add(message, key: key, heading) }

  func removeAll() { removeAll(from: Mark()) { _, _ in } }

  /// A place between two messages.
  struct Mark {
    fileprivate var bytes = 0
    fileprivate var places = 0
    fileprivate var fields = 0
  }

  var mark: Mark { messages.mark }

  fileprivate func encode(_ index: Int) { messages.encode(index) }

  /// Removes what was written after the mark, and reports the target of each removed message.
  func removeAll(from mark: Mark, _ forgotten: (Topic, _ partition: Int32) -> Void) {
    for place in messages.places[mark.places...] { forgotten(place.topic, place.partition) }
    messages.removeAll(from: mark)
  }
}

/// What an outbox holds. It is a struct so that Swift checks once a message, not at each field, that nobody else changes it.
private struct Messages: ~Copyable {
  /// The ranges of a record's parts in the buffer.
  struct Place {
    let type: String
    let topic: Topic
    let partition: Int32
    /// An internal message that is not encoded yet.
    var message: InternalMessage?
    var key = 0..<0
    var value = 0..<0
    /// A range of `fields`.
    var headers = 0..<0
    var isHandedOver = false
  }

  struct Field {
    let attribute: Attribute
    let value: Range<Int>
  }

  /// Internal messages among so many of a batch wait until their text is needed.
  private static let waitingMax = 64

  var bytes = JSONWriter(capacity: 1 << 14)
  var places: [Place] = []
  var fields: [Field] = []

  var mark: Outbox.Mark { Outbox.Mark(bytes: bytes.count, places: places.count, fields: fields.count) }

  mutating func removeAll(from mark: Outbox.Mark) {
    bytes.removeAll(from: mark.bytes)
    places.removeLast(places.count - mark.places)
    fields.removeLast(fields.count - mark.fields)
    assert(places.allSatisfy { $0.value.upperBound <= bytes.count }, "a message was encoded in an invocation that is undone")
  }

  mutating func add<M: Message>(_ message: M, key: String, _ heading: Outbox.Heading) {
    let topic = M.topic
    var place = Place(type: M.type, topic: topic, partition: heading.partition)
    if topic.kind == .internal, places.count < Self.waitingMax {
      place.message = TypedMessage(message, key: key, heading)
    } else if topic.kind == .internal {
      place.key = append { $0.raw(text: key) }
      place.value = append { heading.write(message, to: &$0) }
    } else {
      place.key = append { $0.raw(text: key) }
      place.value = append(message.write(to:))
      let first = fields.count
      head(heading, type: M.type, time: message.instant, place.key)
      place.headers = first..<fields.count
    }
    places.append(place)
  }

  /// Encodes an internal message.
  mutating func encode(_ index: Int) {
    guard let message = places[index].message else { return }
    places[index].message = nil
    places[index].key = append { $0.raw(text: message.key) }
    places[index].value = append(message.write(to:))
  }

  private mutating func append(_ write: (inout JSONWriter) -> Void) -> Range<Int> {
    let start = bytes.count
    write(&bytes)
    return start..<bytes.count
  }

  private mutating func head(_ heading: Outbox.Heading, type: String, time: Instant, _ key: Range<Int>) {
    field(.specVersion) { $0.raw("1.0") }
    field(.id) { $0.plainText(length: 32) { heading.id.writeHex(to: $0) } }
    field(.source) { $0.raw(text: heading.source) }
    field(.type) { $0.raw(text: type) }
    field(.time) { $0.plainText(length: Instant.textLength, time.write(to:)) }
    fields.append(Field(attribute: .subject, value: key))
    field(.program) { $0.raw(text: heading.program.value) }
    if let sequence = heading.sequence {
      fields.append(Field(attribute: .partitionKey, value: key))
      field(.sequence) { $0.plainText(length: Envelope.sequenceLength) { Envelope.write(sequence: sequence, to: $0) } }
    }
    field(.causationID) { $0.raw(text: heading.cause) }
    if let traceparent = heading.traceparent { field(.traceparent) { $0.raw(text: traceparent) } }
    field(.hop) { heading.hop.write(to: &$0) }
    field(.dataContentType) { $0.raw("application/json") }
  }

  private mutating func field(_ attribute: Attribute, _ write: (inout JSONWriter) -> Void) {
    fields.append(Field(attribute: attribute, value: append(write)))
  }
}

extension Hop {
  fileprivate func write(to text: inout JSONWriter) {
    text.integer(Int64(partition))
    text.raw("/")
    text.integer(number)
  }
}

extension Outbox.Heading {
  /// Writes an internal message: the attributes that the reader needs, and the data.
  fileprivate func write<M: Message>(_ message: M, to text: inout JSONWriter) {
    text.beginObject()
    text.member("specversion", "1.0")
    text.key("id")
    text.plainString(length: 32) { id.writeHex(to: $0) }
    text.member("source", source)
    text.member("type", M.type)
    text.member("program", program)
    text.member("causationid", cause)
    text.member("traceparent", traceparent)
    text.key("hop")
    text.raw("\"")
    hop.write(to: &text)
    text.raw("\"")
    text.key("data")
    message.write(to: &text)
    text.endObject()
  }
}

/// A message between stages, as it was written.
class InternalMessage {
  let key: String
  fileprivate let heading: Outbox.Heading

  fileprivate init(key: String, _ heading: Outbox.Heading) {
    self.key = key
    self.heading = heading
  }

  fileprivate func write(to text: inout JSONWriter) {}

  /// The event that a task would read from its text; `nil` if the task does not take it.
  func event(_ record: InputRecord, _ task: StageTask) -> Event? { nil }
}

private final class TypedMessage<M: Message>: InternalMessage {
  private let message: M

  init(_ message: M, key: String, _ heading: Outbox.Heading) {
    self.message = message
    super.init(key: key, heading)
  }

  override func write(to text: inout JSONWriter) { heading.write(message, to: &text) }

  override func event(_ record: InputRecord, _ task: StageTask) -> Event? {
    guard task.routes[ObjectIdentifier(M.self)] != nil, task.owns(key),
      let program = task.programs.firstIndex(of: heading.program)
    else { return nil }
    assert(isReadAsWritten(task.parser), "\(M.type) is not read as it was written")
    let event = MessageEvent(record, message, key: key, program: program, heading, task)
    event.number = MessageNumber(heading.hop, of: record)
    return event
  }

  /// Whether a reader of the topic would get the same message.
  private func isReadAsWritten(_ parser: JSONParser) -> Bool {
    let text = message.jsonBytes()
    return (try? parser.decode(M.self, from: text).jsonBytes()) == text
  }
}

/// A message that a task has written. Valid until its outbox is reused.
public struct OutputRecord: RecordMemory {
  fileprivate let outbox: Outbox
  fileprivate let index: Int

  var type: String { outbox.messages.places[index].type }
  public var topic: Topic { outbox.messages.places[index].topic }
  /// The partition of its key.
  public var partition: Int32 { outbox.messages.places[index].partition }
  public var keyBytes: UnsafeRawBufferPointer? {
    outbox.encode(index)
    return outbox.messages.bytes.bytes(in: outbox.messages.places[index].key)
  }
  public var valueBytes: UnsafeRawBufferPointer? {
    outbox.encode(index)
    return outbox.messages.bytes.bytes(in: outbox.messages.places[index].value)
  }
  public var key: String { keyBytes.map { String(decoding: $0, as: UTF8.self) } ?? "" }

  public func event(_ record: InputRecord, _ task: StageTask) -> Event? {
    outbox.messages.places[index].message?.event(record, task)
  }

  /// Marks that the task which reads the message has run it. The bus does not get it.
  public func handedOver() { outbox.messages.places[index].isHandedOver = true }

  public func forEachHeader(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
    forEachAttribute { attribute, value in
      body(UnsafeRawBufferPointer(start: attribute.header.utf8Start, count: attribute.header.utf8CodeUnitCount), value)
    }
  }

  /// Visits all headers. Each is an attribute.
  public func forEachAttribute(_ body: (Attribute, UnsafeRawBufferPointer) -> Void) {
    for number in outbox.messages.places[index].headers {
      let field = outbox.messages.fields[number]
      body(field.attribute, outbox.messages.bytes.bytes(in: field.value))
    }
  }

  // MARK: For inspection

  /// A notice as one line of JSON: see `Envelope.structuredText`.
  public func structuredText() -> [UInt8] {
    let value = outbox.messages.bytes.bytes(in: outbox.messages.places[index].value)
    var json = JSONWriter(capacity: value.count + 512)
    json.beginObject()
    forEachAttribute { attribute, text in
      guard attribute != .hop else { return }
      json.key(attribute.name)
      json.string(text.bindMemory(to: UInt8.self))
    }
    json.key("data")
    json.raw(value)
    json.endObject()
    return json.bytes()
  }

  /// A copy of the attributes and of the bare data.
  public func event() throws(Rejection) -> (envelope: Envelope, data: [UInt8]) {
    let record = InputRecord(topic: topic, partition: partition, offset: 0, memory: self)
    return try Envelope.record(
      headers: record.headers.map { ($0.name, $0.value) }, value: record.value ?? [], parser: JSONParser(), isBounded: false)
  }
}
