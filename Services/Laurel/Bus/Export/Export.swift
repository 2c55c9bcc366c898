import CommandKit
import Contracts
import Foundation
import JSON
import Kafka
import ServiceKit
import Words
import Worker

/// `laurel export`: writes topics to files of events, to be kept or published again.
package enum Export {
  package static let command = Command(
    "export", summary: "Write topics to files of events",
    discussion: """
      Writes FOLDER/TOPIC-PARTITION.jsonl with one structured CloudEvent a line, in the order of the topic, up to the topic's \
      current end. Without topics it writes the inputs. From them 'laurel publish' can build the same deployment again, under \
      another prefix and with any number of partitions. Run the same command again to add new records: it continues where the last \
      run stopped, even if that run was killed. Records that are not events are counted and left out. The services have rejected \
      them and keep them as dead letters.
      """,
    example: """
      laurel export backup --bootstrap localhost:9092
      laurel export notices rewards payouts --bootstrap localhost:9092
      """,
    options: Settings.connection,
    operands: [
      Operand("FOLDER", help: "Created if it does not exist"),
      Operand("TOPIC", help: "A topic, see 'laurel topics list'", required: false, repeatable: true),
    ], run: run)

  private static func run(_ invocation: Invocation) throws -> Int32 {
    let bus = Bus(invocation)
    let path = invocation.operands[0]
    let topics = try Tail.topics(
      Array(invocation.operands.dropFirst()), of: invocation, bus, otherwise: { $0.kind == .input })
    let places = try bus.places(of: topics)
    let reader = try Consumer.reader(bus)
    defer { reader.close() }
    let folder = try ExportFolder(path, of: bus, cluster: reader.clusterID(timeoutMilliseconds: Bus.timeoutMilliseconds))
    let ends = try reader.stableEnds(of: places, timeoutMilliseconds: Bus.timeoutMilliseconds)
    let lows = try reader.bounds(of: places, at: Offset.beginning, timeoutMilliseconds: Bus.timeoutMilliseconds)
    var left = 0
    for place in places {
      let low = lows[place] ?? 0
      let next = try folder.open(place, low: low)
      let end = ends[place] ?? 0
      guard next <= end else {
        throw CommandFailure("\(path): has \(place) up to offset \(next), but that ends at \(end): it is from another bus")
      }
      left += Int(end - max(next, low))
    }
    let bar = ProgressBar(label: "export", total: left)
    defer { bar.finish() }
    try reader.readToEnd(places.map { ($0, offset: folder.next($0)) }, on: bus) { record in
      bar.advance()
      try folder.take(record)
    }
    try folder.save()
    bar.finish()
    notify(
      "laurel: \(path): \(counted(folder.written, "event")) added"
        + (folder.unreadable == 0 ? "" : ", \(counted(folder.unreadable, "record")) left out (not CloudEvents)"))
    return 0
  }
}

/// The files of an export. `positions.json` records how far each file is complete. It is written after the files are on disk. If an
/// export was killed, the next one cuts off everything after these positions.
private final class ExportFolder {
  private struct Position: Codable {
    var next: Int64
    var bytes: UInt64
  }

  private struct Positions: Codable {
    var prefix: String
    /// `nil` in the export of an earlier release.
    var cluster: String?
    var partitions: [String: Position]
  }

  /// The files are written and synchronized after this many bytes.
  private static let saveBytes = 8 << 20

  private let url: URL
  private let bus: Bus
  private let parser = JSONParser()
  private var positions: Positions
  private var files: [String: FileHandle] = [:]
  private var open: [String: [UInt8]] = [:]
  private var openBytes = 0
  private(set) var written = 0
  private(set) var unreadable = 0

  init(_ path: String, of bus: Bus, cluster: String?) throws {
    url = URL(filePath: path)
    self.bus = bus
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    let noted = url.appending(path: "positions.json")
    positions = Positions(prefix: bus.prefix, partitions: [:])
    if FileManager.default.fileExists(atPath: noted.path) {
      positions = try JSONDecoder().decode(Positions.self, from: Data(contentsOf: noted))
    }
    guard positions.prefix == bus.prefix else {
      throw CommandFailure("\(path): is an export of the topics '\(positions.prefix)…', not of '\(bus.prefix)…'")
    }
    if let noted = positions.cluster, let cluster, noted != cluster {
      throw CommandFailure("\(path): is an export of another Kafka cluster (\(noted), not \(cluster)); export to an empty folder")
    }
    positions.cluster = cluster ?? positions.cluster
  }

  deinit { for file in files.values { try? file.close() } }

  /// - Parameter low: the partition's oldest offset.
  /// - Returns: the offset to continue from.
  func open(_ place: TopicPartition, low: Int64) throws -> Int64 {
    let name = name(place)
    let position = positions.partitions[name] ?? Position(next: low, bytes: 0)
    positions.partitions[name] = position
    let file = url.appending(path: name + ".jsonl").path
    if !FileManager.default.fileExists(atPath: file) { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    guard let handle = FileHandle(forUpdatingAtPath: file) else { throw CommandFailure("\(file): cannot be written to") }
    guard try handle.seekToEnd() >= position.bytes else {
      throw CommandFailure("\(file): is shorter than positions.json says; export to an empty folder")
    }
    try handle.truncate(atOffset: position.bytes)
    files[name] = handle
    return position.next
  }

  func next(_ place: TopicPartition) -> Int64 { positions.partitions[name(place)]?.next ?? 0 }

  func take(_ record: Kafka.Record) throws {
    let name = name(TopicPartition(topic: record.topic, partition: record.partition))
    positions.partitions[name]?.next = record.offset + 1
    guard let line = line(record) else {
      unreadable += 1
      return
    }
    written += 1
    open[name, default: []] += line + [0x0A]
    openBytes += line.count + 1
    if openBytes >= Self.saveBytes { try save() }
  }

  /// `nil` if the record is not an event. It could not be published again.
  private func line(_ record: Kafka.Record) -> [UInt8]? {
    guard let topic = bus.topic(named: record.topic), let read = try? BusMessage(record, topic: topic, parser: parser),
      (try? parser.read(read.data) { _ in }) != nil
    else { return nil }
    return read.envelope.structuredText(data: read.data)
  }

  /// Writes the pending lines first, then the positions.
  func save() throws {
    for (name, bytes) in open {
      try files[name]?.write(contentsOf: bytes)
      positions.partitions[name]?.bytes += UInt64(bytes.count)
    }
    for name in open.keys { try files[name]?.synchronize() }
    open.removeAll()
    openBytes = 0
    try Data(JSONLine.encode(positions).utf8).write(to: url.appending(path: "positions.json"), options: .atomic)
  }

  /// Such as `billing-0`.
  private func name(_ place: TopicPartition) -> String {
    "\(place.topic.dropFirst(bus.prefix.count))-\(place.partition)"
  }
}
