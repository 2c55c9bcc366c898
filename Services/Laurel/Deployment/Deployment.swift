import Accrual
import Attribution
import Contracts
import Discounts
import Payouts
import Streaming
import Terms

/// All of Laurel's services: what a simulation runs together, and what the bus carries.
public enum Deployment {
  /// In the order in which an event usually meets them.
  /// - Parameter programs: the programs of the deployment, with all versions of their terms.
  public static func services(_ programs: Programs) -> [Service] {
    [
      AttributionService.service(programs), AccrualService.service(programs), DiscountsService.service(programs),
      PayoutsService.service(programs),
    ]
  }
}

extension Deployment {
  /// What a row of a service's state says, as facts under a code; nil: nothing that there is a story of.
  public static func describe(_ row: StageRow, of service: ServiceName) throws -> Because? {
    switch service {
    case .attribution: try AttributionService.describe(row)
    case .accrual: try AccrualService.describe(row)
    case .discounts: try DiscountsService.describe(row)
    case .payouts: try PayoutsService.describe(row)
    }
  }
}

extension Deployment {
  /// What must hold among the rows of one stage, program and key of a service; nil: nothing is asked of that stage's.
  public static func audit(stage: String, of service: ServiceName) -> (any RowAudit)? {
    switch service {
    case .attribution: AttributionService.audit(stage: stage)
    case .accrual: AccrualService.audit(stage: stage)
    case .discounts: DiscountsService.audit(stage: stage)
    case .payouts: PayoutsService.audit(stage: stage)
    }
  }

  /// A referrer's balance, if the row holds one.
  public static func balance(_ row: StageRow, of service: ServiceName) throws -> Balance? {
    service == .accrual ? try AccrualService.balance(row) : nil
  }

  /// Where accrual keeps a referrer's balance.
  public static func balanceKey(program: ProgramID, referrer: String, currency: Currency) -> [UInt8] {
    AccrualService.balanceKey(program: program, referrer: referrer, currency: currency)
  }
}
