import Payouts
import Worker

ServiceMain.run(.payouts, summary: "Sees withdrawals through, from the request to the payment", PayoutsService.service)
