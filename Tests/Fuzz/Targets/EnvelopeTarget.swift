import Contracts
import JSON

@testable import Streaming
@testable import Worker

/// A record's headers and body. An accepted record can be written and read again; a rejected one fits into a dead letter.
enum EnvelopeTarget {
  /// The default limit of a broker, including the framing of a record.
  private static let recordBytesMax = 1_048_588

  static func run(_ bytes: [UInt8]) throws {
    for case .record(let record) in BusText.lines(bytes) {
      try read(record)
      try readTick(record)
    }
  }

  private static func read(_ record: InputRecord) throws {
    let parser = JSONParser()
    guard let value = record.value else { return }
    let envelope: Envelope
    let data: [UInt8]
    do {
      (envelope, data) = try Envelope.record(headers: record.headers.map { ($0.name, $0.value) }, value: value, parser: parser)
    } catch {
      try check(error)
      return try checkLetter(record, error)
    }
    let binary = try Envelope(headers: envelope.headers.map { ($0.0, Array($0.1.utf8)) })
    try hold(binary == envelope, "headers read as another envelope: \(binary), \(envelope)")
    if let time = envelope.time { try hold(Instant.range.contains(time), "an instant out of range") }

    // Structured mode needs data that is JSON. Binary mode does not check it.
    guard (try? parser.read(data) { _ in true }) != nil else { return }
    let text = envelope.structuredText(data: data)
    try hold(!text.contains(UInt8(ascii: "\n")), "more than one line")
    // In structured mode the envelope counts towards the limit.
    guard text.count <= Envelope.maximumBodyBytes else { return }
    let again: (envelope: Envelope, data: [UInt8])
    do { again = try Envelope.structured(text, parser: parser) } catch {
      // A body at the depth limit plus the envelope's own brackets is one level too deep.
      if error.detail.contains("levels of brackets") { return }
      throw error
    }
    try hold(again.envelope == envelope, "structured text reads as another envelope: \(again.envelope), \(envelope)")
    try hold(again.data == (try parser.read(data) { $0.serialized() }), "structured text holds other data")
  }

  private static func readTick(_ record: InputRecord) throws {
    let task = try StageTask(service: .accrual, stages: [], programs: [], store: MemoryStore())
    let event = task.tick(record, isFollowed: true)
    if let tick = event.time { try hold(Instant.range.contains(tick), "a tick out of range") }
    task.run(event)
    try hold(task.isVirtual == (event.time != nil), "a tick is not followed, or something else is")
    for letter in task.takeRecords()?.deadLetters ?? [] { try check(letter.rejection) }
  }

  static func check(_ rejection: Rejection) throws {
    try hold(!rejection.detail.isEmpty, "a rejection without a word")
    try hold(rejection.detail.utf8.count <= 1003, "a detail of \(rejection.detail.utf8.count) bytes")
  }

  /// The dead letter fits into a record, and only the necessary part is cut.
  private static func checkLetter(_ record: InputRecord, _ rejection: Rejection) throws {
    let kept = DeadLetter(rejection: rejection, record: record).kept
    var size = (kept.key ?? []).count + (kept.value ?? []).count
    for header in kept.headers { size += header.name.utf8.count + (header.value ?? []).count + 10 }
    try hold(size + 200 < recordBytesMax, "a dead letter of \(size) bytes")
    let isCut = kept.headers.count { $0.name == PlaceHeader.size } > record.headers.count { $0.name == PlaceHeader.size }
    if !isCut {
      try hold(kept.key == record.key && kept.value == record.value, "a dead letter is not its record")
    }
    try hold(kept.headers.last?.name == PlaceHeader.detail, "a dead letter without its detail")
  }
}
