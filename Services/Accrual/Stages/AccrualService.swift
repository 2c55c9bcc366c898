import Contracts
import Streaming
import Terms

/// Computes rewards from payments and keeps the referrers' balances.
public enum AccrualService {
  /// - Parameter programs: all programs of the deployment, with every version of their terms.
  public static func service(_ programs: Programs) -> Service {
    Service(.accrual, [AnyStage(EarningsStage(programs)), AnyStage(LedgerStage(programs))])
  }
}
