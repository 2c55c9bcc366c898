import Contracts
import Streaming
import Terms

/// What payments earn, and what the referrers have of it.
public enum AccrualService {
  /// - Parameter programs: the programs of the deployment, with all versions of their terms.
  public static func service(_ programs: Programs) -> Service {
    Service(.accrual, [AnyStage(EarningsStage(programs)), AnyStage(LedgerStage(programs))])
  }
}
