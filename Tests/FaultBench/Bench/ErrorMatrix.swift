import Kafka

/// An error, and the kind of request to which the broker answers it.
struct ErrorPair: Sendable, CustomStringConvertible {
  let request: MockCluster.Request
  /// Kafka's, or librdkafka's -195: the connection is closed instead of an answer.
  let code: Int32

  var description: String { "\(Self.names[code] ?? "\(code)") to \(request)" }

  /// Every code to every request. Metadata has errors of its topics instead, and only those that librdkafka takes from there.
  static let all: [ErrorPair] = MockCluster.Request.allCases.flatMap { request in
    (request == .metadata ? [3, 5, 29, -1] : names.keys.sorted()).map { ErrorPair(request: request, code: $0) }
  }

  static let names: [Int32: String] = [
    // Retriable for a client: the same request again, at another broker or later.
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

  /// When a service makes such a request.
  enum Moment {
    /// All the time, as long as there is work.
    case working
    /// When it starts, joins or restores.
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

  /// It can end a transaction of which some partitions have been written and others not. The mock bus goes on showing that half, so a
  /// service that restores from it takes for done what was never said: there, notices are lost by the bus.
  var leavesHalf: Bool {
    // The other codes librdkafka answers by repeating the request: ErrorClassTests.
    switch request {
    case .produce: ![3, 5, 6, 7, 14, 15, 16, -195].contains(code)
    case .addPartitionsToTransaction: ![3, 14, 15, 16, 51, -195].contains(code)
    default: false
    }
  }
}
