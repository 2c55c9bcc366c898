"""Measures the account pages through HTTP, on real Kafka: `LAUREL_BIN=.build/release bench.py [REFEREES]`.

One account has 1,000 referees, another REFEREES; every referee registered and earned once.
"""

import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Interop"))

from broker import Bus
from client import Account
from host import Host
from shop import AMOUNT, Instance, Shop

FEW, CALLS, VISIBLE = 1_000, 75, 30
PAGES = {"overview": "", "invited": "/invited", "book": "/book", "why": "/book/700"}


def quantiles(times):
    times = sorted(times)
    return f"{times[len(times) // 2] * 1000:7.2f} {times[len(times) * 99 // 100] * 1000:7.2f}"


def memory(instance, name):
    status = pathlib.Path(f"/proc/{instance.process.pid}/status").read_text()
    return int(status.split(name + ":")[1].split()[0]) // 1024


def run(folder, referees):
    bus, host = Bus(folder, []), Host(folder)
    portal = Instance(bus, host, folder, "")
    try:
        bus.deploy([])
        counts = {"few": FEW, "many": referees}
        begin = time.monotonic()
        for account, count in counts.items():
            Shop(bus, "", account).earn(count)
        print(f"written          {2 * sum(counts.values()):,} notices in {time.monotonic() - begin:.0f} s", flush=True)
        begin = time.monotonic()
        portal.start()
        bus.until(900, lambda: portal.ready()[0], "the portal has caught up")
        seconds = time.monotonic() - begin
        print(f"catching up      {2 * sum(counts.values()) / seconds:,.0f} notices/s of {seconds:.1f} s beside the broker", flush=True)
        accounts = {name: Account(portal, host, name, "cash") for name in counts}
        sessions = {name: account.enter()[0] for name, account in accounts.items()}
        print("page             p50 and p99 in ms, the same with many referees")
        # An account may send 5 requests per second.
        whole = {name: [] for name in counts}
        for page, path in PAGES.items():
            times = {name: [] for name in counts}
            for _ in range(CALLS):
                begin = time.monotonic()
                for name, session in sessions.items():
                    start = time.monotonic()
                    answer = session.get(f"{portal.address}/cash{path}")
                    times[name].append(time.monotonic() - start)
                    assert answer.status_code == 200, (name, path, answer.status_code)
                time.sleep(max(0, 0.21 - (time.monotonic() - begin)))
            print(f"{page:16} {quantiles(times['few'])} {quantiles(times['many'])}", flush=True)
            for name in counts:
                whole[name] += times[name]
        print(f"all              {quantiles(whole['few'])} {quantiles(whole['many'])}")
        delays = []
        for number in range(VISIBLE):
            name = f"new-{number}"
            shop, account = Shop(bus, "", name), Account(portal, host, name, "cash")
            begin = time.monotonic()
            shop.earn(1)
            while not account.get("/v1/summary").json()["balances"]:
                assert time.monotonic() - begin < 20, "a notice did not become visible within 20 s"
                time.sleep(0.02)
            delays.append(time.monotonic() - begin)
        print(f"notice visible   {quantiles(delays)} ms, p50 and the longest of {VISIBLE}")
        print(f"memory           {memory(portal, 'VmRSS')} MiB resident, {memory(portal, 'VmHWM')} MiB at most")
        assert accounts["many"].get("/v1/summary").json()["balances"][0]["balance"]["pending"] == AMOUNT * referees
    finally:
        if portal.process:
            portal.process.terminate()
        bus.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        run(pathlib.Path(folder), int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
