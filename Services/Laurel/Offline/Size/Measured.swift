import Contracts

/// A constant of the model.
package struct Constant: Sendable {
  package let name: String
  package let value: Double
  package let unit: String
  /// The command that measures it, or "assumed".
  package let source: String
  /// The factor that the model multiplies it by.
  package let margin: Double

  /// The value with its margin.
  package var used: Double { value * margin }
}

/// Rows that stay in a service's state, and the bytes of their keys and values.
package struct Kept: Sendable, Equatable {
  package var rows: Double
  package var bytes: Double

  package init(_ rows: Double, _ bytes: Double) {
    self.rows = rows
    self.bytes = bytes
  }

  static func + (left: Kept, right: Kept) -> Kept { Kept(left.rows + right.rows, left.bytes + right.bytes) }
  static func * (one: Kept, count: Double) -> Kept { Kept(one.rows * count, one.bytes * count) }
}

/// What one referrer, referral or payment adds to the state of a service.
package struct StateCost: Sendable {
  /// An account that refers, with its code.
  package let referrer: Kept
  package let referral: Kept
  /// A payment with its credited reward.
  package let payment: Kept
  /// A payment after its refund window.
  package let closedPayment: Kept
}

/// Every constant of the model, with its unit, the command that measured it, and its margin.
///
/// They were measured on two shared cores that also ran the broker. `bench-state` commits after every event, which costs far more
/// than a worker's batches, and has a million other events in its state, so its figures need no margin. `make bench` has a small
/// state. An event among a million costs up to twice as much (ops/docs/STATE.md), so the margin is 2. Bytes have a margin of 1.3,
/// for longer ids and for payments of several lines.
package enum Measured {
  private static let size = "laurel-bench size 2000"
  private static let demo = "laurel simulate, ops/demo"

  private static func cpu(_ name: String, _ value: Double, _ source: String, margin: Double) -> Constant {
    Constant(name: name, value: value, unit: "CPU µs", source: source, margin: margin)
  }
  package static let referralCPU = cpu("a referral, all services", 473, "make bench-state", margin: 1)
  package static let accrualPaymentCPU = cpu("a payment, accrual", 233, "make bench", margin: 2)
  package static let creditCPU = cpu("the credit of its reward, accrual", 122, "make bench-state", margin: 1)
  package static let discountsPaymentCPU = cpu(
    "a payment, discounts", 379, "make bench-state (accrual and discounts together)", margin: 1)
  package static let runCPU = cpu(
    "a monthly run of an account, discounts", 600, "make bench-state (one with 1,000 referees)", margin: 1)
  package static let refereeOfRunCPU = cpu("a referee in a monthly run, discounts", 0.7, "make bench-state", margin: 2)
  package static let brokerPaymentCPU = cpu("a payment and its credit, broker", 348, size, margin: 2)
  package static let publishCPU = cpu("an event, laurel publish", 28, size, margin: 2)
  package static let restoreCPU = cpu("a row restored", 10, "laurel-bench size, debug build", margin: 2)
  package static let noticeOfPortalCPU = cpu("a notice read by the portal", 14, "laurel-bench portal 1000000", margin: 2)

  private static func bytes(_ name: String, _ value: Double, _ source: String) -> Constant {
    Constant(name: name, value: value, unit: "B", source: source, margin: 1.3)
  }
  package static let referrerTopics = bytes("a referrer, inputs and notices", 1119, size)
  package static let referralTopics = bytes("a referral, inputs and notices", 2148, "\(size); \(demo)")
  package static let paymentTopics = bytes("a payment and its credit, inputs and notices", 2128, size)
  package static let runTopics = bytes("a monthly run of an account, notices", 676, demo)
  package static let paymentInternal = bytes("a payment, messages between services", 864, size)
  package static let noticeOfPortal = bytes("a notice in the portal's read model", 500, "laurel-bench portal 1000000")
  package static let storeOnDisk = Constant(
    name: "state on disk, per byte of keys and values", value: 0.5, unit: "", source: size, margin: 1.3)
  package static let instanceMemory = Constant(
    name: "memory of an instance", value: 233 * 1_048_576, unit: "B", source: "make bench", margin: 1.5)

  private static func assumed(_ name: String, _ value: Double, _ unit: String = "", source: String = "assumed") -> Constant {
    Constant(name: name, value: value, unit: unit, source: source, margin: 1)
  }
  package static let changelogRow = assumed("a row in the changelog, apart from key and value", 20, "B")
  package static let changelogUncompacted = assumed(
    "an uncompacted changelog, relative to a compacted one", 2, source: "assumed: Kafka compacts when half of it is new")
  package static let storeMemory = assumed("buffers of a partition's store", 16_777_216, "B", source: "set by the program")
  package static let utilization = assumed("share of a core that may be busy", 0.6)
  package static let replication = assumed("copies of every topic", 3)
  package static let brokerCores = assumed("cores of a broker", 8)
  package static let brokerDiskMax = assumed("usable disk of a broker", 8e12, "B")
  package static let instanceDiskMax = assumed("state of an instance on disk, at most", 500e9, "B")
  package static let restoreSecondsMax = assumed("restore of a partition, at most", 600, "s")

  package static let all = [
    referralCPU, accrualPaymentCPU, creditCPU, discountsPaymentCPU, runCPU, brokerPaymentCPU, publishCPU, restoreCPU,
    refereeOfRunCPU, noticeOfPortalCPU, referrerTopics, referralTopics, paymentTopics, runTopics, paymentInternal, noticeOfPortal,
    storeOnDisk, instanceMemory, changelogRow, changelogUncompacted, storeMemory, stateMargin, utilization, replication,
    brokerCores, brokerDiskMax, instanceDiskMax, restoreSecondsMax,
  ]

  /// Measured by `make bench-size`, with the same result on every machine. `SizeTests` measures them again. The few rows that
  /// payouts keeps per withdrawal are not in the model.
  package static let state: [ServiceName: StateCost] = [
    .attribution: StateCost(
      referrer: Kept(7, 490), referral: Kept(5, 403), payment: Kept(0, 0), closedPayment: Kept(0, 0)),
    .accrual: StateCost(
      referrer: Kept(3, 387), referral: Kept(2, 223), payment: Kept(2.1, 778), closedPayment: Kept(1.1, 104)),
    .discounts: StateCost(
      referrer: Kept(6, 626), referral: Kept(9.1, 1260), payment: Kept(2.1, 301), closedPayment: Kept(2.1, 301)),
  ]
  package static let stateMargin = Constant(
    name: "state below, margin for other data", value: 1, unit: "", source: "make bench-size", margin: 1.3)
}
