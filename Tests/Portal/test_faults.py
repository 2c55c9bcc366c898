"""The portal loses nothing when it or the bus fails. Afterwards its figures equal those of the notices on the bus."""

import random
import signal
import sqlite3
import subprocess

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from broker import Bus
from client import Events
from shop import AMOUNT, Instance, Shop

REFEREES = 10_000
# The key stale.note of the English catalogue.
STALE = "not fully up to date"


@pytest.fixture(scope="module")
def ground(tmp_path_factory, host):
    """A separate broker, which is stopped, with topics, notices, and a portal that has read them."""
    bus = Bus(tmp_path_factory.mktemp("faults"), [])
    started = []

    def make(prefix, referees):
        bus.deploy([], prefix)
        shop = Shop(bus, prefix)
        shop.earn(referees)
        instance = Instance(bus, host, tmp_path_factory.mktemp(prefix.strip(".")), prefix)
        started.append(instance)
        return shop, instance

    yield make
    for instance in started:
        if instance.process and instance.process.poll() is None:
            instance.process.kill()
    bus.stop()


def test_killed_while_it_reads(ground):
    """At random moments while it reads 20,000 notices. Each start continues, and the figures equal those of the bus."""
    shop, portal = ground("kill.", REFEREES)
    chance, seen = random.Random(5), set()
    for _ in range(6):
        portal.start()
        try:
            portal.process.wait(timeout=chance.uniform(0.1, 0.9))
        except subprocess.TimeoutExpired:
            pass
        seen.add(str(portal.figures()))
        portal.end(signal.SIGKILL)
    portal.start()
    portal.comes_to(REFEREES)
    assert "503" in seen, f"the portal was never killed while it read: {seen}"
    # Kill it again while notices arrive.
    for _ in range(3):
        shop.earn(500)
        portal.end(signal.SIGKILL)
        portal.start()
    portal.comes_to(shop.count)
    entries = portal.olena.all("/v1/entries", 200)
    assert [int(entry["id"]) for entry in entries] == list(range(shop.count, 0, -1))
    portal.end(signal.SIGTERM)
    assert portal.process.returncode == 0


@pytest.mark.parametrize("damage", ["deleted", "cut", "garbage"])
@pytest.mark.parametrize("running", [False, True], ids=["stopped", "running"])
def test_a_damaged_file_is_built_anew(ground, damage, running):
    shop, portal = ground(f"{damage}-{running}.", 3_000)
    portal.start()
    portal.comes_to(shop.count)
    portal.end(signal.SIGTERM)
    path = portal.model
    # Everything is in the file. The log beside it, from which SQLite would repair the file, is empty.
    log = sqlite3.connect(path)
    log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    log.close()
    if running:
        portal.start()
        portal.bus.until(20, lambda: portal.ready()[0], "ready")
    if damage == "deleted":
        path.unlink()
    elif damage == "cut":
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size // 2)
    else:
        with path.open("r+b") as file:
            file.write(random.Random(1).randbytes(path.stat().st_size))
    if not running:
        portal.start()
    shop.earn(500)
    if running or damage != "deleted":
        portal.bus.until(20, lambda: portal.figures() and portal.metric("laurel_portal_rebuilds_total") == 1, "it is built anew")
    statuses = set()

    def done():
        figures = portal.figures()
        statuses.add(figures if isinstance(figures, int) else 200)
        return figures == (shop.count, AMOUNT * shop.count)

    portal.bus.until(40, done, f"the figures of {shop.count} referees; answers {statuses}")
    assert statuses <= {200, 503}, statuses


def test_a_page_while_it_is_built(ground):
    shop, portal = ground("page.", 6_000)
    portal.start()
    session, _ = portal.olena.enter()
    page = session.get(f"{portal.address}/cash")
    if page.status_code != 200:
        assert page.status_code == 503 and page.headers["Retry-After"] and page.headers["Refresh"] and "%" in page.text
    portal.comes_to(shop.count)
    assert session.get(f"{portal.address}/cash").status_code == 200


def test_a_gap_is_reported_and_heals(ground):
    shop, portal = ground("gap.", 10)
    portal.start()
    portal.bus.until(30, lambda: portal.ready()[0], "ready")
    shop.earn(5, skip=1)
    portal.bus.until(20, lambda: portal.metric("laurel_portal_missing_notices") == 1, "the gap is counted")
    portal.bus.until(20, lambda: "missing" in portal.ready()[1], "/readyz reports it")
    assert portal.ready()[0], "the portal must stay ready"
    shop.reward(10)
    shop.events.flush()
    portal.bus.until(20, lambda: portal.metric("laurel_portal_missing_notices") == 0, "the gap has healed")
    portal.bus.until(20, lambda: "missing" not in portal.ready()[1], "/readyz reports nothing")
    portal.comes_to(16)


def test_topics_that_are_made_again(ground):
    shop, portal = ground("again.", 200)
    portal.start()
    portal.comes_to(200)
    admin = AdminClient({"bootstrap.servers": portal.bus.bootstrap})
    names = ["again.rewards", "again.referrals"]
    for future in admin.delete_topics(names).values():
        future.result(20)
    portal.bus.until(20, lambda: not set(names) & set(admin.list_topics(timeout=5).topics), "the topics are gone")
    for future in admin.create_topics([NewTopic(name, 2, 1) for name in names]).values():
        future.result(20)
    shop.count, shop.events = 0, Events(portal.bus)
    shop.earn(50)
    portal.comes_to(50)


def test_pages_go_on_without_the_broker(ground):
    """A start without a broker serves what the earlier run had read. This is the last test, because the broker is stopped."""
    shop, portal = ground("away.", 200)
    portal.start()
    portal.comes_to(200)
    broker = portal.bus.processes[0]
    broker.send_signal(signal.SIGSTOP)
    try:
        session, _ = portal.olena.enter()
        as_of = portal.olena.get("/v1/summary").json()["asOf"]
        portal.bus.until(30, lambda: STALE in session.get(f"{portal.address}/cash").text, "the page is marked stale")
        assert portal.figures() == (200, AMOUNT * 200)
        assert portal.olena.get("/v1/summary").json()["asOf"] >= as_of
        portal.end(signal.SIGKILL)
        portal.start()
        assert portal.figures() == (200, AMOUNT * 200)
    finally:
        broker.send_signal(signal.SIGCONT)
    shop.earn(20)
    portal.comes_to(220)
