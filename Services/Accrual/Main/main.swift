import Accrual
import Worker

ServiceMain.run(
  .accrual, summary: "Turns payments of referees into rewards, and keeps the balances of referrers", AccrualService.service)
