import Contracts
import Streaming
import Terms

/// Assigns monthly discounts for active referrals and opens welcome offers (PROGRAMS.md, A5 and B2–B10).
public enum DiscountsService {
  /// - Parameter programs: all programs of the deployment. Those without the sections `discounts` and `welcomeOffer` are ignored.
  public static func service(_ programs: Programs) -> Service {
    Service(.discounts, [AnyStage(Activity(programs: programs)), AnyStage(Allocation(programs: programs))])
  }
}

extension Program {
  /// Whether some version has monthly runs (rows B2–B9).
  var hasDiscounts: Bool { versions.contains { $0.discounts != nil } }
  /// Whether some version opens welcome offers (row A5).
  var hasWelcomeOffers: Bool { versions.contains { $0.welcomeOffer != nil } }
}
