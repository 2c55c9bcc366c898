import Contracts
import JSON
import ServiceKit
import Streaming
import Words

/// An input event in a file.
package final class FileEvent: Sendable {
  package let line: Int
  /// The whole line.
  package let text: [UInt8]
  package let envelope: Envelope
  package let message: any Message
  package let topic: Topic
  /// The envelope's time, or the instant in the data if the envelope has none.
  package let time: Instant

  fileprivate init(line: Int, text: [UInt8], envelope: Envelope, message: any Message) {
    self.line = line
    self.text = text
    self.envelope = envelope
    self.message = message
    topic = type(of: message).topic
    time = envelope.time ?? message.instant
  }
}

extension FileEvent {
  /// The event's `data` alone. Parsed again, because the simulation takes the whole line.
  package var data: [UInt8] {
    get throws(Rejection) { try Envelope.structured(text, parser: JSONParser()).data }
  }

  /// The event as a record of its topic, for the simulation. Its offset is the line.
  ///
  /// - Parameter program: the program of an event that names none.
  package func record(_ program: ProgramID? = nil) throws -> InputRecord {
    var (envelope, text) = (envelope, text)
    if envelope.program == nil, let program {
      envelope.program = program
      text = try envelope.structuredText(data: data)
    }
    return InputRecord(
      topic: topic, partition: 0, offset: Int64(line), memory: DecodedEvent(envelope, message, text: text))
  }
}

extension DeadLetter {
  /// The line of the event, whose record has it as its offset. An event that a stage had kept for later has lost its line.
  ///
  /// - Parameter current: the line that is being processed.
  package func line(or current: Int) -> Int { record.topic.kind == .input && record.offset > 0 ? Int(record.offset) : current }
}

/// A line of an event file after parsing.
package enum FileEntry: Sendable {
  case event(FileEvent)
  /// An event of a type that is not in CONTRACTS.
  case unknownType(Line, type: String, time: Instant?)
  /// - Parameter time: the envelope's time, or `nil` if it could not be read.
  case rejected(Line, time: Instant?, reason: String, detail: String)

  /// Counted from 1.
  package var line: Int {
    switch self {
    case .event(let event): event.line
    case .unknownType(let line, _, _), .rejected(let line, _, _, _): line.number
    }
  }

  /// The time to which the entry advances a virtual clock, even if it is rejected.
  package var time: Instant? {
    switch self {
    case .event(let event): event.topic.kind == .clock ? event.time : event.envelope.time
    case .unknownType(_, _, let time), .rejected(_, let time, _, _): time
    }
  }

  /// The reason for rejecting a message that only Laurel may send.
  package static let notAnInput = "not-an-input"
  /// Why a clock tick of a file is rejected.
  package static let tickDetail = "only 'laurel clock' and --in-order move the clock"
}

/// Reads a file of events: structured CloudEvents, one per line. Skips blank lines.
package final class EventFile {
  package var name: String { lines.name }
  private let lines: LineReader
  private let parser = JSONParser()

  /// - Parameter path: `-` is standard input.
  package init(path: String) throws {
    // A line longer than an event may be is rejected anyway.
    lines = try LineReader(path: path, keptBytesMax: Envelope.maximumBodyBytes + 1)
  }

  /// The next entry, or `nil` at the end.
  package func next() throws -> FileEntry? {
    while let line = try lines.line() {
      if !line.isBlank { return entry(line) }
    }
    return nil
  }

  /// The next `count` entries, or fewer at the end.
  package func next(_ count: Int) throws -> [FileEntry] {
    var entries: [FileEntry] = []
    while entries.count < count, let entry = try next() { entries.append(entry) }
    return entries
  }

  private func entry(_ line: Line) -> FileEntry {
    var time: Instant?
    func rejected(_ reason: String, _ detail: String) -> FileEntry { .rejected(line, time: time, reason: reason, detail: detail) }
    do throws(Rejection) {
      guard line.length <= Envelope.maximumBodyBytes else {
        throw Rejection(.oversized, "\(line.length) bytes; the limit is \(Envelope.maximumBodyBytes)")
      }
      return try Envelope.structured(line.bytes, parser: parser) { envelope, data throws(Rejection) in
        time = envelope.time
        guard let type = MessageRegistry.type(named: envelope.type) else {
          return .unknownType(line, type: envelope.type, time: time)
        }
        guard [.input, .clock].contains(type.topic.kind) else {
          return rejected(FileEntry.notAnInput, "\(envelope.type) is sent only by Laurel itself, on the topic \(type.topic.name)")
        }
        let message: any Message = try Rejection.of { () throws(JSONError) in try type.init(json: data) }
        return .event(
          FileEvent(line: line.number, text: line.bytes, envelope: envelope, message: message))
      }
    } catch {
      return rejected(error.reason.rawValue, error.detail)
    }
  }
}

/// Reports each problem in a file with its line, and counts them all for a summary at the end.
package struct FileTroubles {
  package let file: String
  private(set) var rejected = 0
  private(set) var deadLetters = 0
  private(set) var unknownTypes = 0

  package init(file: String) { self.file = file }

  package mutating func rejected(_ line: Int, reason: String, detail: String) {
    rejected += 1
    notify("\(file):\(line): \(reason): \(detail)")
  }

  /// A well-formed event that a service rejected.
  package mutating func deadLetter(_ line: Int, _ rejection: Rejection) {
    deadLetters += 1
    notify("\(file):\(line): \(rejection)")
  }

  /// An entry that is not an event.
  package mutating func add(_ entry: FileEntry) {
    switch entry {
    case .event: break
    case .unknownType(let line, let type, _):
      unknownTypes += 1
      // Types outside Laurel's own namespace are only counted, because they cannot be misspelt types of Laurel.
      if MessageRegistry.isInOwnNamespace(type) { notify("\(file):\(line.number): \(MessageRegistry.textOfUnknown(type))") }
    case .rejected(let line, _, let reason, let detail): rejected(line.number, reason: reason, detail: detail)
    }
  }

  /// One line with the counts, or `nil` if there were no problems.
  package var summary: String? {
    var parts: [String] = []
    if rejected > 0 { parts.append(counted(rejected, "line") + " rejected") }
    if deadLetters > 0 { parts.append(counted(deadLetters, "event") + " dead-lettered") }
    if unknownTypes > 0 { parts.append(counted(unknownTypes, "event") + " of unknown types ignored") }
    return parts.isEmpty ? nil : "laurel: \(file): " + parts.joined(separator: ", ")
  }
}
