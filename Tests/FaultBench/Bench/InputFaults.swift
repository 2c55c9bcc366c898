import Contracts
import Deployment
import Foundation
import Kafka
import Streaming
import Terms
import TestSupport

/// Duplicated, reordered, foreign, broken and oversized input: 10 to 50 of every 100 records.
///
/// Each good record must have its effect once. Each bad one must be in the dead-letter topics of its readers, once each, as in the
/// simulation.
package final class BadInput: Fault {
  private var judges: [(Simulation, Rejected)] = []
  private var count = 0

  package init() {}

  package var deadLetters: [BenchLetter] { judges.flatMap(\.1.letters) }

  private final class Rejected {
    var letters: [BenchLetter] = []
  }

  /// Simulates each service alone, because the simulation of all reports a record once that several services reject. Rejected records
  /// leave no trace in the state.
  private func judge(_ record: BenchRecord, _ programs: Programs) throws {
    if judges.isEmpty {
      judges = try Deployment.services(programs).map { service in
        let rejected = Rejected()
        let simulation = try Simulation(services: [service], programs: programs.ids, notice: { _ in }) { letter in
          rejected.letters.append(BenchLetter(letter, of: service.name))
        }
        return (simulation, rejected)
      }
    }
    let input = InputRecord(
      topic: record.topic, key: record.key.map { Array($0.utf8) }, value: record.value,
      headers: record.headers.map { ($0.name, $0.value ?? []) })
    for (simulation, _) in judges { try simulation.take(input) }
  }

  package func fall(on campaign: Campaign, cycle: Int) throws -> Blow { Blow("bad input", ServiceName.allCases) }

  package func disturbed(_ events: [BenchEvent], cycle: Int, _ campaign: Campaign) throws -> [BenchRecord] {
    let percent = 10 + campaign.random.upTo(40)
    let mixed = reordered(events, campaign)
    let counts = mixed.reduce(into: [:]) { $0[$1.key, default: 0] += 1 }
    var records: [BenchRecord] = []
    for (index, event) in mixed.enumerated() {
      // A later event of the key must not overtake it, which can happen to a record on a wrong partition.
      records.append(sent(event, campaign, mayStray: counts[event.key] == 1))
      if campaign.random.chance(percent) { records.append(sent(mixed[campaign.random.upTo(index)], campaign)) }
      if campaign.random.chance(percent / 2) {
        let garbage = garbage(like: event, campaign)
        try judge(garbage, campaign.programs)
        records.append(garbage)
      }
    }
    return records
  }

  /// In binary or structured mode, and sometimes on a partition that does not match its key.
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

  /// Records of different keys overtake each other. Records of one key stay in order.
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

  /// A record that no service may accept, on a topic that services read.
  private func garbage(like event: BenchEvent, _ campaign: Campaign) -> BenchRecord {
    count += 1
    var record = BenchRecord(event)
    record.headers = Envelope(id: "g\(count)", source: "/garbage", type: event.envelope.type, program: event.envelope.program)
      .headers.map { Header(name: $0.0, value: Array($0.1.utf8)) }
    switch campaign.random.upTo(6) {
    case 0: record.value = Array("{\"payment\":".utf8)
    case 1: record.value = (0..<(1 + campaign.random.upTo(400))).map { _ in UInt8(truncatingIfNeeded: campaign.random.upTo(255)) }
    case 2: record.value = Array(repeating: UInt8(ascii: "x"), count: 300 << 10)
    case 3: record.value = []
    // A tombstone has no meaning here and is not a dead letter.
    case 4: record.value = nil
    case 5: record.headers = record.headers.filter { $0.name != "ce_program" }
    default: record.value = Array(repeating: UInt8(ascii: "["), count: 5000)
    }
    return record
  }
}
