"""Turns Stripe's webhook bodies into Laurel's events. Copy it and change the parts marked YOURS.

    python stripe_to_laurel.py recorded                            # print the events, one per line
    python stripe_to_laurel.py recorded | laurel publish --check -
    python stripe_to_laurel.py recorded --bootstrap localhost:9092 # publish them

Needs Python 3.10 and `pip install cloudevents confluent-kafka`. In production, call `convert` after your webhook endpoint has checked the
signature (`stripe.Webhook.construct_event`), publish the events that it returns, wait for the broker (`flush`), and only then answer 200. On
`NotYet` answer 500: Stripe sends the event again. Repeats and any order are fine.

Written for Stripe's API version 2025-03-31 (basil) and later.
"""

import argparse
import hashlib
import json
import pathlib
import sqlite3
import sys
from datetime import datetime, timezone

PROGRAM = "bonus"  # YOURS: the program of the terms
SOURCE = "/stripe"  # YOURS: one for each Stripe account
CATALOGUE = {  # YOURS: the kind of each product
    "prod_corporate": {"kind": "plan", "plan": "Corporate"},
    "prod_onboarding": {"kind": "service", "category": "onboarding"},
}
TOPICS = {"account": "accounts", "code": "requests"}  # by the first word of a type; all others go to billing
STATUSES = {  # without Stripe's `incomplete`: such a subscription has not begun
    "trialing": "trialing", "active": "active", "past_due": "pastDue", "unpaid": "unpaid", "paused": "unpaid",
    "canceled": "canceled", "incomplete_expired": "expired",
}
OUTCOMES = {"won": "won", "lost": "lost", "warning_closed": "withdrawn", "prevented": "withdrawn"}


class NotYet(Exception):
    """The event names a payment whose invoice has not arrived. Stripe sends events in any order."""


class Invoices:
    """Data that refunds and disputes need but do not carry: the invoice of a payment, its account and its tax.

    One row per invoice and one per payment, kept for ever, because a dispute can arrive months later.
    """

    def __init__(self, path=":memory:"):
        self.db = sqlite3.connect(path)
        self.db.execute("CREATE TABLE IF NOT EXISTS invoice (id TEXT PRIMARY KEY, account TEXT, total INTEGER, net INTEGER)")
        self.db.execute("CREATE TABLE IF NOT EXISTS payment (intent TEXT PRIMARY KEY, invoice TEXT)")

    def keep(self, invoice):
        row = (invoice["id"], payer(invoice)["account"], invoice["total"], invoice["total_excluding_tax"])
        self.db.execute("INSERT OR REPLACE INTO invoice VALUES (?, ?, ?, ?)", row)
        self.db.commit()

    def link(self, intent, invoice):
        self.db.execute("INSERT OR REPLACE INTO payment VALUES (?, ?)", (intent, invoice))
        self.db.commit()

    def paid_by(self, intent):
        row = self.db.execute(
            "SELECT id, account, total, net FROM invoice JOIN payment ON invoice.id = payment.invoice WHERE intent = ?",
            (intent,)).fetchone()
        if row is None:
            raise NotYet(intent)
        return dict(zip(("id", "account", "total", "net"), row))


def payer(thing):
    """YOURS: the account and its company in Laurel. Here both are the customer."""
    return {"account": thing["customer"], "company": thing["customer"]}


