import Contracts
import Deployment
import Foundation
import Kafka
import Terms
import TestSupport

/// Duplicated, reordered, foreign, broken and oversized input: 10 to 50 of a hundred records are of that kind.
///
/// What is good must have its one effect; what is bad lies in the dead-letter topics of those who read its topic, once each.
package final class BadInput: Fault {
  package private(set) var deadLetters = 0
  private var count = 0

  package init() {}

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow { Blow("bad input", ServiceName.allCases) }

  package func disturbed(_ events: [BenchEvent], cycle: Int, _ campaign: Campaign) -> [BenchRecord] {
    let percent = 10 + campaign.random.upTo(40)
    let mixed = reordered(events, campaign)
    let counts = mixed.reduce(into: [:]) { $0[$1.key, default: 0] += 1 }
    var records: [BenchRecord] = []
    for (index, event) in mixed.enumerated() {
      // What follows on another of its key must not be overtaken by it, as happens to what goes by way of a wrong partition.
      records.append(sent(event, campaign, mayStray: counts[event.key] == 1))
      if campaign.random.chance(percent) { records.append(sent(mixed[campaign.random.upTo(index)], campaign)) }
      if campaign.random.chance(percent / 2) { records.append(garbage(like: event, campaign)) }
    }
    return records
  }

  /// In binary mode, or structured; sometimes on a partition where its key does not belong.
  private func sent(_ event: BenchEvent, _ campaign: Campaign, mayStray: Bool = false) -> BenchRecord {
    var record = BenchRecord(event)
    if mayStray, campaign.random.chance(20) {
      record.partition = Int32(campaign.random.upTo(Int(campaign.installation.partitions) - 1))
    }
    if campaign.random.chance(20) {
      record.value = event.envelope.structuredText(data: event.data)
      record.headers = [Header(name: "content-type", value: Array(Envelope.structuredContentType.utf8))]
    }
    return record
  }

  /// Records of different keys overtake each other; those of one key do not: their order is theirs to decide.
  private func reordered(_ events: [BenchEvent], _ campaign: Campaign) -> [BenchEvent] {
    var queues = Dictionary(grouping: events, by: \.key)
    var keys = queues.keys.sorted()
    var mixed: [BenchEvent] = []
    while !keys.isEmpty {
      let index = campaign.random.upTo(keys.count - 1)
      let key = keys[index]
      if let next = queues[key]?.removeFirst() { mixed.append(next) }
      if queues[key]?.isEmpty ?? true { keys.remove(at: index) }
    }
    return mixed
  }

  /// Something that no service may take, on a topic that services read.
  private func garbage(like event: BenchEvent, _ campaign: Campaign) -> BenchRecord {
    count += 1
    var record = BenchRecord(event)
    record.headers = Envelope(id: "g\(count)", source: "/garbage", type: event.envelope.type, program: event.envelope.program)
      .headers.map { Header(name: $0.0, value: Array($0.1.utf8)) }
    switch campaign.random.upTo(6) {
    case 0: record.value = Array("{\"payment\":".utf8)
    case 1: record.value = (0..<(1 + campaign.random.upTo(400))).map { _ in UInt8(truncatingIfNeeded: campaign.random.upTo(255)) }
    case 2:
      record.value = Array(repeating: UInt8(ascii: "x"), count: 300 << 10)
      // Refused before anybody looks at what it is.
      deadLetters += Self.services.count { $0.inputs.contains(event.topic) }
      return record
    case 3: record.value = []
    case 4:
      // A tombstone says nothing here, and is no dead letter.
      record.value = nil
      return record
    case 5:
      record.headers = record.headers.filter { $0.name != "ce_program" }
    default:
      record.value = Array(repeating: UInt8(ascii: "["), count: 5000)
    }
    deadLetters += readers(of: event)
    return record
  }

  /// The services that read this type from its topic: each refuses it for itself.
  private func readers(of event: BenchEvent) -> Int {
    Self.services.count { service in
      service.stages.contains { stage in stage.reads.contains { $0.type == event.envelope.type && $0.topic == event.topic } }
    }
  }

  private static let services = Deployment.services(Programs([]))
}
