import Accrual
import Attribution
import Contracts
import Discounts
import Payouts
import Streaming
import Terms

/// All of Laurel's services. A simulation runs them together.
public enum Deployment {
  /// The services, in the order in which an event usually reaches them.
  ///
  /// - Parameter programs: the programs of the deployment, with all versions of their terms.
  public static func services(_ programs: Programs) -> [Service] {
    [
      AttributionService.service(programs), AccrualService.service(programs), DiscountsService.service(programs),
      PayoutsService.service(programs),
    ]
  }
}

extension Deployment {
  /// What an event in a row waits for, in words. `nil` if the row holds no waiting event.
  public static func waiting(_ row: StageRow, of service: ServiceName) throws -> String? {
    switch service {
    case .attribution: try AttributionService.waiting(row)
    case .accrual: try AccrualService.waiting(row)
    case .discounts, .payouts: nil
    }
  }

  /// Checks what must hold among the rows of one stage, program and key. `nil` if the stage has no such rule.
  public static func audit(stage: String, of service: ServiceName) -> (any RowAudit)? {
    switch service {
    case .attribution: AttributionService.audit(stage: stage)
    case .accrual: AccrualService.audit(stage: stage)
    case .discounts: DiscountsService.audit(stage: stage)
    case .payouts: PayoutsService.audit(stage: stage)
    }
  }

  /// The referrer's balance in a row, or `nil` if the row contains none.
  public static func balance(_ row: StageRow, of service: ServiceName) throws -> Balance? {
    service == .accrual ? try AccrualService.balance(row) : nil
  }

  /// The open withdrawal in a row, or `nil` if the row contains none.
  public static func openWithdrawal(_ row: StageRow, of service: ServiceName) throws -> OpenWithdrawal? {
    service == .payouts ? try PayoutsService.openWithdrawal(row) : nil
  }

  /// The key of the row in which accrual keeps a referrer's balance.
  public static func balanceKey(program: ProgramID, referrer: String, currency: Currency) -> [UInt8] {
    AccrualService.balanceKey(program: program, referrer: referrer, currency: currency)
  }
}
