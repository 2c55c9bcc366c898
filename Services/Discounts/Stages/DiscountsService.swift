import Contracts
import Streaming
import Terms

/// The discounts service: who is an active referral, and what discount that earns (PROGRAMS.md, A5 and B1–B10).
public enum DiscountsService {
  /// - Parameter programs: the programs of the deployment; those without the sections `discounts` and `welcomeOffer` are passed over.
  public static func service(_ programs: Programs) -> Service {
    Service(.discounts, [AnyStage(Activity(programs: programs)), AnyStage(Allocation(programs: programs))])
  }
}

extension Program {
  /// Some version holds monthly runs (rows B2–B9).
  var hasDiscounts: Bool { versions.contains { $0.discounts != nil } }
  /// Some version opens welcome offers (row A5).
  var hasWelcomeOffers: Bool { versions.contains { $0.welcomeOffer != nil } }
}
