import Contracts
import Foundation
import Kafka
import ServiceKit
import Streaming

/// Runs what a task has gathered: admits the records, puts events and ticks in order of event time over the partition's topics, and moves
/// the task's clock before each.
struct EventOrder {
  /// Records from further in the future than a clock can be wrong are dead-lettered, where the system's clock rules.
  private static let futureMax = TimeSpan.hours(24)

  let topics: TopicNames
  let clock: Settings.ClockSetting
  let log: Log

  func run(_ records: [Kafka.Record], on stages: StageTask, now: Contracts.Instant) {
    var arrivals: [Arrival] = []
    arrivals.reserveCapacity(records.count)
    // A partition's own order is never changed: an event that is older than one before it goes right after that one.
    var latest: [Topic: Contracts.Instant] = [:]
    for record in records {
      guard let topic = topics.topic(named: record.topic) else { continue }
      stages.moved(topic.name, to: record.offset + 1)
      let input = InputRecord(record, topic: topic)
      let time: Contracts.Instant
      var event: AdmittedEvent?
      if topic.kind == .clock {
        guard let tick = tick(input, of: stages) else { continue }
        time = tick
      } else {
        event = stages.admit(input, latest: stages.isVirtual ? nil : now + Self.futureMax)
        guard let event else { continue }
        time = event.time
      }
      let place = max(time, latest[topic] ?? time)
      latest[topic] = place
      arrivals.append(Arrival(place: place, number: arrivals.count, time: time, event: event))
    }
    arrivals.sort { ($0.place, $0.number) < ($1.place, $1.number) }
    for arrival in arrivals {
      stages.advance(to: stages.isVirtual ? arrival.time : min(arrival.time, now))
      if let event = arrival.event { stages.run(event) }
    }
  }

  /// An event, or a tick of the clock, in a batch: run in order of event time over the partitions, in order of arrival within each.
  private struct Arrival {
    /// The latest time of its partition so far.
    let place: Contracts.Instant
    let number: Int
    let time: Contracts.Instant
    let event: AdmittedEvent?
  }

  /// A tick of the virtual clock; the first one makes this task follow the bus for good.
  private func tick(_ record: InputRecord, of stages: StageTask) -> Contracts.Instant? {
    guard clock == .bus else {
      log.warning("a tick on the clock topic is ignored: --clock is system")
      return nil
    }
    do {
      guard let moved = try ClockTick.read(record) else { return nil }
      if !stages.isVirtual { log.notice("following the bus's virtual clock from now on", ["partition": record.partition]) }
      stages.followBus(from: moved)
      return moved
    } catch let rejection as Rejection {
      stages.deadLetter(record, rejection)
    } catch {
      stages.deadLetter(record, Rejection(.malformed, "\(error)"))
    }
    return nil
  }
}
