/// One topic of the bus.
///
/// ops/contracts/messages/topics.yaml describes the shared topics; the topics that every service has are described here. All topics have
/// the same number of partitions. Keys are hashed with murmur2.
public final class Topic: Sendable {
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Written from outside Laurel.
    case input
    /// Public: Laurel's notices.
    case notices
    /// Internal messages between stages, and repartitioned records.
    case `internal`
    /// State of one service, compacted.
    case changelog
    /// Rejected records with their reasons.
    case deadLetters
    /// Ticks of the virtual clock.
    case clock
  }

  /// Without a deployment's prefix.
  public let name: String
  public let kind: Kind
  /// The meaning of the record key.
  public let keyedBy: String
  public let writtenBy: String
  /// One sentence about its messages.
  public let holds: String
  /// `cleanup.policy=compact`: the latest record of each key is kept forever.
  public let compacted: Bool

  init(
    _ name: String, _ kind: Kind, keyedBy: String, writtenBy: String, holds: String, compacted: Bool = false
  ) {
    self.name = name
    self.kind = kind
    self.keyedBy = keyedBy
    self.writtenBy = writtenBy
    self.holds = holds
    self.compacted = compacted
  }
}

extension Topic: Hashable {
  public static func == (left: Topic, right: Topic) -> Bool { left === right || left.name == right.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

// MARK: - Topics that each service has

extension Topic {
  /// Records from a wrong partition, sent again under the right key. The topic keeps its original name, `rekeyed`, for running deployments.
  public static func repartitioned(_ service: ServiceName) -> Topic {
    Topic(
      "\(service.rawValue).rekeyed", .internal, keyedBy: "as the original topic", writtenBy: service.rawValue,
      holds:
        "Records that \(service.rawValue) found on a wrong partition and sent again under the right key; replayed dead letters."
    )
  }

  /// The state of a service, from which its store is rebuilt.
  public static func changelog(_ service: ServiceName) -> Topic {
    Topic(
      "\(service.rawValue).changelog", .changelog, keyedBy: "key in the store", writtenBy: service.rawValue,
      holds: "The state of \(service.rawValue), from which a lost store is rebuilt.", compacted: true)
  }

  /// The records that a service rejected.
  public static func deadLetters(_ service: ServiceName) -> Topic {
    Topic(
      "\(service.rawValue).dead-letters", .deadLetters, keyedBy: "as the original record", writtenBy: service.rawValue,
      holds:
        "Records that \(service.rawValue) rejected, with reason, original topic, partition, offset and bytes; which were replayed."
    )
  }
}

// MARK: - All of them

extension Topic {
  /// Every topic of a deployment.
  public static let catalogue: [Topic] =
    described + ServiceName.allCases.flatMap { [repartitioned($0), changelog($0), deadLetters($0)] }

  /// The topics that the portal reads. `billing` is not among them, because invoice amounts are private.
  public static let portalInputs: [Topic] = [.accounts, .requests, .decisions, .referrals, .rewards, .discounts, .payouts]
  /// The group id of the portal's consumers, which never join it.
  public static func portalGroup(prefix: String) -> String { "\(prefix)laurel.portal" }
  /// The topics that a service writes.
  public static func written(by service: ServiceName) -> [Topic] { catalogue.filter { $0.writtenBy == service.rawValue } }

  /// The topic with this name (without a deployment's prefix).
  public static func named(_ name: String) -> Topic? { catalogue.first { $0.name == name } }
}
