import Contracts
import Streaming
import Terms

/// Decides who referred whom, and issues referral codes.
public enum AttributionService {
  public static func service(_ programs: Programs) -> Service {
    Service(.attribution, [AnyStage(Accounts(programs: programs)), AnyStage(Codes(programs: programs))])
  }
}
