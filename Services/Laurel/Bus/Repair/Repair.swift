import CommandKit
import Contracts
import Kafka
import ServiceKit
import Streaming
import Words
import Worker

/// `laurel repair`: writes messages again that Kafka hides from a service.
package enum Repair {
  package static let command = Command(
    "repair", summary: "Write messages again that Kafka has hidden from a service",
    discussion: """
      Services number the messages that they send to each other. This command compares the numbers that were sent with those that \
      were received, and looks for the missing messages. Some are still in their topic, but hidden, because Kafka ended their \
      transaction wrongly. The command writes them again to the reader's own topic, and hidden notices also to their topic, where \
      they come late. A service takes each number once, so a second run duplicates nothing. Messages that are no longer in their \
      topic are lost. With --accept-lost, the reader continues without them. A lost notice is only listed: it cannot be written again.

      Services can keep running. A stopped partition continues by itself once it has read the repaired messages. Exit 1: something \
      is missing and was not repaired.
      """,
    example: """
      # what is missing, and whether it can be repaired
      laurel repair --bootstrap localhost:9092 --dry-run
      laurel repair --bootstrap localhost:9092
      """,
    options: Settings.connection + [
      Option("dry-run", help: "Only list what is missing"),
      Option("accept-lost", help: "Let readers continue without messages that are no longer in their topic"),
    ], run: run)

  private static func run(_ invocation: Invocation) throws -> Int32 {
    Shutdown.install()
    let bus = Bus(invocation)
    let dry = invocation.flag("dry-run")
    // The newest run fences any other, so that two at once do not write the same messages.
    let producer = dry ? nil : try takeOver(bus)
    let missing = try MissingMessages(bus)
    try ResultOutput().print(missing.all.map(\.description))
    for place in missing.undecided.sorted(by: { "\($0)" < "\($1)" }) {
      notify(
        "laurel: \(place) has an open transaction; its messages are not checked: ops/docs/RUNBOOK.md, \"A transaction that hangs\""
      )
    }
    let acceptsLost = invocation.flag("accept-lost")
    let repairable = missing.all.filter { $0.copy != nil || (acceptsLost && $0.reader != nil) }
    // A lost notice stops no reader and cannot be restored.
    let left = missing.all.count { $0.copy == nil && $0.reader != nil && !acceptsLost }
    if left > 0 {
      notify(
        "laurel: \(counted(left, "message")) lost: no longer in the topic. With --accept-lost, readers continue without them")
    }
    guard let producer else {
      notify("laurel: \(counted(missing.all.count, "message")) missing, \(repairable.count) can be repaired")
      return missing.all.isEmpty && missing.undecided.isEmpty ? 0 : 1
    }
    try write(repairable, bus, producer)
    notify("laurel: \(counted(missing.all.count, "message")) missing, \(repairable.count) repaired")
    return left == 0 && missing.undecided.isEmpty ? 0 : 1
  }

  private static func takeOver(_ bus: Bus) throws -> TransactionalProducer {
    let producer = try TransactionalProducer(
      bus.configuration, transactionalID: "\(bus.prefix)laurel.repair",
      topics: Topic.catalogue.filter { $0.isRepartitioned || $0.kind == .notices }.map(bus.name))
    do { try producer.initialise(timeoutMilliseconds: Bus.timeoutMilliseconds) } catch {
      throw CommandFailure("nothing was repaired: \(error.error)")
    }
    return producer
  }

  /// Writes all messages in one transaction, so that a gap is closed as a whole.
  private static func write(_ messages: [MissingMessage], _ bus: Bus, _ producer: TransactionalProducer) throws {
    guard !messages.isEmpty else { return }
    do throws(TransactionFailure) {
      try producer.begin()
      for message in messages {
        let headers = (message.copy?.headers ?? [Header(name: "ce_hop", value: Array("\(message.hop)".utf8))]).filter {
          ![PlaceHeader.topic, PlaceHeader.partition, PlaceHeader.offset].contains($0.name)
        }
        let place = [
          (RepairMark.header, message.topic), (PlaceHeader.topic, message.topic),
          (PlaceHeader.partition, String(message.partition)), (PlaceHeader.offset, String(message.copy?.offset ?? -1)),
        ]
        // A service has stopped at the gap and reads no further in this topic, so its copy goes to its own topic. Other readers get
        // the copy late, in the same topic.
        try producer.produce(
          topic: message.reader.map { bus.name(.repartitioned($0)) } ?? bus.prefix + message.topic, partition: message.partition,
          key: message.copy?.key,
          value: message.copy?.value, headers: headers + place.map { Header(name: $0.0, value: Array($0.1.utf8)) })
      }
      try producer.flush(timeoutMilliseconds: Bus.timeoutMilliseconds)
      try producer.commit(timeoutMilliseconds: Bus.timeoutMilliseconds)
    } catch {
      throw CommandFailure("the broker has not confirmed the repair: \(error.error). Run it again: nothing is repaired twice")
    }
  }
}