def instant(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def share(amount, part, whole):
    """amount * part / whole, rounded half up, without floats."""
    return (2 * amount * part + whole) // (2 * whole)


def money(amount, currency):
    """Stripe's amount in minor units of ISO 4217. They differ in three currencies."""
    if currency in ("isk", "ugx"):
        return share(amount, 1, 100)  # two digits at Stripe, none in ISO 4217; for UGX look at one real payment first
    return amount * 100 if currency == "mga" else amount


def line(item, currency):
    """A line of an invoice, net of discounts, of credits and of tax that its price includes."""
    product = item["pricing"]["price_details"]["product"]
    taken_off = item.get("pretax_credit_amounts") or item["discount_amounts"] or []
    included = sum(tax["amount"] for tax in item["taxes"] or [] if tax["tax_behavior"] == "inclusive")
    # A product that is not in the catalogue raises a KeyError here. A guess would pay, or not pay, without a decision.
    result = {
        "sku": product, **CATALOGUE[product],
        "amount": money(item["amount"] - sum(each["amount"] for each in taken_off) - included, currency),
    }
    # YOURS: every discount is a promotion here. If you have `term` or `loyalty` discounts, distinguish them by their ids.
    discount = money(sum(each["amount"] for each in item["discount_amounts"] or []), currency)
    return {**result, "discounts": [{"kind": "promo", "amount": discount}]} if discount else result


def payment(invoice):
    """The invoice is the payment: it earns one reward, however many charges paid it."""
    if invoice["lines"]["has_more"]:
        raise NotImplementedError("YOURS: a webhook holds ten lines; read the rest with GET /v1/invoices/ID/lines")
    currency = invoice["currency"]
    data = {
        "payment": invoice["id"], **payer(invoice), "invoice": invoice["id"],
        "paidAt": instant(invoice["status_transitions"]["paid_at"]), "currency": currency.upper(),
        "lines": [line(item, currency) for item in invoice["lines"]["data"]],
        "tax": money(sum(tax["amount"] for tax in invoice["total_taxes"] or []), currency),
    }
    subscription = ((invoice["parent"] or {}).get("subscription_details") or {}).get("subscription")
    if subscription:
        data["subscription"] = subscription
    # The part paid from the customer's balance is not new money, so it earns nothing.
    balance = invoice["total"] - invoice["amount_paid"]
    if balance > 0:
        data["paidWithBonus"] = money(share(balance, invoice["total_excluding_tax"], invoice["total"]), currency)
    return data


def paid(invoice):
    return {"payment": invoice["id"], "account": invoice["account"]}


def without_tax(thing, invoice):
    """Refunds and disputes include tax and have no lines, so this subtracts the invoice's share of tax."""
    return money(share(thing["amount"], invoice["net"], invoice["total"]), thing["currency"])


def convert(event, invoices):
    """Laurel's events for one Stripe event, as structured CloudEvents. Empty if Laurel does not need the event."""
    at = instant(event["created"])
    # The id is derived from Stripe's id, so a repeated delivery is the same event.
    return [
        {"specversion": "1.0", "id": f"{event['id']}/{name}", "source": SOURCE, "type": name, "program": PROGRAM, "time": at,
         "datacontenttype": "application/json", "data": data}
        for name, data in facts(event["type"], event["data"]["object"], at, invoices)
    ]


def facts(event_type, thing, at, invoices):
    match event_type:
        case "customer.created":
            # Better sent by your own sign-up, which knows the code. Here it has put the code into the customer's metadata.
            data = {"account": thing["id"], "registeredAt": instant(thing["created"])}
            if thing["email"]:
                data["identities"] = ["email:" + hashlib.sha256(thing["email"].strip().lower().encode()).hexdigest()]
            if thing["metadata"].get("referralCode"):
                data["referral"] = {"code": thing["metadata"]["referralCode"]}
            yield "account.registered.v1", data

        case "customer.subscription.created" | "customer.subscription.updated" | "customer.subscription.deleted":
            if thing["status"] not in STATUSES:
                return
            item = thing["items"]["data"][0]
            data = {
                "subscription": thing["id"], **payer(thing), "plan": CATALOGUE[item["price"]["product"]]["plan"],
                "changedAt": at, "status": STATUSES[thing["status"]], "nextChargeAt": instant(item["current_period_end"]),
            }
            if thing["trial_end"]:
                data["trialEndsAt"] = instant(thing["trial_end"])
            yield "subscription.changed.v1", data

        case "invoice.finalized":  # not invoice.created: a draft can still change, and has no number and no due date
            finalized = thing["status_transitions"]["finalized_at"]
            yield "invoice.issued.v1", {
                "invoice": thing["id"], **payer(thing), "issuedAt": instant(finalized),
                "dueAt": instant(thing["due_date"] or finalized), "amount": money(thing["total"], thing["currency"]),
                "currency": thing["currency"].upper(),
            }

        case "invoice.voided":
            yield "invoice.voided.v1", {
                "invoice": thing["id"], **payer(thing), "voidedAt": instant(thing["status_transitions"]["voided_at"])}

        case "invoice_payment.paid":
            if thing["payment"]["type"] == "payment_intent":
                invoices.link(thing["payment"]["payment_intent"], thing["invoice"])

        case "invoice.paid":
            invoices.keep(thing)
            # A trial, a full discount or a credit brings no money, so it is not a payment.
            if thing["amount_paid"] > 0:
                yield "payment.settled.v1", payment(thing)
            yield "invoice.settled.v1", {
                "invoice": thing["id"], **payer(thing), "settledAt": instant(thing["status_transitions"]["paid_at"])}

        case "refund.created":
            invoice = invoices.paid_by(thing["payment_intent"])
            yield "payment.refunded.v1", {
                "refund": thing["id"], **paid(invoice), "refundedAt": instant(thing["created"]),
                "currency": thing["currency"].upper(), "amount": without_tax(thing, invoice),
            }

        case "refund.failed" | "refund.updated":
            if thing["status"] in ("failed", "canceled"):
                invoice = invoices.paid_by(thing["payment_intent"])
                yield "payment.refundFailed.v1", {"refund": thing["id"], **paid(invoice), "failedAt": at}

        case "charge.dispute.created":
            invoice = invoices.paid_by(thing["payment_intent"])
            yield "payment.disputed.v1", {
                "dispute": thing["id"], **paid(invoice), "disputedAt": instant(thing["created"]),
                "amount": without_tax(thing, invoice),
            }

        case "charge.dispute.closed":
            invoice = invoices.paid_by(thing["payment_intent"])
            yield "payment.disputeClosed.v1", {
                "dispute": thing["id"], **paid(invoice), "closedAt": at, "outcome": OUTCOMES[thing["status"]]}


def convert_all(events, invoices):
    """Converts in the given order. Events that arrive too early are retried at the end, as Stripe would resend them."""
    waiting = []
    for event in events:
        try:
            yield from convert(event, invoices)
        except NotYet:
            waiting.append(event)
    for event in waiting:
        yield from convert(event, invoices)


def publish(events, bootstrap):
    from cloudevents.core.bindings.kafka import to_binary_event
    from cloudevents.core.v1.event import CloudEvent
    from confluent_kafka import Producer

    # Java's hash. librdkafka's default is a different one.
    producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "enable.idempotence": True})
    failed = []
    for event in events:
        data = event["data"]
        attributes = {name: value for name, value in event.items() if name != "data"}
        attributes["time"] = datetime.fromisoformat(event["time"].replace("Z", "+00:00"))
        message = to_binary_event(CloudEvent({**attributes, "partitionkey": data["account"]}, data))
        producer.produce(
            TOPICS.get(event["type"].split(".")[0], "billing"), key=message.key, value=message.value,
            headers=list(message.headers.items()), on_delivery=lambda error, _: error and failed.append(error))
        producer.poll(0)
    left = producer.flush(60)
    if failed or left:
        sys.exit(f"{left} events are not confirmed, {len(failed)} failed: {failed[:1]}. Run the command again: repeats have no effect.")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=pathlib.Path, help="folder of webhook bodies, one JSON file each, in the order of their names")
    arguments.add_argument("--bootstrap", help="publish to this Kafka instead of printing")
    arguments.add_argument("--db", default=":memory:", help="SQLite file with the invoices received so far")
    given = arguments.parse_args()
    bodies = [json.loads(path.read_text()) for path in sorted(given.folder.glob("*.json"))]
    events = convert_all(bodies, Invoices(given.db))
    if given.bootstrap:
        publish(events, given.bootstrap)
    else:
        for event in events:
            print(json.dumps(event))


if __name__ == "__main__":
    main()
