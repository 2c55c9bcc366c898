import CommandKit
import Contracts
import JSON
import Kafka
import RocksStore
import ServiceKit
import Streaming

/// Rebuilds the state of every partition from the services' changelogs and notices, which it reads from the beginning
/// (read_committed). It can follow the bus from there.
final class BusRebuild {
  final class Partition {
    let place: ServicePartition
    let changelog: TopicPartition
    let noticeLog: TopicPartition
    let state: RebuiltState
    let notices: NoticeBook
    /// The check of the current state. `nil` if the state has not been checked since it last moved.
    fileprivate(set) var checked: StateCheck?
    /// The check from a moment in which nothing moved. `nil` if there was no such moment.
    var settled: StateCheck?

    fileprivate init(
      _ place: ServicePartition, _ bus: Bus, _ topic: Topic, isCut: Bool, _ rows: ScratchRows, _ parser: JSONParser
    ) {
      self.place = place
      changelog = TopicPartition(topic: bus.name(.changelog(place.service)), partition: place.number)
      noticeLog = TopicPartition(topic: bus.name(topic), partition: place.number)
      state = RebuiltState(place, in: rows)
      notices = NoticeBook(place, topic: topic, isCut: isCut, in: rows, parser: parser)
    }
  }

  /// The broker aborts an abandoned transaction after its timeout (six seconds by default). It checks for that every ten seconds.
  private static let stallLimit = Duration.seconds(40)

  let bus: Bus
  let consumer: Consumer
  /// Sorted by service, then by number.
  let partitions: [Partition]
  let partitionCount: Int32
  let cluster: String?
  private(set) var notes: [String] = []

  private let folder: ScratchFolder
  private let store: RocksStore
  private let parser = JSONParser()
  private var byLog: [TopicPartition: Partition] = [:]
  private var reached: [TopicPartition: Int64] = [:]
  private let onProgress: (String) -> Void
  private var records = 0
  private let started = ContinuousClock.now
  private var reported = ContinuousClock.now

  init(_ bus: Bus, services: [ServiceName], onProgress: @escaping (String) -> Void) throws {
    self.bus = bus
    self.onProgress = onProgress
    partitionCount = try bus.partitions()
    consumer = try Consumer.reader(bus)
    cluster = consumer.clusterID(timeoutMilliseconds: Bus.timeoutMilliseconds)
    folder = try ScratchFolder()
    store = try RocksStore(directory: folder.path + "/rows", resources: RocksResources(blockCacheBytes: 32 << 20))
    let rows = ScratchRows(store)
    var partitions: [Partition] = []
    for service in services {
      guard let topic = NoticeBook.topic(of: service) else { continue }
      for number in 0..<partitionCount {
        // Start at the real lowest offset. librdkafka would have to look up the logical beginning, which takes half a second while
        // the leader is unknown.
        let places = [Topic.changelog(service), topic].map { TopicPartition(topic: bus.name($0), partition: number) }
        for place in places {
          reached[place] = try consumer.watermarks(place, timeoutMilliseconds: Bus.timeoutMilliseconds).low
        }
        let low = reached[places[1]] ?? 0
        if low > 0 { notes.append("\(topic.name)/\(number) begins at offset \(low): older notices are gone and not checked") }
        partitions.append(
          Partition(ServicePartition(service: service, number: number), bus, topic, isCut: low > 0, rows, parser))
      }
    }
    self.partitions = partitions
    for partition in partitions {
      byLog[partition.changelog] = partition
      byLog[partition.noticeLog] = partition
    }
    try consumer.assignByHand(reached.map { ($0.key, offset: $0.value) })
    // This call requests the leaders at once. librdkafka would wait up to a second.
    _ = consumer.reachesBroker(timeoutMilliseconds: Bus.timeoutMilliseconds)
  }

  func close() {
    consumer.close()
    store.close()
  }

  // MARK: Reading

