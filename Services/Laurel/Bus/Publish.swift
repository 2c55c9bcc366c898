import CommandKit
import Contracts
import Deployment
import JSON
import Kafka
import ServiceKit
import Terms
import Words
import Worker

/// `laurel publish`: a file of events goes on the bus.
package enum Publish {
  package static let command = Command(
    "publish", summary: "Publish a file of events",
    discussion: """
      Reads structured CloudEvents, one a line, and publishes each to the topic of its type, under the key that the services expect. Lines \
      that are no events are reported on standard error and skipped, which does not make the command fail.

      On the bus, events of different accounts overtake each other; only a registration waits until the code that it names, if this file \
      asks for it, has been issued. With --in-order an event is published only when everything that the \
      earlier ones caused has been processed, and the bus's virtual clock is moved to its time before it: so a file means the same as in \
      'laurel simulate'. From the first such file on, the services follow that clock.
      """,
    example: """
      laurel publish ops/demo/bonus.jsonl --bootstrap localhost:9092 --in-order
      # would everything in it be taken? Needs no bus.
      laurel publish --check ops/demo/bonus.jsonl
      # and what falls due until the end of March
      laurel publish ops/demo/cash.jsonl --bootstrap localhost:9092 --in-order --until 2026-04-01
      """,
    options: Bus.optionalConnection + [
      Option("check", help: "Only report which lines would not be taken, and why; needs no bus, exit 1 if there are any"),
      Option("json", help: "With --check: a JSON object for each line"),
      Option("in-order", help: "Wait for all that an event causes before the next; the clock follows the events"),
      Option("until", placeholder: "INSTANT", kind: .instant, help: "Where the bus's clock goes at the end"),
      Option("rate", placeholder: "N", kind: .integer(1...1_000_000), help: "At most N events a second"),
      Option("raw", help: "Also send what is no event, as it is, for the services to refuse"),
      Option(
        "topic", placeholder: "NAME", kind: .choice(inputs.map(\.name)), help: "With --raw: where lines go that tell no type",
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
    let partitions = try bus.partitions()
    let outlet: any EventOutlet =
      invocation.flag("in-order")
      ? InOrderOutlet(try InOrderPublisher(bus, watch: BusWatch(bus, services: Deployment.services(Programs([])))), file: path)
      : try PlainOutlet(bus, partitions: partitions)
    var pace = invocation.optionalInteger("rate").map { Pace(perSecond: $0) }
    let fallback = Topic.named(invocation.text("topic")) ?? .billing
    let parser = JSONParser()
    var troubles = FileTroubles(file: path)
    let bar = ProgressBar(label: "publish", total: LineReader.count(path: path))
    var published = 0
    do {
      while let entry = try file.next(), !Shutdown.requested {
        pace?.wait()
        if let time = entry.time { try outlet.pass(time) }
        switch entry {
        case .event(let event):
          try outlet.publish(event)
          published += 1
        case .unknownType(let line, _, _):
          troubles.unknownType()
          if isRaw { try outlet.publish(RawRecord(line, fallback: fallback, parser: parser)) }
        case .refused(let line, _, let reason, let detail):
          troubles.refused(line.number, reason: reason, detail: detail)
          if isRaw { try outlet.publish(RawRecord(line, fallback: fallback, parser: parser)) }
        }
        bar.advance()
      }
      if !Shutdown.requested { try outlet.finish(until: invocation.instant("until")) }
    } catch is BusWatch.Interrupted {
      // Said below.
    }
    bar.finish()
    if let summary = troubles.summary { tell(summary) }
    tell("laurel: \(path): \(counted(published, "event")) published")
    return Shutdown.signalNumber.map { 128 + $0 } ?? 0
  }
}

/// How events leave: one after the other, or as fast as the bus takes them.
private protocol EventOutlet {
  func publish(_ event: FileEvent) throws
  func publish(_ record: RawRecord) throws
  /// The time of a line has come, whether or not it is published.
  func pass(_ time: Instant) throws
  func finish(until: Instant?) throws
}

private final class InOrderOutlet: EventOutlet {
  private let publisher: InOrderPublisher
  private let file: String
  private var isFirst = true

  init(_ publisher: InOrderPublisher, file: String) {
    self.publisher = publisher
    self.file = file
  }

  func publish(_ event: FileEvent) throws {
    if isFirst, let now = publisher.now, event.time < now {
      tell(
        "laurel: \(file): its first event is of \(event.time), but this bus's clock stands at \(now): what lies between is over")
    }
    isFirst = false
    try publisher.publish(event)
  }

  func publish(_ record: RawRecord) throws { try publisher.publish(record) }

  func pass(_ time: Instant) throws { try publisher.moveClock(to: time) }

  func finish(until: Instant?) throws {
    if let until { try publisher.moveClock(to: until) }
  }
}

private final class PlainOutlet: EventOutlet {
  private let bus: Bus
  private let partitions: Int32
  private let producer: Producer
  private let codes: IssuedCodes
  private var latest: Instant?

  init(_ bus: Bus, partitions: Int32) throws {
    self.bus = bus
    self.partitions = partitions
    producer = try Producer.publisher(bus)
    codes = IssuedCodes(bus, partitions: partitions)
  }

  func publish(_ event: FileEvent) throws {
    try codes.before(event) { try producer.flush(timeoutMilliseconds: 60_000) }
    latest = max(latest ?? event.time, event.time)
    guard event.topic.kind == .input else { return }
    let key = event.message.key
    try producer.send(
      event.envelope, data: event.data, topic: bus.name(event.topic),
      partition: Kafka.partition(forKey: Array(key.utf8), count: partitions), key: key)
  }

  func publish(_ record: RawRecord) throws { try record.send(on: producer, bus: bus, partitions: partitions) }

  func pass(_ time: Instant) throws { latest = max(latest ?? time, time) }

  /// A virtual clock follows the events that were published; system time needs no ticks.
  func finish(until: Instant?) throws {
    try producer.flush(timeoutMilliseconds: 60_000)
    let clock = BusClock(bus: bus, partitions: partitions)
    let now = try clock.now()
    guard let target = now == nil ? until : [until, latest].compactMap({ $0 }).max(), target > now ?? Instant.range.lowerBound
    else {
      return
    }
    try clock.tick(target, on: producer)
    try producer.flush(timeoutMilliseconds: Bus.timeoutMilliseconds)
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
