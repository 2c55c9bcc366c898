"""The drill of BACKFILL.md: export a deployment, publish it to new topics with another number of partitions, and compare."""

import json
import os
import subprocess

import pytest
from confluent_kafka import Producer

from conftest import BIN, ROOT

SERVICES = ["attribution", "accrual", "discounts", "payouts"]


@pytest.fixture
def old(tmp_path):
    from broker import Bus

    bus = Bus(tmp_path, [])
    bus.deploy(SERVICES, "old.", 2)
    yield bus
    bus.stop()


def laurel(bus, prefix, *arguments, text=None, check=True):
    done = subprocess.run(
        [BIN / "laurel", *arguments, "--bootstrap", bus.bootstrap, "--topic-prefix", prefix], input=text, capture_output=True, text=True)
    assert done.returncode == 0 or not check, (arguments, done.stdout, done.stderr)
    return done


def notices(bus, prefix, quiet=3):
    """All notices, after no more arrive."""
    done = laurel(bus, prefix, "tail", "--json", "--from-beginning", "--until-quiet", str(quiet))
    return [json.loads(line) for line in done.stdout.splitlines()]


def event(message_type, program, account, name, /, **data):
    body = {"account": account, **data}
    return json.dumps({"specversion": "1.0", "id": f"{message_type}/{account}/{name}", "source": "/drill", "type": message_type,
                       "program": program, "data": body})


def day(number, month=1):
    return f"2026-{month:02}-{number:02}T09:00:00Z"


def plan(program, account, name, at, amount, **line):
    currency = {"bonus": "KZT", "cash": "USD"}[program]
    return event("payment.settled.v1", program, account, name, payment=name, paidAt=at, currency=currency,
                 lines=[{"sku": "plan", "kind": "plan", "amount": amount, **line}])


def spend(name, at, amount):
    return event("bonus.spendRequested.v1", "bonus", "acme", name, request=name, requestedAt=at, amount=amount, currency="KZT",
                 invoice=f"inv-{name}", kinds=["plan"])


def withdraw(name, at, amount):
    return event("withdrawal.requested.v1", "cash", "olena", name, request=name, requestedAt=at, amount=amount, currency="USD",
                 destination="acct-7")


def result(kind, name, at):
    return json.dumps({"specversion": "1.0", "id": f"{kind}/{name}", "source": "/drill", "type": kind, "program": "cash",
                       "data": {"payout": f"{name}#1", "referrer": "olena", "at": at, "reference": f"tr-{name}"}})


def history():
    """The parts are separated by waits, so that decisions depend on the earlier parts."""
    cash = {"category": "domain"}
    yield [event("code.requested.v1", "bonus", "acme", "c", request="c", requestedAt=day(1), vanity="ACME10"),
           event("code.requested.v1", "cash", "olena", "c", request="c", requestedAt=day(1), vanity="OLENA"),
           event("account.registered.v1", "cash", "olena", "r", registeredAt=day(1), kind="individual", country="UA")]
    yield [event("account.registered.v1", "bonus", f"beta-{number}", "r", registeredAt=day(2), referral={"code": "ACME10"}) for number in range(5)]
    yield [event("account.registered.v1", "cash", "client", "r", registeredAt=day(2), referral={"code": "OLENA"})]
    yield [plan("bonus", f"beta-{number}", f"p-{number}", day(10), 1_000_000) for number in range(5)] + [
        plan("cash", "client", "q-1", day(10), 6000, **cash), plan("cash", "client", "q-2", day(11), 100_000, **cash)]
    # 500,000 are available: too little at first, and enough after another payment.
    yield [spend("too-much", day(20, 2), 600_000), spend("s1", day(20, 2), 400_000),
           event("bonus.spendCaptured.v1", "bonus", "acme", "s1", request="s1", capturedAt=day(21, 2)),
           withdraw("w0", day(20, 2), 900_000), withdraw("w1", day(21, 2), 1000)]
    yield [result("payout.failed.v1", "w1", day(22, 2)), plan("bonus", "beta-0", "p-late", day(1, 3), 9_000_000)]
    yield [withdraw("w2", day(23, 2), 1000), event("bonus.spendReturned.v1", "bonus", "acme", "t1", **{"return": "t1"}, request="s1",
                                                   returnedAt=day(1, 4), amount=50_000)]
    yield [result("payout.settled.v1", "w2", day(24, 2)), result("payout.returned.v1", "w2", day(26, 2))]
    yield [withdraw("w3", day(1, 3), 1200), spend("s2", day(2, 4), 1_000_000)]
    yield [result("payout.settled.v1", "w3", day(2, 3)),
           event("bonus.spendReleased.v1", "bonus", "acme", "s2", request="s2", releasedAt=day(3, 4)), spend("s3", day(4, 4), 950_000),
           event("balance.correctionRequested.v1", "bonus", "acme", "k1", request="k1", amount=-7, currency="KZT", operator="maria",
                 decidedAt=day(5, 4), reason="rounding"),
           event("balance.correctionRequested.v1", "cash", "olena", "k2", request="k2", amount=500, currency="USD", operator="maria",
                 decidedAt=day(5, 4), reason="goodwill")]
    # The spent amount is reversed, so the balance falls below 0.
    yield [event("payment.refunded.v1", "bonus", "beta-0", "f1", refund="f1", payment="p-late", refundedAt=day(10, 4), currency="KZT", amount=9_000_000),
           event("payment.disputed.v1", "cash", "client", "d1", dispute="d1", payment="q-2", disputedAt=day(10, 4), amount=20_000)]
    # Declined while a dispute freezes a reward.
    yield [withdraw("w4", day(11, 4), 300)]
    yield [event("payment.disputeClosed.v1", "cash", "client", "d1", dispute="d1", payment="q-2", closedAt=day(12, 4), outcome="lost")]
    yield [withdraw("w5", day(13, 4), 300)]