  /// The current end of a log, including open transactions.
  func end(of log: TopicPartition) throws -> Int64 {
    try consumer.watermarks(log, timeoutMilliseconds: Bus.timeoutMilliseconds).high
  }

  func readToEnds() throws {
    var ends: [TopicPartition: Int64] = [:]
    for log in byLog.keys { ends[log] = try end(of: log) }
    try read(to: ends)
  }

  /// Reads until these offsets are reached. Records of other partitions that arrive meanwhile are taken too.
  func read(to ends: [TopicPartition: Int64]) throws {
    var left = Set(ends.filter { reached[$0.key, default: 0] < $0.value }.keys)
    var lastMove = ContinuousClock.now
    while !left.isEmpty {
      guard !Shutdown.requested else { throw CommandFailure("interrupted") }
      switch try consumer.next() {
      case .record(let record):
        let log = TopicPartition(topic: record.topic, partition: record.partition)
        try take(record, from: log)
        note(log, record.offset + 1, ends, &left)
        lastMove = .now
      case .end(let log, let offset):
        note(log, offset, ends, &left)
      case .nothing: try bus.requireBroker()
      case .error, .assigned, .revoked, .lost: break
      }
      guard ContinuousClock.now - lastMove < Self.stallLimit else {
        throw CommandFailure(
          "\(left.map(\.description).sorted().joined(separator: ", ")): cannot read to the end: a transaction seems to be open")
      }
    }
  }

  private func note(_ log: TopicPartition, _ offset: Int64, _ ends: [TopicPartition: Int64], _ left: inout Set<TopicPartition>) {
    let now = max(reached[log, default: 0], offset)
    reached[log] = now
    if let end = ends[log], now >= end { left.remove(log) }
  }

  private func take(_ record: Kafka.Record, from log: TopicPartition) throws {
    guard let partition = byLog[log] else { return }
    partition.checked = nil
    if log == partition.changelog { try partition.state.take(record) } else { try partition.notices.take(record) }
    records += 1
    if ContinuousClock.now - reported > .seconds(2) {
      reported = .now
      let rate = Double(records) / ((reported - started) / .seconds(1))
      onProgress("\(records) rows and notices read, \(Int(rate)) a second")
    }
  }

  /// Calls `ask` and returns its answer. `nil` if the partition's changelog or notices moved during the call.
  func standingStill<Answer>(_ partition: Partition, _ ask: () throws -> Answer) throws -> Answer? {
    let before = try ends(of: partition)
    try read(to: before)
    let answer = try ask()
    return try ends(of: partition) == before ? answer : nil
  }

  private func ends(of partition: Partition) throws -> [TopicPartition: Int64] {
    [partition.changelog: try end(of: partition.changelog), partition.noticeLog: try end(of: partition.noticeLog)]
  }

  // MARK: Results

  /// The progress of each partition, by the part of its changelog that has been read.
  func progress() throws -> [ServicePartition: Progress] {
    var progress: [ServicePartition: Progress] = [:]
    for partition in partitions { progress[partition.place] = try partition.state.progress(parser) }
    return progress
  }

  func check(_ partition: Partition) throws -> StateCheck {
    if let known = partition.checked { return known }
    let checked = try StateCheck(partition.state, partition.notices, parser: parser)
    partition.checked = checked
    return checked
  }

  func report(_ service: ServiceName) -> VerifyReport.Service {
    let own = partitions.filter { $0.place.service == service }
    let hashes = own.compactMap { $0.settled?.hash }
    return VerifyReport.Service(
      service: service.rawValue, hash: hashes.count == own.count ? StableHash.hex128(of: hashes.joined(separator: "\n")) : nil,
      partitions: own.map {
        VerifyReport.Partition(
          partition: $0.place.number, rows: $0.settled?.rows ?? 0, notices: $0.notices.count, hash: $0.settled?.hash)
      })
  }
}
