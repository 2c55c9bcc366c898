import Accrual
import Worker

ServiceMain.run(
  .accrual, summary: "Computes rewards from referees' payments and keeps referrers' balances", AccrualService.service)
