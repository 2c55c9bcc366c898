import Contracts

/// Messages of a task's open batch that the driver takes to the task that will read them, before they are on the bus.
struct HandOver {
  /// How many messages of the open batch the driver has seen.
  private var seen = 0
  /// The last message of each source that was handed over to this task.
  private var last: [MessageNumber.Source: Int64] = [:]

  /// The next internal message, each once.
  mutating func next(in outbox: Outbox) -> OutputRecord? {
    while seen < outbox.count {
      defer { seen += 1 }
      if outbox[seen].topic.kind == .internal { return outbox[seen] }
    }
    return nil
  }

  mutating func ran(_ number: MessageNumber) { last[number.source] = number.hop.number }

  /// Whether the message ran when it was handed over. When it is read from its topic, it is no repeat.
  func has(_ number: MessageNumber) -> Bool { number.hop.number <= last[number.source] ?? 0 }

  /// A new batch begins, or the same one again.
  mutating func beginBatch() { seen = 0 }
}

extension StageTask {
  /// The next internal message of the open batch, each once. The driver may hand it over to the task that will read it.
  public func nextInternalMessage() -> OutputRecord? { handOver.next(in: batch.outbox) }

  /// Reads a message of the open transaction, before it is on the bus. It may run at once if it is the next one of its source.
  ///
  /// - Returns: `nil` if it must be read from its topic: earlier messages are still there, or it cannot be decoded.
  public func admit(handedOver message: OutputRecord) -> Event? {
    let record = InputRecord(
      topic: message.topic, partition: message.partition, offset: InputRecord.offsetOfHandedOver, memory: message)
    let event = admit(record)
    guard event.messageType != nil, let number = event.number, progress.isNext(number) else { return nil }
    return event
  }

  /// Runs such a message.
  public func run(handedOver event: Event) {
    if let number = event.number { handOver.ran(number) }
    run(event)
  }

  /// Whether the event is an internal message that has run already, because it was handed over or because Kafka shows it twice.
  public func isKnown(_ event: Event) -> Bool { event.number.map(progress.isKnown) ?? false }
}
