import Contracts
import Streaming
import Terms

/// Handles every withdrawal from its request until the money has arrived or is back on the balance.
public enum PayoutsService {
  public static func service(_ programs: Programs) -> Service {
    Service(.payouts, [AnyStage(Withdrawals(programs: programs))])
  }
}
