import Contracts
import Deployment
import JSON
import Kafka
import Terms
import Worker

/// Tells letters from other records, and those that can be replayed from those that cannot.
struct LetterParser {
  private let parser = JSONParser()
  /// What each service reads: the topics of a type.
  private let reads: [ServiceName: [String: Set<String>]]

  init() {
    // What a service reads does not depend on the terms.
    reads = Dictionary(
      uniqueKeysWithValues: Deployment.services(Programs([])).map { service in
        let reads = service.stages.flatMap(\.reads)
        return (service.name, Dictionary(reads.map { ($0.type, [$0.topic.name]) }, uniquingKeysWith: { $0.union($1) }))
      })
  }

  /// nil if the record is a mark, or Laurel did not write it.
  func letter(_ record: Kafka.Record, of service: ServiceName) -> Letter? {
    guard let reason = record.lastText(PlaceHeader.reason) else { return nil }
    let envelope = try? Envelope.record(
      headers: record.headers.compactMap { header in header.value.map { (header.name, $0) } }, value: record.value ?? [],
      parser: parser
    ).envelope
    let id = Letter.ID(service: service, partition: record.partition, offset: record.offset)
    let origin = origin(of: record, service, envelope)
    // Right before the reason, or it came with the record from outside.
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
    // What a service rebuilds from its state it signs itself, and knows no place of.
    if Topic.named(topic)?.kind == .input, envelope?.source == "/laurel/\(service.rawValue)", partition == 0, offset == 0 {
      return .kept
    }
    return .record(Letter.Place(topic: topic, partition: partition, offset: offset))
  }

  /// Why the service would reject this record on its repartition topic, or must not get it there.
  private func obstacle(
    _ record: Kafka.Record, _ id: Letter.ID, _ origin: Letter.Origin, _ envelope: Envelope?, isCut: Bool
  ) -> String? {
    let service = id.service
    let topic: String
    switch origin {
    case .timer: return "it is a timer of \(service.rawValue)'s state and no record: it has gone, and nothing can be sent again"
    case .kept:
      return """
        \(service.rawValue) had taken it, kept it and rejected it later: sent again it would be a repeat without effect. What it means \
        has to be published in a new event
        """
    case .unknown: return "its headers do not say where it was found"
    case .record(let place): topic = place.topic
    }
    guard let value = record.value else { return "it has no body" }
    if topic == Topic.clock.name { return "it was a tick of the clock: move that with 'laurel clock'" }
    if isCut { return "only a part of it is here, and the whole record would be rejected again as oversized" }
    let bytes = record.headersForReplay(of: id).reduce(value.count) { $0 + ($1.value?.count ?? 0) }
    guard bytes <= Envelope.maximumBodyBytes else {
      return
        "it would be rejected again as oversized: \(bytes) bytes with its headers, and the limit is \(Envelope.maximumBodyBytes)"
    }
    // What cannot be read is for the service to judge again.
    guard let envelope else { return nil }
    guard let topics = reads[service]?[envelope.type] else {
      return "\(service.rawValue) reads no \(envelope.type): it would be passed over"
    }
    guard topics.contains(topic) else {
      // A service accepts all types that it reads from its repartition topic, whichever topic they belong on.
      return "\(envelope.type) does not belong on \(topic), where it was found: replayed, it would be taken all the same"
    }
    return nil
  }
}
