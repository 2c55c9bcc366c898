import CommandKit
import Contracts
import JSON
import Kafka
import ServiceKit
import Words
import Worker

/// `laurel tail`: prints records as they arrive on the bus.
package enum Tail {
  package static let command = Command(
    "tail", summary: "Show notices as they arrive",
    discussion: """
      Reads only committed records and joins no consumer group, so watching changes nothing. Without operands it shows the four \
      topics of notices. Any other topic can be named, such as accrual.dead-letters. It runs until Ctrl-C, or until --until-quiet \
      ends it. While no broker answers, it waits for one, unless --until-quiet is given.
      """,
    example: """
      laurel tail --bootstrap localhost:9092 --from-beginning
      laurel tail rewards --bootstrap localhost:9092 --json | jq .data.balance
      laurel tail billing accrual.dead-letters --bootstrap localhost:9092
      """,
    options: Settings.connection + [
      Option("json", help: "Structured CloudEvents, one a line, instead of sentences"),
      Option("from-beginning", help: "Start with the oldest record instead of the next one"),
      Option("until-quiet", placeholder: "SECONDS", kind: .integer(1...86_400), help: "Exit after SECONDS without a record"),
    ],
    operands: [Operand("TOPIC", help: "A topic, see 'laurel topics list'", required: false, repeatable: true)], run: run)

  private static func run(_ invocation: Invocation) throws -> Int32 {
    Shutdown.install()
    let bus = Bus(invocation)
    let topics = try topics(invocation.operands, of: invocation, bus, otherwise: { $0.kind == .notices })
    let quiet = invocation.optionalInteger("until-quiet").map { Duration.seconds($0) }
    let places: [TopicPartition]
    do {
      places = try bus.places(of: topics, waitingFor: quiet == nil ? .seconds(Int32.max) : .zero)
    } catch is NoBroker where Shutdown.requested {
      return 0
    }
    let start = invocation.flag("from-beginning") ? Offset.beginning : Offset.end
    let reader = try Consumer.reader(bus)
    defer { reader.close() }
    try reader.assignByHand(places.map { ($0, offset: start) })
    var lines = RecordLines(asJSON: invocation.flag("json"), coloured: Terminal.coloured(1, environment: environment))
    let output = ResultOutput()
    var lastNews = ContinuousClock.now
    var unread = Set(places)
    while !Shutdown.requested {
      switch try reader.next(timeoutMilliseconds: 50) {
      case .record(let record):
        lastNews = .now
        if let topic = bus.topic(named: record.topic) { try output.line(lines.line(record, topic)) }
      case .end(let place, _): unread.remove(place)
      case .nothing:
        try output.flush()
        if quiet != nil { try bus.requireBroker() }
      case .error, .assigned, .revoked, .lost: break
      }
      if let quiet, unread.isEmpty, !bus.isAway, .now - lastNews > quiet { break }
    }
    try output.flush()
    return 0
  }

  /// The topics that a command's operands name.
  /// - Parameter otherwise: selects the topics if none is named.
  static func topics(_ names: [String], of invocation: Invocation, _ bus: Bus, otherwise: (Topic) -> Bool) throws -> [Topic] {
    guard !names.isEmpty else { return Topic.catalogue.filter(otherwise) }
    var problems: [String] = []
    let topics = names.compactMap { name -> Topic? in
      if let topic = Topic.named(name) ?? bus.topic(named: name) { return topic }
      let near = nearest(name, among: Topic.catalogue.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
      problems.append("unknown topic '\(name)'\(near)")
      return nil
    }
    guard problems.isEmpty else { throw invocation.misuse(problems) }
    // Each once, because librdkafka rejects an assignment with repetitions.
    return Topic.catalogue.filter(topics.contains)
  }
}

/// Formats records as lines.
struct RecordLines {
  let asJSON: Bool
  let coloured: Bool
  private let parser = JSONParser()

  init(asJSON: Bool, coloured: Bool) {
    self.asJSON = asJSON
    self.coloured = coloured
  }

  mutating func line(_ record: Kafka.Record, _ topic: Topic) -> [UInt8] {
    if topic.kind == .deadLetters { return Array(deadLetter(record, topic).utf8) }
    if topic.kind == .changelog { return Array(raw(record, topic).utf8) }
    do {
      let read = try BusMessage(record, topic: topic, parser: parser)
      if asJSON { return read.envelope.structuredText(data: read.data) }
      return Array(text(read).utf8)
    } catch {
      return Array(raw(record, topic, "unreadable, \(error)").utf8)
    }
  }

  private func text(_ read: BusMessage) -> String {
    let message = read.message(parser)
    let when = Terminal.dim((message?.instant ?? read.envelope.time)?.readable ?? "", if: coloured)
    let program = Terminal.Colour.cyan.paint(read.envelope.program?.value ?? "-", if: coloured)
    if let message, let sentence = NoticeText.sentence(message) { return "\(when)  \(program)  \(sentence)" }
    return "\(when)  \(program)  \(read.envelope.type) \(String(decoding: read.data, as: UTF8.self))"
  }

  private func deadLetter(_ record: Kafka.Record, _ topic: Topic) -> String {
    if let mark = LetterMark(record) {
      let what = mark.kind == .replayed ? "replayed" : "closed"
      if asJSON { return #"{"\#(what)":"\#(mark.letter)"}"# }
      return Terminal.Colour.green.paint("\(mark.letter) was \(what)", if: coloured)
    }
    let reason = record.lastText(PlaceHeader.reason) ?? "unknown"
    let detail = record.lastText(PlaceHeader.detail) ?? ""
    let (found, partition) = (record.lastText(PlaceHeader.topic) ?? "?", record.lastText(PlaceHeader.partition) ?? "?")
    let place = "\(found)/\(partition)@\(record.lastText(PlaceHeader.offset) ?? "?")"
    if asJSON {
      let body = String(decoding: record.value ?? [], as: UTF8.self)
      let members: JSONMembers = [
        "body": body, "deadLetterOf": topic.writtenBy, "detail": detail, "place": place, "reason": reason,
      ]
      return members.line
    }
    return Terminal.Colour.red.paint("\(topic.writtenBy) rejected \(place)", if: coloured) + "  \(reason): \(detail)"
  }

  private func raw(_ record: Kafka.Record, _ topic: Topic, _ remark: String? = nil) -> String {
    let value = record.value.map { printable($0) } ?? "(deleted)"
    let place = "\(topic.name)/\(record.partition)@\(record.offset)" + (remark.map { " (\($0))" } ?? "")
    return "\(place)  \(record.key.map { printable($0) } ?? "-")  \(value)"
  }
}
