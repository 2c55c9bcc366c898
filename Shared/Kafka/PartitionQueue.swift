import CRDKafka
import Glibc

/// The records that librdkafka has fetched from one partition: see `Consumer.split`.
public final class PartitionQueue {
  public let partition: TopicPartition
  let handle: OpaquePointer
  private let wake: WakeUp

  init(_ handle: OpaquePointer, _ partition: TopicPartition, _ wake: WakeUp) {
    self.handle = handle
    self.partition = partition
    self.wake = wake
  }

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
