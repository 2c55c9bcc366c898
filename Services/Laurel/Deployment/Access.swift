import Contracts
import Streaming

/// One operation on one resource of the broker, as in Kafka's ACLs.
public struct AccessRight: Hashable, Sendable {
  /// Kafka's resource types, with their names in `kafka-acls.sh`.
  public enum Resource: String, Sendable, CaseIterable {
    case topic
    case group
    case transactionalID = "transactional-id"
  }

  /// Read and Write include Describe on the broker, so it is not listed with them.
  public enum Operation: String, Sendable, CaseIterable {
    case read = "Read"
    case write = "Write"
    case create = "Create"
    case describe = "Describe"
  }

  /// Whether the name is that of one resource or the prefix of several (KIP-290).
  public enum Pattern: String, Sendable, CaseIterable {
    case literal
    case prefixed
  }

  public let operation: Operation
  public let resource: Resource
  public let pattern: Pattern
  /// Includes the deployment's prefix, as on the bus.
  public let name: String
}

/// Who may do what on the bus. Each party has exactly the rights that its program needs.
///
/// An idempotent or transactional producer needs no right to the cluster. Since Kafka 3.0 the right to write to any topic is enough
/// (KIP-679).
public struct Access: Sendable {
  /// A service, or somebody who works with the services.
  public enum Party: Hashable, Sendable, CaseIterable {
    case service(ServiceName)
    /// The billing system: writes inputs, except operators' decisions and payout results.
    case publisher
    /// The payment provider's adapter: reads instructions, reads and writes results.
    case provider
    /// Your own account pages and reports: read notices.
    case reader
    /// The account pages that come with Laurel: read notices and requests, write requests.
    case portal
    /// Operators at their desk: read notices, write decisions and payout results.
    case desk
    /// The laurel command.
    case administrator

    public static let allCases: [Party] =
      ServiceName.allCases.map { .service($0) } + [.publisher, .provider, .reader, .portal, .desk, .administrator]

    /// The name in its principal.
    public var name: String {
      switch self {
      case .service(let service): service.rawValue
      case .publisher: "publisher"
      case .provider: "provider"
      case .reader: "reader"
      case .portal: "portal"
      case .desk: "desk"
      case .administrator: "operator"
      }
    }

    /// A description for readers of the printed commands.
    public var summary: String {
      switch self {
      case .service(let service): "the service \(service.rawValue), all its instances"
      case .publisher: "the billing system: writes inputs, but no decisions and no payout results"
      case .provider: "the payment provider's adapter: reads instructions, reads and writes payout results"
      case .reader: "other readers of notices, in consumer groups whose names begin with reader"
      case .portal: "the account pages, all instances: write only requests"
      case .desk: "laurel withdrawals, payouts, referrals and correct: write only decisions and payout results"
      case .administrator: "the laurel command"
      }
    }
  }

  private let services: [Service]
  private let prefix: String

  /// - Parameters:
  ///   - services: the deployment's services. They read the topics that their stages accept.
  ///   - prefix: the deployment's topic prefix.
  public init(services: [Service], prefix: String = "") {
    self.services = services
    self.prefix = prefix
  }

  /// The group of the command's consumers. They commit nothing, but librdkafka looks for the coordinator of any group it is given.
  public static func commandGroup(prefix: String) -> String { "\(prefix)laurel.command" }

  /// The topics that the commands of the operator's desk read.
  public static let deskReads: [Topic] =
    [.requests, .decisions, .payoutResults, .referrals, .rewards, .payouts] + ServiceName.allCases.map(Topic.deadLetters)

  /// The rights of a party, without duplicates. Topics are in the order of the catalogue.
  public func rights(of party: Party) -> [AccessRight] {
    switch party {
    case .service(let name):
      let reads = services.filter { $0.name == name }.flatMap(\.inputs) + [.repartitioned(name), .clock, .changelog(name)]
      return topics(.read, reads) + topics(.write, Topic.written(by: name)) + [
        // Kafka's own topics show how a hanging transaction ended, and whether the group's offsets are still pending in one.
        right(.read, .topic, "__transaction_state"),
        right(.describe, .topic, "__consumer_offsets"),
        right(.read, .group, name.group(prefix: prefix)),
        right(.write, .transactionalID, name.transactionalIDs(prefix: prefix), .prefixed),
      ]
    case .publisher:
      return topics(.write, Topic.catalogue.filter { $0.kind == .input && $0 != .payoutResults && $0 != .decisions })
    case .provider:
      // It also reads earlier results, whoever wrote them, so that it pays nothing twice.
      return topics(.read, [.payouts, .payoutResults]) + topics(.write, [.payoutResults])
        + [right(.read, .group, prefix + "provider")]
    case .reader:
      return topics(.read, Topic.catalogue.filter { $0.kind == .notices }) + [right(.read, .group, prefix + "reader", .prefixed)]
    case .portal:
      return topics(.read, Topic.portalInputs + [.clock]) + topics(.write, [.requests])
        + [right(.read, .group, Topic.portalGroup(prefix: prefix))]
    case .desk:
      // Every command first checks that all topics exist.
      let seen = Topic.catalogue.filter { !Self.deskReads.contains($0) && $0 != .clock }
      return topics(.read, Self.deskReads + [.clock]) + topics(.write, [.decisions, .payoutResults]) + topics(.describe, seen)
        + [right(.read, .group, Self.commandGroup(prefix: prefix), .prefixed)]
    case .administrator:
      // Dead letters are replayed from their topic through the service's repartitioned one, in a transaction.
      let written = Topic.catalogue.filter { topic in
        switch topic.kind {
        case .input, .clock, .deadLetters: true
        case .internal: topic.isRepartitioned
        // `laurel repair` writes notices again that Kafka has hidden.
        case .notices: true
        case .changelog: false
        }
      }
      return topics(.read, Topic.catalogue) + topics(.write, written) + topics(.create, Topic.catalogue)
        + ServiceName.allCases.map { right(.describe, .group, $0.group(prefix: prefix)) } + [
          right(.read, .group, Self.commandGroup(prefix: prefix), .prefixed),
          right(.write, .transactionalID, prefix + "laurel.", .prefixed),
        ]
    }
  }

  private func topics(_ operation: AccessRight.Operation, _ topics: [Topic]) -> [AccessRight] {
    let wanted = Set(topics)
    return Topic.catalogue.filter(wanted.contains).map { right(operation, .topic, prefix + $0.name) }
  }

  private func right(
    _ operation: AccessRight.Operation, _ resource: AccessRight.Resource, _ name: String,
    _ pattern: AccessRight.Pattern = .literal
  ) -> AccessRight {
    AccessRight(operation: operation, resource: resource, pattern: pattern, name: name)
  }
}
