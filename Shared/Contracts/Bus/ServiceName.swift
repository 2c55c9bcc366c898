/// The services that have a consumer group, a changelog and dead letters of their own.
public enum ServiceName: String, CaseIterable, Hashable, Sendable {
  case attribution
  case accrual
  case discounts
  case payouts
}
