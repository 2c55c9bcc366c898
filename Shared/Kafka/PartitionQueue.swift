import CRDKafka
import Glibc

/// The records that librdkafka has fetched from one partition: see `Consumer.split`. For use by one thread, while other threads use the
/// queues of other partitions.
public final class PartitionQueue {
  public let partition: TopicPartition
  private let handle: OpaquePointer
  private let wake: WakeUp
  /// It outlives its queues.
  private let consumer: Consumer

  init(_ handle: OpaquePointer, _ partition: TopicPartition, _ wake: WakeUp, of consumer: Consumer) {
    self.handle = handle
    self.partition = partition
    self.wake = wake
    self.consumer = consumer
  }

  /// The next record, end or error of the partition, without waiting.
  public func take() -> Polled {
    guard let message = rd_kafka_consume_queue(handle, 0) else { return .nothing }
    // A record holds its queue, not the consumer: counting the references of one object on several threads takes time.
    return consumer.polled(message, topic: partition.topic, owner: self)
  }

  /// The end of the partition at the last fetch: see `Consumer.knownEnd`.
  public var knownEnd: Int64? { consumer.knownEnd(of: partition) }

  deinit {
    rd_kafka_queue_io_event_enable(handle, -1, nil, 0)
    rd_kafka_queue_destroy(handle)
  }
}

/// Wakes a thread when something arrives in one of several queues.
final class WakeUp {
  private let reading: Int32
  private let writing: Int32

  init() throws(KafkaError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, reason: "cannot create a pipe: \(String(cString: strerror(errno)))")
    }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    (reading, writing) = (ends[0], ends[1])
  }

  deinit {
    close(reading)
    close(writing)
  }

  func watch(_ queue: OpaquePointer) { rd_kafka_queue_io_event_enable(queue, writing, "!", 1) }

  func wait(_ timeoutMilliseconds: Int32) {
    var request = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, timeoutMilliseconds) > 0 else { return }
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { _ = read(reading, $0.baseAddress, $0.count) }
  }
}
