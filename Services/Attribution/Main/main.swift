import Attribution
import Worker

ServiceMain.run(.attribution, summary: "Decides who referred whom and issues referral codes", AttributionService.service)
