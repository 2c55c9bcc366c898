/// The services that have a consumer group, a changelog and dead letters of their own.
public enum ServiceName: String, CaseIterable, Hashable, Sendable {
  case attribution
  case accrual
  case discounts
  case payouts
}

extension ServiceName {
  /// Its consumer group, unless `--group` names another.
  /// - Parameter prefix: the deployment's topic prefix, so that deployments on one broker do not mix.
  public func group(prefix: String) -> String { "\(prefix)laurel.\(rawValue)" }

  /// What the transactional ids of all its instances begin with; the instance's name follows.
  public func transactionalIDs(prefix: String) -> String { "\(prefix)\(rawValue)." }
}
