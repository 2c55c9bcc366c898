import Contracts
import JSON

/// Reading records. A task decodes the envelope once and the message once, and changes no state.
extension StageTask {
  /// Reads a record once for all stages that take it. Changes no state.
  public func admit(_ record: InputRecord) -> Event {
    if let event = record.memory.event(record, self) { return event }
    var hop: Hop?
    let event: Event
    do throws(Rejection) {
      event = try admitted(record, &hop) ?? Event(record) { $0.countIgnored() }
    } catch {
      event = Event(record) { $0.deadLetter(record, error) }
    }
    if let hop { event.number = MessageNumber(hop, of: record) }
    return event
  }

  /// Whether a stage takes messages of a type.
  func takes(type: String) -> Bool { routes[type] != nil }

  /// Whether a stage takes an event that another task with the same programs and keys has read.
  func takes(_ event: Event) -> Bool { event.messageType.map { routes[$0] != nil } ?? false }

  private func admitted(_ record: InputRecord, _ hop: inout Hop?) throws(Rejection) -> Event? {
    var attributes = EnvelopeBytes()
    var count = 0
    record.memory.forEachHeader { name, value in
      count += value.count
      attributes.take(header: name, value)
    }
    hop = attributes.hop
    guard let value = record.memory.valueBytes else { return nil }
    count += value.count
    // Headers count too, because their content is passed on to every output. Only events from outside are limited in size. Laurel's
    // own messages are not: their cause was checked when it was admitted, and they may have gathered more data. What is repartitioned
    // was checked before, and has got headers that name its place.
    guard count <= Envelope.maximumBodyBytes || record.topic.isOwn || record.topic.isRepartitioned else {
      throw Rejection(.oversized, "\(count) bytes; the limit is \(Envelope.maximumBodyBytes)")
    }
    if attributes.isStructured {
      return try parser.reading(value) { json throws(Rejection) in
        let event = try Rejection.of { () throws(JSONError) in try json.object() }
        let headers = attributes
        var attributes = try Rejection.of { () throws(JSONError) in try EnvelopeBytes(structured: event) }
        attributes.takeTrace(of: headers)
        hop = attributes.hop
        try attributes.check()
        guard let data = event.member("data") else { throw Rejection(.malformed, "data is missing") }
        guard let route = try self.route(attributes, record) else { return try self.passedOver(attributes, record) }
        return try route.event(record, attributes, data, self)
      }
    }
    try attributes.check()
    guard let route = try route(attributes, record) else { return try passedOver(attributes, record) }
    return try parser.reading(value) { data throws(Rejection) in
      try route.event(record, attributes, data, self)
    }
  }

  /// The stages that take the event; `nil` if no stage of this service reads its type.
  private func route(_ attributes: EnvelopeBytes, _ record: InputRecord) throws(Rejection) -> Route? {
    guard let type = attributes[.type], let route = routes[type] else { return nil }
    // A repartitioned record arrives on the service's own topic.
    guard route.topic == record.topic || record.topic.isRepartitioned else {
      throw Rejection(.wrongTopic, "\(route.type) belongs on \(route.topic.name), not on \(record.topic.name)")
    }
    return route
  }

  /// An event of a type that no stage here reads. If another service reads it, nothing is done.
  /// - Throws: `unknown-type` if the event was meant for Laurel but nobody would read it.
  private func passedOver(_ attributes: EnvelopeBytes, _ record: InputRecord) throws(Rejection) -> Event {
    let type = attributes[.type].map { String(decoding: $0, as: UTF8.self) } ?? ""
    guard MessageRegistry.type(named: type) == nil else { return Event(record) }
    if !record.topic.isOwn, rejectsForeignTypes || MessageRegistry.isInOwnNamespace(type) {
      throw Rejection(.unknownType, MessageRegistry.textOfUnknown(type))
    }
    return Event(record) { $0.countIgnored(type) }
  }

  func owns(_ key: String) -> Bool {
    var key = key
    return key.withUTF8 { place.partitionOf(UnsafeRawBufferPointer($0)) } == place.partition
  }

  /// The task's number for a program; `nil` if this deployment does not have it, or has several and none is named.
  func number(of program: ProgramID?) -> Int? {
    guard let program else { return programs.count == 1 ? 0 : nil }
    return programs.firstIndex(of: program)
  }

  /// The task's number for the event's program.
  func program(of attributes: EnvelopeBytes) throws(Rejection) -> Int {
    guard let text = attributes[.program] else {
      guard programs.count == 1 else {
        throw Rejection(.missingProgram, "'program' is absent and this deployment has \(programs.count) programs")
      }
      return 0
    }
    if let number = programs.firstIndex(where: { text.equals($0.value) }) { return number }
    let id = try attributes.program()
    throw Rejection(.unknownProgram, "this deployment has no program '\(id?.value ?? "")'")
  }

  /// Reads a tick of the virtual clock.
  ///
  /// - Parameter isFollowed: if false, the task uses system time and ignores the tick.
  public func tick(_ record: InputRecord, isFollowed: Bool) -> Event {
    do throws(Rejection) {
      guard isFollowed, let value = record.value else { return Event(record) { $0.countIgnored() } }
      let (envelope, data) = try Envelope.record(
        headers: record.headers.map { ($0.name, $0.value) }, value: value, parser: parser)
      guard envelope.type == ClockMoved.type else { return Event(record) { $0.countIgnored() } }
      let at = try Rejection.of { () throws(JSONError) in try parser.decode(ClockMoved.self, from: data) }.at
      return Event(record, at) { $0.followBus(from: at) }
    } catch {
      return Event(record) { $0.deadLetter(record, error) }
    }
  }
}
