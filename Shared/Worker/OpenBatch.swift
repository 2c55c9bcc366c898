import Contracts
import Streaming

/// Counts what a session has run since its last commit, and hands its internal messages over.
struct OpenBatch {
  /// A batch takes no more records once it has this many bytes, so that memory and transactions stay small. The limit on records is
  /// not enough: ten thousand records of 1 MiB are 10 GiB.
  static let bytesMax = 4 << 20

  var records = 0
  var bytes = 0
  var timers = 0
  /// Internal messages that ran at once instead of going through their topic.
  var handedOver = 0
  var since: ContinuousClock.Instant?
  /// The time spent on decoding, running and encoding.
  var spent = Duration.zero

  var isEmpty: Bool { since == nil }
  /// Everything that counts towards the size of a transaction.
  var size: Int { records + timers + handedOver }

  func isFull(_ sizeMax: Int) -> Bool { size >= sizeMax || bytes >= Self.bytesMax }

  /// Runs the internal messages of the open batch at once if their partitions are among these and have nothing older to run. Their topic
  /// does not get them. So a payment and its notice need one transaction instead of two, and a smaller one. Under load, while the inputs
  /// have more, the messages go through their topic.
  mutating func handOver(among tasks: [AssignedPartition], sizeMax: Int) {
    guard since != nil else { return }
    let started = ContinuousClock.now
    defer { spent += .now - started }
    let now = Contracts.Instant.now
    var before: Int
    repeat {
      before = handedOver
      for task in tasks {
        while !isFull(sizeMax), let message = task.stages.nextInternalMessage() {
          guard let reader = tasks.first(where: { $0.number == message.partition }), reader.run(handedOver: message, now: now)
          else { continue }
          message.handedOver()
          handedOver += 1
        }
      }
    } while handedOver > before
  }
}
