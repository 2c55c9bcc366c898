/// One topic of the bus, and what a reader has to know about it.
///
/// This file is the catalogue: what creates topics, subscribes to them and documents them reads it here.
/// All topics have the same number of partitions; keys are hashed with murmur2.
public struct Topic: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Written from outside Laurel.
    case input
    /// Public: what Laurel says.
    case notices
    /// From one stage to another, or a record on its way to its right partition.
    case internalStep
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

  private init(
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

// MARK: - From outside

extension Topic {
  public static let accounts = Topic(
    "accounts", .input, keyedBy: "account", writtenBy: "outside", holds: "Accounts registered, changed and closed.")
  public static let clicks = Topic(
    "clicks", .input, keyedBy: "code", writtenBy: "outside", holds: "Visits of referral links.")
  public static let billing = Topic(
    "billing", .input, keyedBy: "account (the payer)", writtenBy: "outside",
    holds: "Subscriptions, companies, invoices, payments, refunds and disputes.")
  public static let requests = Topic(
    "requests", .input, keyedBy: "account", writtenBy: "portal, the laurel command, outside",
    holds: "What owners of accounts and operators ask for.")
  public static let payoutResults = Topic(
    "payout-results", .input, keyedBy: "referrer", writtenBy: "payment provider adapter",
    holds: "What became of each payout.")
  public static let clock = Topic(
    "clock", .clock, keyedBy: "partition number", writtenBy: "the laurel command",
    holds: "Ticks of the virtual clock, one record on every partition; unused where services follow the system's time.")
}

// MARK: - Notices

extension Topic {
  public static let referrals = Topic(
    "referrals", .notices, keyedBy: "referee; owner for codes; code for clicks", writtenBy: "attribution",
    holds: "Codes issued, clicks counted, registrations attributed or rejected.")
  public static let rewards = Topic(
    "rewards", .notices, keyedBy: "referrer", writtenBy: "accrual",
    holds: "Every movement of a referrer's balance, with the balance after it, and every refusal.")
  public static let discounts = Topic(
    "discounts", .notices, keyedBy: "account; referrer for a referral's activity", writtenBy: "discounts",
    holds: "Tier assignments, welcome offers and the activity of referrals.")
  public static let payouts = Topic(
    "payouts", .notices, keyedBy: "referrer", writtenBy: "payouts",
    holds: "Instructions to the payment provider adapter, and the course of withdrawals.")
}

// MARK: - Steps between stages

extension Topic {
  public static let claims = Topic(
    "attribution.claims", .internalStep, keyedBy: "code", writtenBy: "attribution",
    holds: "Questions to the owner of a code: codes to take, registrations that name one.")
  public static let attributionAnswers = Topic(
    "attribution.answers", .internalStep, keyedBy: "account", writtenBy: "attribution",
    holds: "Answers of codes to accounts, and verdicts on registrations on their way to the referee.")
  public static let earnings = Topic(
    "accrual.earnings", .internalStep, keyedBy: "referrer", writtenBy: "accrual",
    holds: "What a payment, refund or dispute means for the referrer's balance.")
  public static let accrualAnswers = Topic(
    "accrual.answers", .internalStep, keyedBy: "referrer", writtenBy: "accrual",
    holds: "The ledger's answers to withdrawals, read by payouts.")
  public static let activity = Topic(
    "discounts.activity", .internalStep, keyedBy: "referrer", writtenBy: "discounts",
    holds: "Changes of what is known about a referee's subscriptions and payments.")

  /// Records found on a wrong partition, sent again under their right key.
  public static func rekeyed(_ service: ServiceName) -> Topic {
    Topic(
      "\(service.rawValue).rekeyed", .internalStep, keyedBy: "as the original topic", writtenBy: service.rawValue,
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
    [
      accounts, clicks, billing, requests, payoutResults, clock, referrals, rewards, discounts, payouts,
      claims, attributionAnswers, earnings, accrualAnswers, activity,
    ]
    + ServiceName.allCases.flatMap { [rekeyed($0), changelog($0), deadLetters($0)] }

  /// What a service writes.
  public static func written(by service: ServiceName) -> [Topic] { catalogue.filter { $0.writtenBy == service.rawValue } }

  /// The topic of that name (without a deployment's prefix).
  public static func named(_ name: String) -> Topic? { catalogue.first { $0.name == name } }
}
