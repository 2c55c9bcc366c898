import Contracts
import Deployment
import JSON
import Kafka
import Terms
import Worker

/// Reads dead letters, and decides whether they can be replayed.
struct LetterParser {
  private let parser = JSONParser()
  /// The topics from which each service reads each type.
  private let reads: [ServiceName: [String: Set<String>]]

  init() {
    // No terms are needed, because what a service reads does not depend on them.
    reads = Dictionary(
      uniqueKeysWithValues: Deployment.services(Programs([])).map { service in
        let reads = service.stages.flatMap(\.reads)
        return (service.name, Dictionary(reads.map { ($0.type, [$0.topic.name]) }, uniquingKeysWith: { $0.union($1) }))
      })
  }

  /// `nil` if the record is a mark, or Laurel did not write it.
  func letter(_ record: Kafka.Record, of service: ServiceName) -> Letter? {
    guard let reason = record.lastText(PlaceHeader.reason) else { return nil }
    let envelope = try? Envelope.record(record, parser: parser).envelope
    let id = Letter.ID(service: service, partition: record.partition, offset: record.offset)
    let origin = origin(of: record, service, envelope)
    // Laurel writes this header right before the reason and the detail. Anywhere else it came with the record from outside.
    let isCut = record.headers.suffix(3).first?.name == PlaceHeader.size
    return Letter(
      id: id, time: Instant(milliseconds: record.timestamp), reason: reason,
      detail: record.lastText(PlaceHeader.detail) ?? "", origin: origin,
      key: record.key.map { String(decoding: $0, as: UTF8.self) }, type: envelope?.type ?? record.lastText("ce_type"),
      replayOf: record.lastText(PlaceHeader.replayOf).flatMap(Letter.ID.init),
      wholeSize: isCut ? record.lastText(PlaceHeader.size) : nil,
      obstacle: obstacle(record, id, origin, envelope, isCut: isCut))
  }

  private func origin(of record: Kafka.Record, _ service: ServiceName, _ envelope: Envelope?) -> Letter.Origin {
    guard let topic = record.lastText(PlaceHeader.topic),
      let partition = record.lastText(PlaceHeader.partition).flatMap({ Int32($0) }),
      let offset = record.lastText(PlaceHeader.offset).flatMap({ Int64($0) })
    else { return .unknown }
    if topic == Topic.deadLetters(service).name { return .timer }
    // A service that rebuilds an event from its state is the event's source and does not know its place, so it writes 0.
    if Topic.named(topic)?.kind == .input, envelope?.source == "/laurel/\(service.rawValue)", partition == 0, offset == 0 {
      return .kept
    }
    return .record(Letter.Place(topic: topic, partition: partition, offset: offset))
  }

  /// Why the record must not be replayed: the service would reject it again, ignore it, or accept it although it must not.
  private func obstacle(
    _ record: Kafka.Record, _ id: Letter.ID, _ origin: Letter.Origin, _ envelope: Envelope?, isCut: Bool
  ) -> String? {
    let service = id.service
    let topic: String
    switch origin {
    case .timer: return "it was a timer of \(service.rawValue)'s state, not a record, so there is nothing to send again"
    case .kept:
      return """
        \(service.rawValue) had accepted it before and rejected it later, so now it would be a repeat without effect. If it is \
        still needed, publish a new event
        """
    case .unknown: return "its headers do not say where it was found"
    case .record(let place): topic = place.topic
    }
    guard let value = record.value else { return "it has no body" }
    if topic == Topic.clock.name { return "it was a tick of the clock; to move the clock, use 'laurel clock'" }
    if isCut { return "only a part of it was kept, and the whole record would be rejected again as oversized" }
    let bytes = record.headersForReplay(of: id).reduce(value.count) { $0 + ($1.value?.count ?? 0) }
    guard bytes <= Envelope.maximumBodyBytes else {
      return
        "it would be rejected again as oversized: it has \(bytes) bytes with its headers; the limit is \(Envelope.maximumBodyBytes)"
    }
    // The service decides about records that cannot be read here.
    guard let envelope else { return nil }
    guard let topics = reads[service]?[envelope.type] else {
      return "\(service.rawValue) reads no \(envelope.type), so it would ignore the record"
    }
    guard topics.contains(topic) else {
      // On its repartition topic a service accepts every type that it reads, whichever topic the type belongs on.
      return "\(envelope.type) does not belong on \(topic), where it was found, and after a replay the service would accept it"
    }
    return nil
  }
}
