import Attribution
import Worker

ServiceMain.run(.attribution, summary: "who referred whom: codes, registrations, clicks", AttributionService.service)
