import CommandKit
import Contracts
import Deployment
import JSON
import Kafka
import ServiceKit
import Synchronization
import Terms
import Words

/// `laurel publish`: a file of events goes on the bus.
package enum Publish {
  package static let command = Command(
    "publish", summary: "Publish a file of events",
    discussion: """
      Reads structured CloudEvents, one a line, and publishes each to the topic of its type, under the key that the services expect. Lines \
      that are no events are reported on standard error and skipped, which does not make the command fail.

      Only what the broker has confirmed counts as published. When the command is stopped, or the broker goes away, it says how much that \
      is and the line to go on from: run the same command again with --resume LINE. Some events may then be on the bus twice, which changes \
      nothing: the services ignore repeats.

      On the bus, events of different accounts overtake each other; only a registration waits until the code that it names, if this file \
      asks for it, has been issued. With --in-order an event is published only when everything that the earlier ones caused has been \
      processed, and the bus's virtual clock is moved to its time before it: so a file means the same as in 'laurel simulate'. That, and \
      --until, is for sandboxes: see 'laurel clock --help'. Nothing else moves the clock.
      """,
    example: """
      laurel publish ops/demo/bonus.jsonl --bootstrap localhost:9092
      # would everything in it be taken? Needs no bus.
      laurel publish --check ops/demo/bonus.jsonl
      # go on where an interrupted publish has said that it stopped
      laurel publish ops/demo/bonus.jsonl --bootstrap localhost:9092 --resume 4
      # in a sandbox: one event after the other, and what falls due until the end of March
      laurel publish ops/demo/cash.jsonl --bootstrap localhost:9092 --in-order --until 2026-04-01
      """,
    options: Bus.optionalConnection + [
      Option("check", help: "Only report which lines would not be taken, and why; needs no bus, exit 1 if there are any"),
      Option("json", help: "With --check: a JSON object for each line"),
      Option("resume", placeholder: "LINE", kind: .integer(1...Int.max), help: "Skip the lines before this one, counted from 1"),
      Option("in-order", help: "Wait for all that an event causes before the next; the clock follows the events"),
      Option("until", placeholder: "INSTANT", kind: .instant, help: "Where the bus's clock goes at the end"),
      BusClock.yes,
      Option("rate", placeholder: "N", kind: .integer(1...1_000_000), help: "At most N events a second"),
      Option("raw", help: "Also send what is no event, as it is, for the services to reject"),
      Option(
        "topic", placeholder: "NAME", kind: .choice(inputs.map(\.name)), help: "With --raw: where lines without a type go",
        defaultValue: Topic.billing.name),
    ],
    operands: [Operand("FILE", help: "Events, one a line; - is standard input")])

  private static let inputs = Topic.catalogue.filter { $0.kind == .input }

  package static func run(_ invocation: Invocation) throws -> Int32 {
    guard let path = invocation.operands.first else { return UsageError.exitCode }
    if invocation.flag("check") { return try PublishCheck.run(path, asJSON: invocation.flag("json")) }
    Shutdown.install()
    guard let bus = Bus(invocation) else {
      throw UsageError(
        command: "laurel publish",
        problems: ["--bootstrap HOST:PORT is needed (or LAUREL_BOOTSTRAP in the environment), unless --check is given"])
    }
    let isRaw = invocation.flag("raw")
    let file = try EventFile(path: path, keptBytesMax: isRaw ? RawRecord.bytesMax : Envelope.maximumBodyBytes + 1)
    let clock = BusClock(bus: bus, partitions: try bus.partitions())
    let until = invocation.instant("until")
    let isInOrder = invocation.flag("in-order")
    if isInOrder || until != nil { try clock.requireSandbox(confirmed: invocation.flag("yes")) }
    let start = invocation.optionalInteger("resume") ?? 1
    let progress = LineProgress(from: start)
    let outlet: any EventOutlet =
      isInOrder
      ? InOrderOutlet(
        try InOrderPublisher(bus, watch: BusWatch(bus, services: Deployment.services(Programs([]))), progress: progress),
        file: path)
      : try PlainOutlet(clock, isResumed: start > 1, progress)
    var pace = invocation.optionalInteger("rate").map { Pace(perSecond: $0) }
    let fallback = Topic.named(invocation.text("topic")) ?? .billing
    let parser = JSONParser()
    var troubles = FileTroubles(file: path)
    let bar = ProgressBar(label: "publish", total: LineReader.count(path: path))
    var isFirst = start == 1
    var lastLine = 0
    bus.onAbsence { "\(path): \(progress.text)" }
    do {
      while let entry = try file.next(), !Shutdown.requested {
        lastLine = entry.line
        bar.advance()
        guard entry.line >= start else {
          if case .event(let event) = entry { try outlet.skip(event) }
          continue
        }
        try bus.requireBroker()
        pace?.wait()
        if let time = entry.time { try outlet.pass(time) }
        switch entry {
        case .event(let event) where event.topic.kind == .clock && !isInOrder:
          troubles.rejected(event.line, reason: FileEntry.notAnInput, detail: "only 'laurel clock' and --in-order move the clock")
        case .event(let event):
          if isFirst, let place = try PublishedBefore.place(of: event, clock) {
            notify(
              "laurel: \(path): its first event is on this bus already (\(place)). Services ignore repeats: "
                + "no new notices come of what they have processed")
            outlet.isRepeat = true
          }
          isFirst = false
          try outlet.publish(event)
        case .unknownType(let line, let type, _):
          troubles.unknownType(line.number, type)
          if isRaw { try outlet.publish(RawRecord(line, fallback: fallback, parser: parser)) }
        case .rejected(let line, _, let reason, let detail):
          troubles.rejected(line.number, reason: reason, detail: detail)
          if isRaw { try outlet.publish(RawRecord(line, fallback: fallback, parser: parser)) }
        }
      }
      if Shutdown.requested { try outlet.flush() } else { try outlet.finish(until: until) }
    } catch is BusWatch.Interrupted {
      try? outlet.flush()
    } catch {
      bar.finish()
      throw CommandFailure("\(path): \(plainWords(error))\nlaurel: \(path): \(progress.text)")
    }
    bar.finish()
    if let summary = troubles.summary { notify(summary) }
    if let signal = Shutdown.signalNumber {
      notify("laurel: \(path): interrupted; \(progress.text)")
      return 128 + signal
    }
    guard start <= lastLine + 1 else {
      throw CommandFailure("\(path): --resume \(start): the file has \(counted(lastLine, "line"))")
    }
    notify("laurel: \(path): \(counted(progress.confirmed.load(ordering: .relaxed), "event")) published")
    return 0
  }
}

