import Contracts
import Streaming
import Terms

/// Who referred whom, and which codes there are.
public enum AttributionService {
  public static func service(_ programs: Programs) -> Service {
    Service(.attribution, [AnyStage(Accounts(programs: programs)), AnyStage(Codes(programs: programs))])
  }
}
