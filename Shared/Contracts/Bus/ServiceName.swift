/// The services. Each has its own consumer group, changelog and dead letters.
public enum ServiceName: String, CaseIterable, Hashable, Sendable {
  case attribution
  case accrual
  case discounts
  case payouts
}

extension ServiceName {
  /// The service's consumer group, unless `--group` names another.
  /// - Parameter prefix: the deployment's topic prefix, which separates deployments on one broker.
  public func group(prefix: String) -> String { "\(prefix)laurel.\(rawValue)" }

  /// The prefix of the transactional ids of all its instances. The instance's name follows.
  public func transactionalIDs(prefix: String) -> String { "\(prefix)\(rawValue)." }
}
