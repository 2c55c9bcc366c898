import CommandKit
import Contracts
import Deployment
import JSON
import Kafka
import ServiceKit
import Streaming
import Terms
import Worker

/// A message that was sent, but that its reader cannot read.
struct MissingMessage: CustomStringConvertible {
  /// A hidden copy in the topic.
  struct Copy {
    let offset: Int64
    let key: [UInt8]?
    let value: [UInt8]?
    let headers: [Header]
    let type: String
    let id: String
  }

  let topic: String
  let partition: Int32
  /// The service that misses the message. `nil` if all readers of a topic of notices miss it.
  let reader: ServiceName?
  let hop: Hop
  /// `nil` if the message is lost.
  let copy: Copy?

  var description: String {
    let what =
      copy.map { "hidden at offset \($0.offset): \($0.type) \($0.id) of \(String(decoding: $0.key ?? [], as: UTF8.self))" }
      ?? "lost"
    return
      "\(topic)/\(partition)  from partition \(hop.partition), number \(hop.number)  "
      + "for \(reader?.rawValue ?? "everybody")  \(what)"
  }
}

/// The missing messages of a bus: by the writer's state they were sent, by the reader's state they were not received, and the
/// reader can no longer read them.
struct MissingMessages {
  private(set) var all: [MissingMessage] = []
  /// Partitions with an open transaction. Their messages are not checked.
  private(set) var undecided: Set<TopicPartition> = []

  private let bus: Bus
  private let partitions: Int32
  private let consumer: Consumer
  private let group: String
  private let parser = JSONParser()

  init(_ bus: Bus) throws {
    self.bus = bus
    group = Access.commandGroup(prefix: bus.prefix)
    partitions = try bus.partitions()
    consumer = try Consumer.reader(bus)
    defer { consumer.close() }
    // The readers' progress is read after the writers', so a message that arrives in between does not count as missing.
    let sent = try consumer.progress(of: bus, partitions)
    let readers = try consumer.progress(of: bus, partitions)
    let flow = MessageFlow(sent: sent, received: readers)
    for (reader, found) in Dictionary(grouping: flow.unreceived, by: \.reader).sorted(by: {
      $0.key.description < $1.key.description
    }) {
      let repaired = try repaired(of: reader, from: readers[reader])
      for (topic, gaps) in Dictionary(grouping: found.map(\.gap), by: \.topic).sorted(by: { $0.key < $1.key }) {
        guard let topic = Topic.named(topic) else { continue }
        // A message that is still ahead of the reader is not missing. The repaired copy of a notice does not count: it comes after
        // the gap at which the reader has stopped.
        var ahead: Set<Hop> = []
        try scan(topic, reader.number, from: readers[reader]?.positions[topic.name] ?? 0, committed: true) { record, hop in
          if record.header(RepairMark.header) == nil { ahead.insert(hop) }
        }
        let hops = gaps.flatMap { gap in gap.missing.map { Hop(partition: gap.source, number: $0) } }
        try look(
          for: hops.filter { !ahead.contains($0) && !repaired.contains(MessageNumber(topic: topic.name, hop: $0)) }, in: topic,
          reader.number, for: reader.service)
      }
    }
    for topic in Topic.catalogue where topic.kind == .notices {
      for number in 0..<partitions { try look(for: hiddenNotices(topic, number, sent), in: topic, number, for: nil) }
    }
  }

  /// Notices that their writer has sent, but that readers of the topic cannot see.
  private func hiddenNotices(_ topic: Topic, _ number: Int32, _ sent: [ServicePartition: Progress]) throws -> [Hop] {
    var last: [Int32: Int64] = [:]
    var gaps: Set<Hop> = []
    let isCut = try low(of: topic, number) > 0
    try scan(topic, number, from: 0, committed: true) { _, hop in
      guard gaps.remove(hop) == nil else { return }
      for missing in ((last[hop.partition] ?? (isCut ? hop.number - 1 : 0)) + 1)..<max(hop.number, (last[hop.partition] ?? 0) + 1)
      {
        gaps.insert(Hop(partition: hop.partition, number: missing))
      }
      last[hop.partition] = max(hop.number, last[hop.partition] ?? 0)
    }
    for (writer, progress) in sent where writer.service.rawValue == topic.writtenBy {
      let numbers = progress.sent[topic.name] ?? []
      guard Int(number) < numbers.count, last[writer.number] != nil || !isCut else { continue }
      for missing in ((last[writer.number] ?? 0) + 1)..<(max(numbers[Int(number)], last[writer.number] ?? 0) + 1) {
        gaps.insert(Hop(partition: writer.number, number: missing))
      }
    }
    return gaps.sorted { ($0.partition, $0.number) < ($1.partition, $1.number) }
  }

