"""The data behind the pages: the demo's three programs, an account with many referees, and accounts with little."""

import datetime
import json
import subprocess

from broker import Bus
from ground import BIN, ROOT

DEMO = ["bonus", "cash", "tiers"]
# "metro" invites this many companies.
REFEREES = 130
# The clock's time: after the demo's last event, when all rewards of "metro" but the last are available.
NOW = "2026-06-20T12:00:00.000Z"


class Sandbox:
    """Services that follow the clock on the bus, on their own topics. Filled when the constructor returns."""

    prefix = "sandbox."

    def __init__(self, bus: Bus):
        self.bus = bus
        self.count = 0
        first = len(bus.processes)
        bus.deploy(["attribution", "accrual", "discounts", "payouts"], self.prefix, options=["--clock", "bus"])
        self.attribution = bus.processes[first]
        demo = [ROOT / "ops" / "demo" / f"{name}.jsonl" for name in DEMO]
        lines = [line for path in demo for line in path.read_text().splitlines()]
        lines.sort(key=lambda line: json.loads(line)["time"])
        self.publish(lines, "--in-order", "--yes")
        earned, spent = self.picture()
        self.publish(self.many() + self.few() + earned)
        self.laurel("clock", "set", NOW)
        self.publish(spent)

    def laurel(self, *command):
        return self.bus.output(BIN / "laurel", *command, *self.bus.connection(self.prefix))

    def publish(self, events, *options):
        lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
        done = subprocess.run(
            [str(BIN / "laurel"), "publish", "-", *options, *self.bus.connection(self.prefix)], input="\n".join(lines) + "\n",
            capture_output=True, text=True, env=self.bus.environment)
        assert done.returncode == 0 and "skipped" not in done.stderr, (done.stdout, done.stderr)

    def event(self, type, program, time, **data):
        self.count += 1
        return {
            "specversion": "1.0", "id": f"sandbox-{self.count}", "source": "/sandbox", "type": type, "time": time, "program": program,
            "datacontenttype": "application/json", "data": data,
        }

    def payment(self, name, account, time, currency, amount):
        return self.event(
            "payment.settled.v1", "cash", time, payment=name, account=account, paidAt=time, currency=currency,
            lines=[{"sku": "hosting", "kind": "service", "category": "shared-hosting", "amount": amount}])

    def many(self):
        """"metro" in cash: many referees, in two currencies."""
        start = datetime.datetime(2026, 5, 3, 9)
        events = [
            self.event(
                "account.registered.v1", "cash", "2026-05-03T07:00:00.000Z", account="metro",
                registeredAt="2026-05-03T07:00:00.000Z", kind="individual", country="UA"),
            self.event(
                "code.requested.v1", "cash", "2026-05-03T08:00:00.000Z", request="code-metro", account="metro",
                requestedAt="2026-05-03T08:00:00.000Z", vanity="METRO"),
        ]
        for number in range(1, REFEREES + 1):
            name, time = f"client-{number:03}", stamp(start + datetime.timedelta(hours=6 * number))
            events.append(self.event(
                "account.registered.v1", "cash", time, account=name, registeredAt=time,
                referral={"landingURL": "https://hosting.example/?page=METRO", "channel": "link"}))
            if number % 3 == 0:
                paid = stamp(start + datetime.timedelta(hours=6 * number + 1))
                events.append(self.payment(f"{name}-1", name, paid, "USD", 1000 + 7 * number))
            if number % 20 == 0:
                paid = stamp(start + datetime.timedelta(hours=6 * number + 2))
                events.append(self.payment(f"{name}-2", name, paid, "KZT", 5_000_000 + number))
        return events

    def picture(self):
        """"aurora" in bonus: some of everything, for README's picture. First the event for its code, then the events that need the code."""
        def registered(number, time):
            return self.event(
                "account.registered.v1", "bonus", time, account=f"studio-{number}", registeredAt=time,
                referral={"landingURL": "https://doc.example/?ref=AURORA", "channel": "link"})

        def paid(number, time, amount):
            return self.event(
                "payment.settled.v1", "bonus", time, payment=f"studio-{number}-1", account=f"studio-{number}", paidAt=time,
                currency="KZT", lines=[{"sku": "business-year", "kind": "plan", "plan": "Business", "amount": amount}])

        def visited(number):
            time = f"2026-05-11T10:{number:02}:00.000Z"
            return self.event(
                "link.visited.v1", "bonus", time, code="AURORA", url="https://doc.example/?ref=AURORA", visitedAt=time,
                visitor=f"v-{number}")

        asked, spent, captured = "2026-05-10T09:00:00.000Z", "2026-06-05T09:00:00.000Z", "2026-06-05T09:05:00.000Z"
        return [
            self.event("code.requested.v1", "bonus", asked, request="code-aurora", account="aurora", requestedAt=asked, vanity="AURORA"),
            *[registered(number, f"2026-05-{11 + number}T09:00:00.000Z") for number in range(1, 10)],
            *[paid(number, f"2026-05-{12 + number}T09:00:00.000Z", 18_000_000 + 3_600_000 * number) for number in range(1, 5)],
            *[paid(number, f"2026-06-{8 + number}T09:00:00.000Z", 24_000_000) for number in range(5, 7)],
        ], [
            *[visited(number) for number in range(41)],
            self.event(
                "bonus.spendRequested.v1", "bonus", spent, request="spend-aurora", account="aurora", requestedAt=spent,
                amount=3_500_000, currency="KZT", invoice="aurora-2026-06", kinds=["plan"]),
            self.event("bonus.spendCaptured.v1", "bonus", captured, request="spend-aurora", account="aurora", capturedAt=captured),
        ]

    def few(self):
        """In bonus: "quiet" has a code and no referrals; "novel" has a welcome offer that is open, and no code."""
        return [
            self.event(
                "code.requested.v1", "bonus", "2026-06-01T08:00:00.000Z", request="code-quiet", account="quiet",
                requestedAt="2026-06-01T08:00:00.000Z", vanity="QUIET"),
            self.event(
                "account.registered.v1", "bonus", "2026-06-15T09:00:00.000Z", account="novel", registeredAt="2026-06-15T09:00:00.000Z",
                referral={"landingURL": "https://doc.example/?ref=ACME", "channel": "link"}),
        ]


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
