"""Notices that no service has made, and a portal over them that can be killed, for the tests of faults and the bench."""

import re
import subprocess

import requests

from broker import free_port
from client import Account, Events
from ground import BIN, ROOT, needs

AMOUNT = 500


class Shop:
    """Notices of one account, numbered as by the services, on separate topics."""

    def __init__(self, bus, prefix, account="olena"):
        self.prefix, self.account, self.count, self.events = prefix, account, 0, Events(bus)

    def earn(self, referees, skip=0):
        """Each referee registers and gets a reward for one payment. `skip` numbers are left out before."""
        self.count += skip
        for _ in range(referees):
            self.reward(self.count)
            self.count += 1
        self.events.flush()

    def reward(self, number):
        at, referee = f"2026-0{number % 9 + 1}-01T00:00:00.000Z", f"{self.account}-referee-{number}"
        time = f"{number // 3_600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"
        shared = {"referrer": self.account, "referee": referee, "terms": "cash@1", "because": []}
        self.events.send(f"{self.prefix}referrals", referee, "referral.attributed.v1", shared | {
            "referral": f"{self.account}/{referee}", "registeredAt": at, "attributedAt": at}, "cash", at, sequence=1)
        self.events.send(f"{self.prefix}rewards", self.account, "reward.accrued.v1", shared | {
            "reward": f"{self.account}/{number}", "payment": f"{self.account}-{number}", "amount": AMOUNT, "currency": "USD", "base": 10 * AMOUNT,
            "accruedAt": at, "availableAt": f"2036-01-{number // 86_400 + 1:02}T{time}.000Z", "balance": {
                "currency": "USD", "pending": AMOUNT * (number + 1), "available": 0, "locked": 0, "reserved": 0, "spent": 0, "paid": 0,
                "reversed": 0, "corrected": 0},
        }, "cash", at, sequence=number + 1)


class Instance:
    """A portal that can be killed and restarted over the same folder."""

    def __init__(self, bus, host, folder, prefix):
        pages, http = free_port(), free_port()
        self.bus, self.folder, self.process = bus, folder, None
        self.address, self.health = f"http://127.0.0.1:{pages}", f"http://127.0.0.1:{http}"
        self.command = [str(part) for part in (
            needs(BIN / "portal", "the portal"), *bus.connection(prefix), "--terms", ROOT / "ops" / "terms", "--state", folder / "state",
            "--keys", host.key_file, "--pages", f"127.0.0.1:{pages}", "--http", f"127.0.0.1:{http}", "--host-origin", host.origin)]
        self.olena = Account(self, host, "olena", "cash")

    def start(self):
        with (self.folder / "portal.log").open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, env=self.bus.environment)
        self.bus.until(20, self.serves, "the portal serves pages")

    def serves(self):
        try:
            return self.status("/assets/style.css") == 200
        except requests.ConnectionError:
            return False

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait(timeout=20)

    def status(self, path):
        return requests.get(self.address + path, timeout=20).status_code

    def ready(self):
        answer = requests.get(f"{self.health}/readyz", timeout=20)
        return answer.status_code == 200, answer.text

    def metric(self, name):
        return float(re.search(rf"^{name} (\S+)$", requests.get(f"{self.health}/metrics", timeout=20).text, re.M).group(1))

    def figures(self):
        """Referees and pending money, or the status of an answer without figures."""
        answer = self.olena.get("/v1/summary")
        if answer.status_code != 200:
            return answer.status_code
        summary = answer.json()
        return summary["referees"]["invited"], sum(found["balance"]["pending"] for found in summary["balances"])

    def comes_to(self, count, seconds=40):
        self.bus.until(seconds, lambda: self.figures() == (count, AMOUNT * count), f"the figures of {count} referees")

    @property
    def model(self):
        return next((self.folder / "state").glob("model-*.sqlite"))
