import Foundation

/// Real Apache Kafka brokers in one cluster. Every record is on all of them, and a transaction needs all but one.
public final class KafkaCluster: Sendable {
  public let brokers: [KafkaBroker]

  /// What a broker knows about the others.
  struct Seat {
    let node: Int
    /// The controllers' ports, starting with node 1.
    let ports: [UInt16]
    let clusterID: String

    var port: UInt16 { ports[node - 1] }

    /// An empty value removes a setting of a single broker.
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

  /// `host:port` of each broker, for clients.
  public var bootstrap: String { brokers.map(\.bootstrap).joined(separator: ",") }

  /// Formats and starts the brokers. All answer when this returns.
  public static func start(home: URL, count: Int = 3, settings: [String: String] = [:]) throws -> KafkaCluster {
    var failure: any Error = BrokerFailure("not started")
    for _ in 1...3 {  // another process may take a free port before a broker binds it
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
