import Payouts
import Worker

ServiceMain.run(.payouts, summary: "Handles withdrawals from the request to the payment", PayoutsService.service)