/// How events leave: one after the other, or as fast as the bus takes them.
private protocol EventOutlet: AnyObject {
  /// The file was published before.
  var isRepeat: Bool { get set }
  func publish(_ event: FileEvent) throws
  func publish(_ record: RawRecord) throws
  /// An event that an earlier publish has sent.
  func skip(_ event: FileEvent) throws
  /// The time of a line has come, whether or not it is published.
  func pass(_ time: Instant) throws
  /// Waits until everything sent is confirmed.
  func flush() throws
  func finish(until: Instant?) throws
}

private final class InOrderOutlet: EventOutlet {
  private let publisher: InOrderPublisher
  private let file: String
  private var isFirst = true
  var isRepeat = false

  init(_ publisher: InOrderPublisher, file: String) {
    self.publisher = publisher
    self.file = file
  }

  func publish(_ event: FileEvent) throws {
    if isFirst, !isRepeat, let now = publisher.now, event.time < now {
      notify(
        "laurel: \(file): its first event is of \(event.time), but this bus's clock stands at \(now): what lies between is over")
    }
    isFirst = false
    try publisher.publish(event)
  }

  func publish(_ record: RawRecord) throws { try publisher.publish(record) }

  func skip(_ event: FileEvent) { isFirst = false }

  func pass(_ time: Instant) throws { try publisher.moveClock(to: time) }

  // Every event is confirmed before the next.
  func flush() {}

  func finish(until: Instant?) throws {
    if let until { try publisher.moveClock(to: until) }
  }
}

private final class PlainOutlet: EventOutlet {
  private let clock: BusClock
  private let producer: ConfirmedProducer
  private lazy var codes = IssuedCodes(clock.bus, partitions: clock.partitions, asksPast: isRepeat)
  var isRepeat: Bool

  init(_ clock: BusClock, isResumed: Bool, _ progress: LineProgress) throws {
    self.clock = clock
    isRepeat = isResumed
    producer = try ConfirmedProducer(clock.bus, partitions: clock.partitions, progress: progress)
  }

  func publish(_ event: FileEvent) throws {
    try codes.before(event, flush: producer.flush)
    try producer.send(event)
  }

  func publish(_ record: RawRecord) throws { try producer.send(record) }

  func skip(_ event: FileEvent) throws { try codes.wasSent(event) }

  func pass(_ time: Instant) {}

  func flush() throws { try producer.flush() }

  func finish(until: Instant?) throws {
    try producer.flush()
    guard let until, try clock.now().map({ until > $0 }) ?? true else { return }
    try clock.move(to: until)
  }
}

/// Whether a file's event is on the bus already.
private enum PublishedBefore {
  /// How far back a partition is searched: this takes less than a second.
  private static let recordsMax: Int64 = 100_000

  /// The place of the same event among the last ones of its partition, as TOPIC/PARTITION@OFFSET. nil if it is not there.
  static func place(of event: FileEvent, _ clock: BusClock) throws -> String? {
    let place = TopicPartition(
      topic: clock.bus.name(event.topic),
      partition: Kafka.partition(forKey: Array(event.message.key.utf8), count: clock.partitions))
    let reader = try Consumer.reader(clock.bus)
    defer { reader.close() }
    let bounds = try reader.watermarks(place, timeoutMilliseconds: Bus.timeoutMilliseconds)
    guard event.topic.kind == .input, bounds.low < bounds.high else { return nil }
    let parser = JSONParser()
    var offset: Int64?
    try reader.readToEnd([(place, offset: max(bounds.low, bounds.high - recordsMax))], on: clock.bus) { record in
      guard offset == nil, record.value == event.data, let read = try? BusMessage(record, topic: event.topic, parser: parser),
        read.envelope.id == event.envelope.id, read.envelope.source == event.envelope.source
      else { return }
      offset = record.offset
    }
    return offset.map { "\(place)@\($0)" }
  }
}

/// Spreads events evenly over time.
private struct Pace {
  private let interval: Duration
  private var due = ContinuousClock.now

  init(perSecond: Int) { interval = .seconds(1) / perSecond }

  mutating func wait() {
    _ = Shutdown.wait(upTo: due - .now)
    due = max(due + interval, .now - .seconds(1))
  }
}