def balances(found):
    last = {}
    for notice in found:
        balance = notice["data"].get("balance")
        if balance:
            last[notice["program"], notice["data"]["referrer"], balance["currency"]] = balance
    return last


def instructed(found):
    return {notice["data"]["idempotencyKey"] for notice in found if notice["type"] == "payout.instructed.v1"}


@pytest.mark.proof
def test_an_export_makes_the_same_deployment_again(old, tmp_path):
    for number, part in enumerate(history()):
        laurel(old, "old.", "publish", "-", text="\n".join(part) + "\n")
        before = notices(old, "old.")
        if number == 3:
            # An export in between. Records that a killed export wrote after its last note are cut off.
            laurel(old, "old.", "export", str(tmp_path / "backup"))
            for path in (tmp_path / "backup").glob("billing-*.jsonl"):
                path.write_text(path.read_text() + '{"half": "a li')
    declined = {notice["data"]["request"] for notice in before if notice["type"] in ("bonus.declined.v1", "withdrawal.declined.v1")}
    assert declined == {"too-much", "w0", "w4"}
    assert balances(before)["bonus", "acme", "KZT"]["available"] < 0
    assert {key.split("/")[2] for key in instructed(before)} == {"w1#1", "w2#1", "w3#1", "w5#1"}

    producer = Producer({"bootstrap.servers": old.bootstrap})
    producer.produce("old.billing", b"no event")
    assert producer.flush(20) == 0
    again = laurel(old, "old.", "export", str(tmp_path / "backup")).stderr
    assert "events added, 1 record left out (not CloudEvents)" in again
    assert "0 events added" in laurel(old, "old.", "export", str(tmp_path / "backup")).stderr
    laurel(old, "old.", "export", str(tmp_path / "backup" / "notices"), "rewards", "payouts")
    given = sorted(json.dumps(json.loads(line)["data"], sort_keys=True) for part in history() for line in part)
    exported = [line for path in (tmp_path / "backup").glob("*.jsonl") for line in path.read_text().splitlines()]
    assert sorted(json.dumps(json.loads(line)["data"], sort_keys=True) for line in exported) == given

    # It must not overwrite the files of other topics.
    wrong = laurel(old, "", "export", str(tmp_path / "backup"), check=False)
    assert wrong.returncode == 1

    old.deploy(SERVICES, "new.", 5)
    rebuild = [ROOT / "ops" / "rebuild", tmp_path / "backup", "--quiet", "3", "--bootstrap", old.bootstrap, "--topic-prefix", "new."]
    done = subprocess.run(rebuild, capture_output=True, text=True, env=dict(os.environ, PATH=f"{BIN}:{os.environ['PATH']}"))
    assert done.returncode == 0 and "2 balances are equal, 0 differ" in done.stdout, done.stdout + done.stderr
    after = notices(old, "new.")
    assert balances(after) == balances(before)
    # Paid withdrawals are not instructed again.
    assert {key.split("/")[2] for key in instructed(after)} == {"w1#1", "w5#1"}
    for prefix in ("old.", "new."):
        verified = laurel(old, prefix, "verify", "--patience", "30")
        assert "all agree" in verified.stdout
    assert laurel(old, "new.", "dead-letters", "list").stdout.strip().splitlines()[-1:] in ([], ["no dead letters"])
