import Foundation

/// Real Apache Kafka brokers that are one cluster: every record is on all of them, and a transaction needs all but one.
public final class KafkaCluster: Sendable {
  public let brokers: [KafkaBroker]

  /// What one of them knows of the others.
  struct Seat {
    let node: Int
    /// Of each one's controller, the first being node 1.
    let ports: [UInt16]
    let clusterID: String

    var port: UInt16 { ports[node - 1] }

    /// An empty value removes what a single broker would have.
    var settings: [String: String] {
      let copies = "\(ports.count)"
      let needed = "\(max(1, ports.count - 1))"
      return [
        "node.id": "\(node)",
        "controller.quorum.voters": ports.enumerated().map { "\($0 + 1)@127.0.0.1:\($1)" }.joined(separator: ","),
        "controller.quorum.bootstrap.servers": "",
        "default.replication.factor": copies, "min.insync.replicas": needed,
        "offsets.topic.replication.factor": copies, "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": needed,
        "share.coordinator.state.topic.replication.factor": copies, "share.coordinator.state.topic.min.isr": needed,
      ]
    }
  }

  /// For clients: `host:port` of each.
  public var bootstrap: String { brokers.map(\.bootstrap).joined(separator: ",") }

  /// Formats and starts them; all answer when this returns.
  public static func start(home: URL, count: Int = 3, settings: [String: String] = [:]) throws -> KafkaCluster {
    var failure: any Error = BrokerFailure("not started")
    for _ in 1...3 {  // a free port may be taken by someone else before a broker binds it
      do {
        let cluster = try KafkaCluster(home: home, count: count, settings: settings)
        for broker in cluster.brokers { try broker.begin() }
        for broker in cluster.brokers { try broker.waitUntilReady(.seconds(90)) }
        return cluster
      } catch {
        failure = error
      }
    }
    throw failure
  }

  private init(home: URL, count: Int, settings: [String: String]) throws {
    let ports = try freePorts(count)
    // Sixteen bytes as base64 for names, as Kafka writes them.
    let id = withUnsafeBytes(of: UUID().uuid) { Data($0) }.base64EncodedString()
      .replacing("+", with: "a").replacing("/", with: "b").replacing("=", with: "")
    brokers = try (1...count).map { node in
      try KafkaBroker(home: home, settings: settings, seat: Seat(node: node, ports: ports, clusterID: id))
    }
  }

  /// Ends them and removes their folders.
  public func stop() {
    for broker in brokers { broker.stop() }
  }
}
