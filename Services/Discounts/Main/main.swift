import Discounts
import Worker

ServiceMain.run(
  .discounts, summary: "Assigns monthly discounts for active referrals and opens welcome offers", DiscountsService.service)