  private func low(of topic: Topic, _ number: Int32) throws -> Int64 {
    let place = TopicPartition(topic: bus.name(topic), partition: number)
    let low = try consumer.bounds(of: [place], at: Offset.beginning, timeoutMilliseconds: Bus.timeoutMilliseconds)[place]
    guard let low else { throw CommandFailure("\(place) has no leader") }
    return low
  }

  /// Numbers of messages that an earlier repair has written again and that the reader has not read yet.
  private func repaired(of reader: ServicePartition, from progress: Progress?) throws -> Set<MessageNumber> {
    let topic = Topic.repartitioned(reader.service)
    var numbers: Set<MessageNumber> = []
    try scan(topic, reader.number, from: progress?.positions[topic.name] ?? 0, committed: true) { record, hop in
      guard let number = MessageNumber(hop, of: record) else { return }
      numbers.insert(number)
    }
    return numbers
  }

  private mutating func look(for hops: [Hop], in topic: Topic, _ number: Int32, for reader: ServiceName?) throws {
    guard !hops.isEmpty else { return }
    let place = TopicPartition(topic: bus.name(topic), partition: number)
    let stable = try consumer.stableEnds(of: [place], timeoutMilliseconds: Bus.timeoutMilliseconds)[place]
    let end = try consumer.bounds(of: [place], at: Offset.end, timeoutMilliseconds: Bus.timeoutMilliseconds)[place]
    guard let stable, let end, stable == end else {
      undecided.insert(place)
      return
    }
    // If there are several copies, the last one was committed, because a number is used again only after an abort.
    let wanted = Set(hops)
    var copies: [Hop: MissingMessage.Copy] = [:]
    try scan(topic, number, from: 0, committed: false) { record, hop in
      if wanted.contains(hop) { copies[hop] = copy(record) }
    }
    all += hops.map { MissingMessage(topic: topic.name, partition: number, reader: reader, hop: $0, copy: copies[$0]) }
  }

  private func copy(_ record: InputRecord) -> MissingMessage.Copy {
    let headers = record.headers
    let envelope = try? Envelope.record(
      headers: headers.map { ($0.name, $0.value) }, value: record.value ?? [], parser: parser, isBounded: false
    ).envelope
    return MissingMessage.Copy(
      offset: record.offset, key: record.key, value: record.value,
      headers: headers.map { Header(name: $0.name, value: $0.value) },
      type: envelope?.type ?? "?", id: envelope?.id ?? "?")
  }

  /// Reads the numbered records of a partition, from an offset to its end.
  private func scan(
    _ topic: Topic, _ number: Int32, from offset: Int64, committed: Bool, _ take: (InputRecord, Hop) -> Void
  ) throws {
    let place = TopicPartition(topic: bus.name(topic), partition: number)
    let ends =
      committed
      ? try consumer.stableEnds(of: [place], timeoutMilliseconds: Bus.timeoutMilliseconds)
      : try consumer.bounds(of: [place], at: Offset.end, timeoutMilliseconds: Bus.timeoutMilliseconds)
    guard let end = ends[place] else { throw CommandFailure("\(place) has no leader") }
    let start = max(try low(of: topic, number), offset)
    try PartitionScan(bus.configuration, group: group, readCommitted: committed, Bus.timeoutMilliseconds).read(
      [place: start..<max(start, end)]
    ) { record in
      let record = InputRecord(topic: topic, partition: record.partition, offset: record.offset, memory: record)
      if let hop = record.hop(parser) { take(record, hop) }
    }
  }
}
