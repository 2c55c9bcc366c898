import Accrual
import Attribution
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
