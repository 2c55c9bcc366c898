"""A trace is copied from an event to the notices that it causes at once, and to the log line of a rejected record."""

import json

from cloudevents.core.bindings.kafka import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import Producer

TRACES = {name: f"00-{number:032x}-{number:016x}-01" for number, name in enumerate(["code", "join", "paid", "structured", "broken"], 1)}


def send(bus, topic, message, **headers):
    producer = Producer({"bootstrap.servers": bus.bootstrap, "partitioner": "murmur2_random"})
    all_headers = list(message.headers.items()) + [(name, value.encode()) for name, value in headers.items()]
    producer.produce(topic, key=message.key, value=message.value, headers=all_headers)
    assert producer.flush(20) == 0


def event(message_type, data, **more):
    attributes = {"type": message_type, "source": "/traces", "program": "bonus", "partitionkey": data["account"], **more}
    return CloudEvent({**attributes, "id": f"{message_type}-{json.dumps(data, sort_keys=True)}"}, data)


def payment(name, amount):
    return {"payment": name, "account": "traced", "paidAt": "2026-01-10T09:00:00Z", "currency": "KZT",
            "lines": [{"sku": "plan", "kind": "plan", "amount": amount}]}


def traces(records, message_type):
    """Traces by the payment or the account of each notice."""
    headers = [(dict(record.headers()), json.loads(record.value())) for record in records]
    return {data.get("payment") or data.get("referee") or data.get("account"): found.get("ce_traceparent", b"").decode()
            for found, data in headers if found["ce_type"].decode() == message_type}


def test_a_trace_reaches_notices_and_logs(bus):
    code = {"request": "c-traced", "account": "tracer", "requestedAt": "2026-01-01T00:00:00Z", "vanity": "TRACED"}
    # As CloudEvents' extension attribute, in both modes, and as the plain header of tracing libraries.
    send(bus, "requests", to_binary_event(event("code.requested.v1", code, traceparent=TRACES["code"])))
    issued = bus.records("referrals", "tracer", bool)
    assert traces(issued, "code.issued.v1") == {"tracer": TRACES["code"]}

    joins = {"account": "traced", "registeredAt": "2026-01-02T00:00:00Z", "referral": {"code": "TRACED"}}
    send(bus, "accounts", to_structured_event(event("account.registered.v1", joins, traceparent=TRACES["join"])))
    # Attribution asks the code's owner over internal topics before it answers.
    attributed = bus.records("referrals", "traced", bool)
    assert traces(attributed, "referral.attributed.v1") == {"traced": TRACES["join"]}

    send(bus, "billing", to_binary_event(event("payment.settled.v1", payment("p-1", 1000))), traceparent=TRACES["paid"])
    send(bus, "billing", to_structured_event(event("payment.settled.v1", payment("p-2", 1000))), traceparent=TRACES["structured"])
    accrued = bus.records("rewards", "tracer", lambda records: len(traces(records, "reward.accrued.v1")) == 2)
    assert traces(accrued, "reward.accrued.v1") == {"p-1": TRACES["paid"], "p-2": TRACES["structured"]}
    # A timer's notices have no trace. These payments are old, so the timer was due at once.
    assert set(traces(accrued, "reward.credited.v1").values()) <= {""}

    send(bus, "billing", to_binary_event(event("payment.settled.v1", {**payment("p-3", 1000), "currency": "tenge"})),
         traceparent=TRACES["broken"])
    trace_id = TRACES["broken"].split("-")[1]
    bus.until(30, lambda: trace_id in bus.log("accrual"), "the rejected record is logged with its trace")
    line = json.loads(next(line for line in bus.log("accrual").splitlines() if trace_id in line))
    assert (line["level"], line["trace_id"], line["topic"]) == ("warning", trace_id, "billing")
    assert line["message"].startswith("dead letter: malformed: currency")
