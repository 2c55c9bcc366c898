import Contracts
import Streaming
import Terms

/// The course of every withdrawal, from its request to the money's arrival.
public enum PayoutsService {
  public static func service(_ programs: Programs) -> Service {
    Service(.payouts, [AnyStage(Withdrawals(programs: programs))])
  }
}
