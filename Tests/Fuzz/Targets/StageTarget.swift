import Contracts
import JSON
import Streaming
import Terms
import TermsFiles

/// Any record on any topic under all services' stages is ignored, rejected or has an effect, and never stops a service.
enum StageTarget {
  private static let programs: Result<Programs, TermsProblems> = Result { () throws(TermsProblems) in
    try TermsFiles.load(directory: FuzzTarget.terms.path)
  }

  static func run(_ bytes: [UInt8]) throws {
    try check(BusText.lines(bytes), try programs.get())
  }

  static func check(_ lines: [BusText.Line], _ programs: Programs) throws {
    let bus = try run(lines, on: MemoryBus(programs))
    _ = try run(lines, on: MemoryBus(programs, isSlow: true))
    try checkRestarts(lines, bus, programs)
  }

  private static func run(_ lines: [BusText.Line], on bus: MemoryBus) throws -> MemoryBus {
    /// Whether only Laurel has written to its own topics. Records from others on them are trusted as Laurel's.
    var isHonest = true
    for line in lines {
      try bus.take(line)
      guard case .record(let record) = line else { continue }
      if record.topic.kind == .input { try checkRepeat(of: record, bus) } else { isHonest = false }
    }
    try bus.advance(by: .days(60))
    try checkLetters(bus.deadLetters)
    try checkOutputs(bus.outputs, isHonest: isHonest)
    return bus
  }

  /// A second delivery has no effect. It is rejected only if the first was.
  private static func checkRepeat(of record: InputRecord, _ bus: MemoryBus) throws {
    let before = (bus.outputs.count, bus.deadLetters.count)
    try bus.take(record)
    try hold(bus.outputs.count == before.0, "a repeat has an effect: \(bus.outputs.last.map { "\($0.envelope)" } ?? "")")
    for letter in bus.deadLetters[before.1...] {
      try hold(letter.record.value == record.value, "a repeat rejects another record: \(letter.rejection)")
    }
  }

  private static func checkLetters(_ letters: [DeadLetter]) throws {
    for letter in letters { try EnvelopeTarget.check(letter.rejection) }
  }

  private static func checkOutputs(_ outputs: [MemoryBus.Output], isHonest: Bool) throws {
    let parser = JSONParser()
    var sequences: [String: Int64] = [:]
    for output in outputs {
      let name = output.envelope.type
      let read = try Envelope(headers: output.envelope.headers.map { ($0.0, Array($0.1.utf8)) })
      try hold(read == output.envelope, "\(name): headers read as another envelope")
      let headers = output.record.headers.map { "\($0.name) \(String(decoding: $0.value, as: UTF8.self))" }
      let wanted = output.topic.kind == .internal ? [] : output.envelope.headers.map { "\($0.0) \($0.1)" }
      try hold(headers == wanted, "\(name): written with \(headers) instead of \(wanted)")
      try hold(!output.key.isEmpty && output.key.utf8.count <= 128, "\(name): key '\(output.key)'")
      if output.topic.kind == .notices {
        let place = "\(output.envelope.program?.value ?? "")\u{0}\(output.topic.name)\u{0}\(output.key)"
        let next = (sequences[place] ?? 0) + 1
        try hold(output.envelope.sequence == next, "\(name): sequence \(output.envelope.sequence ?? 0) instead of \(next)")
        sequences[place] = next
      }
      guard let type = MessageRegistry.type(named: name) else { continue }
      try checkReads(type, output.data, parser)
      if isHonest,
        let balance = try? parser.read(
          output.data, { json throws(JSONError) in try json.object().optional("balance", as: Balance.self) })
      {
        _ = try balance.accrued
        let parts = [balance.pending, balance.locked, balance.reserved, balance.spent, balance.paid]
        try hold(parts.allSatisfy { $0 >= 0 }, "\(name): \(balance)")
      }
    }
  }

  private static func checkReads<M: Message>(_ type: M.Type, _ data: [UInt8], _ parser: JSONParser) throws {
    let message = try parser.decode(type, from: data)
    try hold(message.jsonBytes() == data, "\(M.type) is written in two ways")
  }

  /// Restarting every service after each record gives the same output for the same history.
  private static func checkRestarts(_ lines: [BusText.Line], _ bus: MemoryBus, _ programs: Programs) throws {
    let other = try MemoryBus(programs)
    for line in lines {
      try other.take(line)
      try other.restart()
    }
    try other.advance(by: .days(60))
    try hold(other.outputs.count == bus.outputs.count, "\(bus.outputs.count) outputs, with restarts \(other.outputs.count)")
    for (left, right) in zip(bus.outputs, other.outputs) {
      try hold(
        left.envelope == right.envelope && left.data == right.data && left.key == right.key && left.topic == right.topic,
        "with restarts another output: \(left.envelope) \(right.envelope)")
    }
  }
}
