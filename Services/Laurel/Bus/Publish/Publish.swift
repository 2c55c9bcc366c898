import CommandKit
import Contracts
import Deployment
import JSON
import Kafka
import ServiceKit
import Synchronization
import Terms
import Words

/// `laurel publish`: publishes a file of events.
package enum Publish {
  package static let command = Command(
    "publish", summary: "Publish a file of events",
    discussion: """
      Reads structured CloudEvents, one a line, and publishes each to the topic of its type, under the key that the services \
      expect. Lines that are not events are reported on standard error and skipped. They do not make the command fail.

      Only events that the broker has confirmed count as published. If the command is stopped or the broker goes away, it reports \
      how many are confirmed and the line to resume from: run the same command again with --resume LINE. Some events may then be \
      on the bus twice. That changes nothing, because the services ignore repeats.

      On the bus, events of different accounts overtake each other. Only a registration waits: until the code that it names has \
      been issued, if this file requests that code. With --in-order, each event waits until everything that the earlier ones \
      caused has been processed, and the bus's virtual clock moves to the event's time first. So a file has the same effect as in \
      'laurel simulate'. --in-order and --until are for sandboxes: see 'laurel clock --help'. Without them, this command never \
      moves the clock.
      """,
    example: """
      laurel publish ops/demo/bonus.jsonl --bootstrap localhost:9092
      # would the services accept every line? Needs no bus.
      laurel publish --check ops/demo/bonus.jsonl
      # continue at the line that an interrupted publish has reported
      laurel publish ops/demo/bonus.jsonl --bootstrap localhost:9092 --resume 4
      # in a sandbox: one event after the other, then everything that falls due until the end of March
      laurel publish ops/demo/cash.jsonl --bootstrap localhost:9092 --in-order --until 2026-04-01
      """,
    options: Bus.optionalConnection + [
      Option("check", help: "Only report which lines would be rejected, and why; needs no bus; exit 1 if there are any"),
      Option("json", help: "With --check: a JSON object for each line"),
      Option("resume", placeholder: "LINE", kind: .integer(1...Int.max), help: "Skip the lines before this one, counted from 1"),
      Option("in-order", help: "Wait for everything that an event causes before the next; the clock follows the events"),
      Option("until", placeholder: "INSTANT", kind: .instant, help: "Move the bus's clock to this instant after the last event"),
      BusClock.yes,
      Option("rate", placeholder: "N", kind: .integer(1...1_000_000), help: "At most N events a second"),
    ],
    operands: [Operand("FILE", help: "Events, one per line; - is standard input")], run: run)

  private static func run(_ invocation: Invocation) throws -> Int32 {
    let path = invocation.operands[0]
    if invocation.flag("check") {
      return try PublishCheck.run(path, asJSON: invocation.flag("json"), movesClock: invocation.flag("in-order"))
    }
    Shutdown.install()
    guard let bus = Bus(of: invocation) else {
      throw invocation.misuse("--bootstrap HOST:PORT is needed (or LAUREL_BOOTSTRAP in the environment), unless --check is given")
    }
    let file = try EventFile(path: path)
    let clock = BusClock(bus: bus, partitions: try bus.partitions())
    let until = invocation.instant("until")
    let isInOrder = invocation.flag("in-order")
    if isInOrder || until != nil { try clock.requireSandbox(confirmed: invocation.flag("yes")) }
    let start = invocation.optionalInteger("resume") ?? 1
    let progress = LineProgress(from: start)
    let outlet: any EventOutlet =
      isInOrder
      ? try InOrderPublisher(
        bus, watch: BusWatch(bus, services: Deployment.services(Programs([]))), file: path, progress: progress)
      : try PlainOutlet(clock, isResumed: start > 1, progress)
    var pace = invocation.optionalInteger("rate").map { Pace(perSecond: $0) }
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
          troubles.rejected(event.line, reason: FileEntry.notAnInput, detail: FileEntry.tickDetail)
        case .event(let event):
          if isFirst, let place = try PublishedBefore.place(of: event, clock) {
            notify(
              "laurel: \(path): its first event is on this bus already (\(place)). Services ignore repeats, so "
                + "events that they have processed cause no new notices")
            outlet.isRepeat = true
          }
          isFirst = false
          try outlet.publish(event)
        case .unknownType, .rejected: troubles.add(entry)
        }
      }
      // With a wrong --resume nothing was published, and the clock must not move: it never goes back.
      if Shutdown.requested || start > lastLine + 1 { try outlet.flush() } else { try outlet.finish(until: until) }
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

/// Publishes events, either one after the other or as fast as the bus accepts them.
protocol EventOutlet: AnyObject {
  /// Whether the file was published before.
  var isRepeat: Bool { get set }
  func publish(_ event: FileEvent) throws
  /// Notes an event that an earlier publish has sent.
  func skip(_ event: FileEvent) throws
  /// Called with the time of each line, even if the line is not published.
  func pass(_ time: Instant) throws
  /// Waits until everything sent is confirmed.
  func flush() throws
  func finish(until: Instant?) throws
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

  func skip(_ event: FileEvent) throws { try codes.wasSent(event) }

  func pass(_ time: Instant) {}

  func flush() throws { try producer.flush() }

  func finish(until: Instant?) throws {
    try producer.flush()
    guard let until, try clock.now().map({ until > $0 }) ?? true else { return }
    try clock.move(to: until)
  }
}

/// Finds out whether a file's event is already on the bus.
private enum PublishedBefore {
  /// How many of a partition's last records are searched. This takes less than a second.
  private static let recordsMax: Int64 = 100_000

  /// The place of the same event among the last ones of its partition, as TOPIC/PARTITION@OFFSET. `nil` if it is not there.
  static func place(of event: FileEvent, _ clock: BusClock) throws -> String? {
    let place = TopicPartition(
      topic: clock.bus.name(event.topic),
      partition: Kafka.partition(forKey: Array(event.message.key.utf8), count: clock.partitions))
    let reader = try Consumer.reader(clock.bus)
    defer { reader.close() }
    let bounds = try reader.watermarks(place, timeoutMilliseconds: Bus.timeoutMilliseconds)
    guard event.topic.kind == .input, bounds.low < bounds.high else { return nil }
    let data = try event.data
    let parser = JSONParser()
    var offset: Int64?
    try reader.readToEnd([(place, offset: max(bounds.low, bounds.high - recordsMax))], on: clock.bus) { record in
      guard offset == nil, record.value == data, let read = try? BusMessage(record, topic: event.topic, parser: parser),
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
