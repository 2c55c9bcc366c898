"""The worked example of CONNECT.md: recorded webhook bodies in, Laurel's events out, and on real Kafka up to the reward notices."""

import json
import subprocess
import sys

import pytest

from conftest import BIN, ROOT, events

FOLDER = ROOT / "ops" / "connect" / "stripe"
sys.path.insert(0, str(FOLDER))
import stripe_to_laurel as example  # noqa: E402


def recorded(name):
    return json.loads(next((FOLDER / "recorded").glob(f"??-{name}.json")).read_text())


def test_the_recorded_bodies_give_the_expected_events():
    done = subprocess.run(
        [sys.executable, FOLDER / "stripe_to_laurel.py", FOLDER / "recorded"], capture_output=True, text=True, check=True)
    assert [json.loads(line) for line in done.stdout.splitlines()] == events(FOLDER / "expected.jsonl")
    check = subprocess.run([BIN / "laurel", "publish", "--check", "-"], input=done.stdout, capture_output=True, text=True)
    assert check.returncode == 0, check.stdout


def test_the_order_of_the_bodies_changes_no_event():
    bodies = [json.loads(path.read_text()) for path in sorted((FOLDER / "recorded").glob("*.json"))]
    expected = {json.dumps(event, sort_keys=True) for event in events(FOLDER / "expected.jsonl")}
    found = example.convert_all(reversed(bodies), example.Invoices())
    assert {json.dumps(event, sort_keys=True) for event in found} == expected


def test_a_refund_before_its_payment_is_for_later():
    with pytest.raises(example.NotYet):
        example.convert(recorded("refund-comes-too-early"), example.Invoices())


def test_a_product_that_nobody_has_decided_on_stops():
    body = recorded("invoice-is-paid")
    body["data"]["object"]["lines"]["data"][0]["pricing"]["price_details"]["product"] = "prod_new"
    with pytest.raises(KeyError, match="prod_new"):
        example.convert(body, example.Invoices())


@pytest.mark.parametrize("amount, currency, expected", [
    (1999, "usd", 1999), (500, "jpy", 500), (5120, "kwd", 5120), (500, "isk", 5), (500, "ugx", 5), (7, "mga", 700)])
def test_amounts_are_minor_units_of_iso_4217(amount, currency, expected):
    assert example.money(amount, currency) == expected


@pytest.mark.parametrize("refunded, without_tax", [(12000, 10000), (1, 1), (7, 6), (6000, 5000)])
def test_tax_is_taken_out_of_a_refund(refunded, without_tax):
    invoice = {"net": 10000, "total": 12000}
    assert example.without_tax({"amount": refunded, "currency": "usd"}, invoice) == without_tax


def test_the_rewards_on_kafka(bus):
    example.publish([{
        "specversion": "1.0", "id": "code", "source": "/own", "type": "code.requested.v1", "program": "bonus",
        "time": "2026-01-01T00:00:00Z",
        "data": {"request": "c-stripe", "account": "acme-stripe", "requestedAt": "2026-01-01T00:00:00Z", "vanity": "ACME10S"},
    }], bus.bootstrap)
    bus.records("referrals", "acme-stripe", bool)
    text = (FOLDER / "expected.jsonl").read_text().replace("ACME10", "ACME10S")
    given = [json.loads(line) for line in text.splitlines()]
    example.publish(given + given, bus.bootstrap)

    def last_balances(records):
        found = {}
        for record in records:
            balance = json.loads(record.value()).get("balance")
            if balance:
                found[balance["currency"]] = {state: amount for state, amount in balance.items() if amount and state != "currency"}
        return found

    # USD: 10 % of 140.00 and of 75.00. The refund reversed 4.67, the lost dispute 2.00. ISK: the refund failed.
    wanted = {"USD": {"available": 1483, "reversed": 667}, "ISK": {"available": 1000}}
    records = bus.records("rewards", "acme-stripe", lambda records: last_balances(records) == wanted)
    accrued = [json.loads(r.value()) for r in records if dict(r.headers())["ce_type"] == b"reward.accrued.v1"]
    assert sorted((each["payment"], each["amount"]) for each in accrued) == [
        ("in_beta1", 1400), ("in_beta2", 750), ("in_gamma1", 1000)]
