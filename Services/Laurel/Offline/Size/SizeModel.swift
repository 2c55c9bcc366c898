import Contracts

/// The load of a deployment.
package struct Workload: Sendable, Encodable {
  package var accounts: Int
  package var paymentsPerDay: Int
  /// Percentage of the accounts that were referred by another one.
  package var referredPercent = 100
  /// Average number of referees of a referrer.
  package var refereesPerAccount = 10
  /// Referees of the account with the most.
  package var refereesMax = 100_000
  /// Payments of the busiest hour, relative to an average hour.
  package var peakFactor = 30
  /// How long payments are kept. Topics only grow, and so does state without a refund window.
  package var years = 3
  /// `reward.refundWindow` of the terms, in days. `nil` if refunds count forever.
  package var windowDays: Int?
  /// CPU cores of an instance, which runs one thread on each.
  package var cores = 4
}

/// Computes what a workload needs from the constants in `Measured`. Pure.
package struct SizeModel {
  package let load: Workload

  package init(_ load: Workload) { self.load = load }

  // MARK: How much there is

  package var referrals: Double { Double(load.accounts) * Double(load.referredPercent) / 100 }
  package var referrers: Double { (referrals / Double(load.refereesPerAccount)).rounded(.up) }
  package var payments: Double { Double(load.paymentsPerDay) * 365 * Double(load.years) }
  /// Payments that a refund could still change.
  package var openPayments: Double {
    min(payments, load.windowDays.map { Double(load.paymentsPerDay) * Double($0) } ?? payments)
  }
  package var peakPaymentsPerSecond: Double { Double(load.paymentsPerDay) / 86_400 * Double(load.peakFactor) }
  /// Accounts register evenly over the years, with the same peaks as payments.
  private var peakReferralsPerSecond: Double {
    referrals / (365 * 86_400 * Double(load.years)) * Double(load.peakFactor)
  }
  /// Number of inputs to publish for a rebuild: accounts, codes, payments.
  package var events: Double { Double(load.accounts) + referrers + payments }
  private var runs: Double { referrers * 12 * Double(load.years) }
  private var notices: Double { referrers + runs + referrals + 2 * payments }

  // MARK: State

  /// Rows that a service keeps, and the bytes of their keys and values.
  package func state(of service: ServiceName) -> Kept {
    guard let cost = Measured.state[service] else { return Kept(0, 0) }
    return cost.referrer * referrers + cost.referral * referrals + cost.payment * openPayments
      + cost.closedPayment * (payments - openPayments)
  }

  /// The service with the most rows.
  private var largest: ServiceName {
    ServiceName.allCases.max { state(of: $0).rows < state(of: $1).rows } ?? .accrual
  }

  private func disk(of service: ServiceName) -> Double {
    state(of: service).bytes * Measured.stateMargin.used * Measured.storeOnDisk.used
  }

  // MARK: Work

  /// Threads that are busy in the busiest hour.
  package func threads(of service: ServiceName) -> Double {
    let micros =
      switch service {
      case .attribution: peakReferralsPerSecond * Measured.referralCPU.used
      case .accrual: peakPaymentsPerSecond * (Measured.accrualPaymentCPU.used + Measured.creditCPU.used)
      case .discounts: peakPaymentsPerSecond * Measured.discountsPaymentCPU.used
      case .payouts: 0.0
      }
    return micros / 1e6 / Measured.utilization.used
  }

  private var threadsMax: Double { ServiceName.allCases.map(threads).max() ?? 0 }

  // MARK: Partitions, instances, brokers

  /// Their number is final, so it leaves room for twice the load. Each is restored in time, and every instance gets at least one.
  package var partitions: Int {
    let byWork = 2 * threadsMax
    let byRestore = state(of: largest).rows * Measured.restoreCPU.used / 1e6 / Measured.restoreSecondsMax.used
    let byDisk = ServiceName.allCases.map(instancesByDisk).max() ?? 0
    var partitions = 12
    while Double(partitions) < max(byWork, byRestore, byDisk) { partitions *= 2 }
    return partitions
  }

  private func instancesByDisk(_ service: ServiceName) -> Double {
    (disk(of: service) / Measured.instanceDiskMax.used).rounded(.up)
  }

  /// At least two, so that one can be replaced.
  package func instances(of service: ServiceName) -> Int {
    let byWork = (threads(of: service) / Double(load.cores)).rounded(.up)
    return min(partitions, Int(max(2, byWork, instancesByDisk(service))))
  }

  /// Twice its state, for compaction and for the partitions of an instance that is down.
  package func diskPerInstance(of service: ServiceName) -> Double {
    2 * disk(of: service) / Double(instances(of: service))
  }

  package func memoryPerInstance(of service: ServiceName) -> Double {
    let stores = (Double(partitions) / Double(instances(of: service))).rounded(.up)
    return Measured.instanceMemory.used + 2 * stores * Measured.storeMemory.used
  }

  /// Inputs and notices forever, internal messages for a week (which may contain a month's payments), and changelogs.
  package var brokerBytes: Double {
    let forever =
      referrers * Measured.referrerTopics.used + referrals * Measured.referralTopics.used + payments * Measured.paymentTopics.used
      + runs * Measured.runTopics.used
    let week = Double(load.paymentsPerDay) * min(30, 7 * Double(load.peakFactor)) * Measured.paymentInternal.used
    let changelogs = ServiceName.allCases.reduce(0) {
      $0 + state(of: $1).bytes * Measured.stateMargin.used + state(of: $1).rows * Measured.changelogRow.used
    }
    return (forever + week + changelogs * Measured.changelogUncompacted.used) * Measured.replication.used
  }

  package var brokers: Int {
    let cpu = peakPaymentsPerSecond * Measured.brokerPaymentCPU.used / 1e6 * Measured.replication.used
    return Int(
      max(
        3, (cpu / Measured.brokerCores.used / Measured.utilization.used).rounded(.up),
        (brokerBytes / Measured.brokerDiskMax.used).rounded(.up)))
  }

  /// A third of it stays free.
  package var diskPerBroker: Double { 1.5 * brokerBytes / Double(brokers) }

  /// Partitions that a broker holds, copies included.
  package var partitionsPerBroker: Int {
    Topic.catalogue.count * partitions * Int(Measured.replication.used) / brokers
  }

  // MARK: Times, in seconds

  package var restoreOfPartition: Double { restore(rows: state(of: largest).rows / Double(partitions)) }

  /// All partitions of an instance from an empty disk, with one thread per core.
  package var restoreOfInstance: Double {
    restore(rows: state(of: largest).rows / Double(instances(of: largest)) / Double(load.cores))
  }

  private func restore(rows: Double) -> Double { rows * Measured.restoreCPU.used / 1e6 }

  /// Publishes all inputs again into an empty deployment. Takes as long as the slower of the publisher and accrual.
  package var rebuild: Double {
    let publishing = events * Measured.publishCPU.used
    let accrual = payments * (Measured.accrualPaymentCPU.used + Measured.creditCPU.used) / capacity(of: .accrual)
    return max(publishing, accrual) / 1e6
  }

  /// The runs of all accounts, which are due at the same instant.
  package var monthlyRun: Double {
    (referrers * Measured.runCPU.used + referrals * Measured.refereeOfRunCPU.used) / 1e6 / capacity(of: .discounts)
  }

  /// How long the run of the largest account delays others of its partition.
  package var largestRun: Double { Double(load.refereesMax) * Measured.refereeOfRunCPU.used / 1e6 }

  /// Number of cores that may be busy.
  private func capacity(of service: ServiceName) -> Double {
    Double(instances(of: service) * load.cores) * Measured.utilization.used
  }

  // MARK: Account pages

  /// Each instance of the portal keeps all notices.
  package var portalDisk: Double { notices * Measured.noticeOfPortal.used }
  package var portalCatchUp: Double { notices * Measured.noticeOfPortalCPU.used / 1e6 }
}
