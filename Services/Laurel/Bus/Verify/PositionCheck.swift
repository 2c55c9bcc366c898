import CommandKit
import Contracts
import Kafka
import ServiceKit

/// Waits until nothing moves in a partition, then checks its rows, and compares its positions with the offsets that the group has
/// committed and with the ends of the inputs.
struct PositionCheck {
  /// A transaction's marker for its offsets can come after the markers for its records, so offsets may differ for a while.
  private static let markerPatience = Duration.seconds(2)

  private(set) var notes: [String] = []
  private let bench: BusRebuild
  private let admin: Admin
  private let groups: [ServiceName: String]
  /// The last known ends of the inputs. They only grow.
  private var ends: [TopicPartition: Int64] = [:]
  /// Services whose group has committed nothing. Their positions cannot be compared.
  private var silent: Set<ServiceName> = []

  init(_ bench: BusRebuild, groups: [ServiceName: String]) throws {
    self.bench = bench
    self.groups = groups
    admin = try Admin(bench.bus.configuration)
  }

  /// The differences. `nil` if the partition moved all the time.
  mutating func settle(_ partition: BusRebuild.Partition, patience: Duration) throws -> [String]? {
    let deadline = ContinuousClock.now + patience
    let place = partition.place
    // When the difference was first seen, and the last record of the changelog at that moment.
    var since: (moment: ContinuousClock.Instant, record: Int64)?
    repeat {
      let committed = try bench.standingStill(partition) { try admin.groupOffsets(group(place.service)) }
      if let committed {
        let checked = try bench.check(partition)
        let positions = try compare(checked.progress?.positions ?? [:], committed, partition)
        if positions.isEmpty {
          partition.settled = checked
          return checked.findings.lines("\(place)")
        }
        if since?.record != partition.state.lastOffset { since = (.now, partition.state.lastOffset) }
        if let since, ContinuousClock.now - since.moment > Self.markerPatience {
          partition.settled = checked
          return checked.findings.lines("\(place)") + positions.lines("\(place)")
        }
      }
      guard !Shutdown.wait(upTo: .milliseconds(20)) else { throw CommandFailure("interrupted") }
    } while ContinuousClock.now < deadline
    return nil
  }

  private func group(_ service: ServiceName) -> String { groups[service] ?? "\(bench.bus.prefix)laurel.\(service.rawValue)" }

  private mutating func compare(
    _ positions: [String: Int64], _ committed: [TopicPartition: Int64], _ partition: BusRebuild.Partition
  ) throws -> Findings {
    var findings = Findings()
    let place = partition.place
    for (name, position) in positions.sorted(by: { $0.key < $1.key }) {
      let input = TopicPartition(topic: bench.bus.prefix + name, partition: place.number)
      let end = try end(of: input, atLeast: position)
      if position > end { findings.add("the position in \(name) is \(position), but the topic ends at \(end)") }
    }
    if committed.isEmpty {
      if !positions.isEmpty, silent.insert(place.service).inserted {
        notes.append(
          "the group \(group(place.service)) has committed nothing: positions of \(place.service.rawValue) were not compared")
      }
      return findings
    }
    let own = committed.filter { $0.key.partition == place.number }
    let names = Set(positions.keys.map { bench.bus.prefix + $0 }).union(own.keys.map(\.topic))
    for name in names.sorted() {
      let position = positions[String(name.dropFirst(bench.bus.prefix.count))]
      let offset = own[TopicPartition(topic: name, partition: place.number)]
      if position != offset {
        findings.add(
          """
          the position in \(name.dropFirst(bench.bus.prefix.count)) is \(position.map(String.init) ?? "none"), \
          and the group has committed \(offset.map(String.init) ?? "none")
          """)
      }
    }
    return findings
  }

  private mutating func end(of input: TopicPartition, atLeast wanted: Int64) throws -> Int64 {
    if let known = ends[input], known >= wanted { return known }
    let end = try bench.end(of: input)
    ends[input] = end
    return end
  }
}
