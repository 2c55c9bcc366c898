import Contracts

/// Messages of a task's open batch that the driver takes to the task that will read them, instead of writing them to the bus.
extension StageTask {
  /// The next internal message of the open batch, each once. The driver may hand it over to the task that will read it.
  public func nextInternalMessage() -> OutputRecord? {
    while handOversSeen < batch.outbox.count {
      defer { handOversSeen += 1 }
      let message = batch.outbox[handOversSeen]
      if message.topic.kind == .internal { return message }
    }
    return nil
  }

  /// Reads a message of the open batch, which may run at once if it is the next one of its source.
  ///
  /// - Returns: `nil` if it must go through its topic: earlier messages are still there, it cannot be decoded, or no stage here takes it.
  public func admit(handedOver message: OutputRecord) -> Event? {
    let record = InputRecord(
      topic: message.topic, partition: message.partition, offset: InputRecord.offsetOfHandedOver, memory: message)
    let event = admit(record)
    guard event.messageType != nil, let number = event.number, progress.isNext(number) else { return nil }
    return event
  }
}
