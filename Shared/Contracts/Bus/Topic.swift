/// One topic of the bus, and what a reader has to know about it.
///
/// ops/contracts/messages/topics.yaml describes those with a name of their own; those that each service has are described here. All topics
/// have the same number of partitions; keys are hashed with murmur2.
public final class Topic: Sendable {
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Written from outside Laurel.
    case input
    /// Public: what Laurel says.
    case notices
    /// From one stage to another, or a record on its way to its right partition.
    case `internal`
    /// State of one service, compacted.
    case changelog
    /// What could not be read, with its reason.
    case deadLetters
    /// Ticks of the virtual clock.
    case clock
  }

  /// Without a deployment's prefix.
  public let name: String
  public let kind: Kind
  /// What the record key is.
  public let keyedBy: String
  public let writtenBy: String
  /// One sentence about its messages.
  public let holds: String
  /// `cleanup.policy=compact`: the latest record of each key is kept for ever.
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
  /// Records found on a wrong partition, sent again under their right key. On the bus it keeps its first name.
  public static func repartitioned(_ service: ServiceName) -> Topic {
    Topic(
      "\(service.rawValue).rekeyed", .internal, keyedBy: "as the original topic", writtenBy: service.rawValue,
      holds:
        "Records that \(service.rawValue) found on a wrong partition, sent again under their right key; dead letters sent to it again."
    )
  }

  /// The state of a service: what its store is rebuilt from.
  public static func changelog(_ service: ServiceName) -> Topic {
    Topic(
      "\(service.rawValue).changelog", .changelog, keyedBy: "key in the store", writtenBy: service.rawValue,
      holds: "The state of \(service.rawValue), from which a lost store is rebuilt.", compacted: true)
  }

  /// What a service refused to read.
  public static func deadLetters(_ service: ServiceName) -> Topic {
    Topic(
      "\(service.rawValue).dead-letters", .deadLetters, keyedBy: "as the original record", writtenBy: service.rawValue,
      holds:
        "Records that \(service.rawValue) could not read, with reason, original topic, partition, offset and bytes; which were replayed."
    )
  }
}

// MARK: - All of them

extension Topic {
  /// Every topic of a deployment.
  public static let catalogue: [Topic] =
    described + ServiceName.allCases.flatMap { [repartitioned($0), changelog($0), deadLetters($0)] }

  /// What the portal shows. `billing` is not among them: amounts of invoices are nobody else's business.
  public static let portalInputs: [Topic] = [.accounts, .requests, .decisions, .referrals, .rewards, .discounts, .payouts]
  /// The group that the portal's consumers ask for, and that nobody joins.
  public static func portalGroup(prefix: String) -> String { "\(prefix)laurel.portal" }
  /// What a service writes.
  public static func written(by service: ServiceName) -> [Topic] { catalogue.filter { $0.writtenBy == service.rawValue } }

  /// The topic of that name (without a deployment's prefix).
  public static func named(_ name: String) -> Topic? { catalogue.first { $0.name == name } }
}
