import Kafka
import TestSupport

/// An error, and the kind of request that the broker answers with it.
struct ErrorPair: Sendable, CustomStringConvertible {
  let request: MockCluster.Request
  /// Kafka's code, or librdkafka's -195: the broker closes the connection instead of answering.
  let code: Int32

  var description: String { "\(Self.names[code] ?? "\(code)") to \(request)" }

  /// Every code for every request. Metadata has topic errors instead, and only those that librdkafka reads there.
  static let all: [ErrorPair] = MockCluster.Request.allCases.flatMap { request in
    (request == .metadata ? [3, 5, 29, -1] : names.keys.sorted()).map { ErrorPair(request: request, code: $0) }
  }

  static let names: [Int32: String] = [
    // A client may retry these: the same request, at another broker or later.
    14: "COORDINATOR_LOAD_IN_PROGRESS", 15: "COORDINATOR_NOT_AVAILABLE", 16: "NOT_COORDINATOR", 6: "NOT_LEADER_OR_FOLLOWER",
    5: "LEADER_NOT_AVAILABLE", 7: "REQUEST_TIMED_OUT", 51: "CONCURRENT_TRANSACTIONS", 3: "UNKNOWN_TOPIC_OR_PARTITION",
    // Abortable.
    22: "ILLEGAL_GENERATION", 25: "UNKNOWN_MEMBER_ID", 88: "UNSTABLE_OFFSET_COMMIT", 49: "INVALID_PRODUCER_ID_MAPPING",
    45: "OUT_OF_ORDER_SEQUENCE_NUMBER", 10: "MESSAGE_TOO_LARGE", 27: "REBALANCE_IN_PROGRESS",
    // Fatal.
    90: "PRODUCER_FENCED", 47: "INVALID_PRODUCER_EPOCH", 53: "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", 82: "FENCED_INSTANCE_ID",
    31: "CLUSTER_AUTHORIZATION_FAILED", 29: "TOPIC_AUTHORIZATION_FAILED", 30: "GROUP_AUTHORIZATION_FAILED",
    -1: "UNKNOWN_SERVER_ERROR",
    // The transport.
    -195: "a closed connection",
  ]

  /// When a service sends such a request.
  enum Moment {
    /// Always, as long as there is work.
    case working
    /// At a start, a join or a restore.
    case starting
  }

  var moment: Moment {
    switch request {
    case .listOffsets, .metadata, .offsetFetch, .findCoordinator, .joinGroup, .syncGroup, .initProducerID: .starting
    case .produce, .fetch, .heartbeat, .addPartitionsToTransaction, .addOffsetsToTransaction, .endTransaction,
      .transactionOffsetCommit:
      .working
    }
  }

  /// Whether it can end a transaction that was written to only some of its partitions. The mock bus keeps showing that half. A service
  /// that restores from it counts notices as sent that were not, so there the bus loses notices.
  var leavesHalf: Bool {
    // librdkafka retries the request for all other codes: ErrorClassTests.
    switch request {
    case .produce: ![3, 5, 6, 7, 14, 15, 16, -195].contains(code)
    case .addPartitionsToTransaction: ![3, 14, 15, 16, 51, -195].contains(code)
    default: false
    }
  }
}
