"""The CloudEvents SDK with its defaults writes to real Kafka in both modes, Laurel reads both, and the SDK reads a notice."""

from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1 import http as old_event
from cloudevents.v1 import kafka as old_binding
from confluent_kafka import Producer


def attributes(message_type, data, **more):
    return {"type": message_type, "source": "/interop", "program": "bonus", "partitionkey": data["account"], **more}


def event(number, message_type, data):
    return CloudEvent(attributes(message_type, data, id=f"event-{number}"), data)


def publish(producer, topic, message):
    producer.produce(topic, key=message.key, value=message.value, headers=list(message.headers.items()))
    producer.flush()


def notice(record):
    return from_kafka_event(KafkaMessage(dict(record.headers()), record.key(), record.value()))


def notices(bus, topic, key, message_type, count):
    """All notices of a key, up to the last of `count` notices of a type."""
    def enough(records):
        return [notice(record).get_type() for record in records].count(message_type) >= count
    return [notice(record) for record in bus.records(topic, key, enough)]


def payment(name):
    return {
        "payment": name, "account": "delta", "paidAt": "2026-01-10T09:00:00Z", "currency": "KZT",
        "lines": [{"sku": "plan", "kind": "plan", "plan": "Corporate", "amount": 40500000}],
    }


def test_both_modes_are_taken_and_a_notice_is_read(bus):
    # The contract uses Java's hash. The SDK lets the client choose partitions.
    producer = Producer({"bootstrap.servers": bus.bootstrap, "partitioner": "murmur2_random"})
    code = {"request": "c1", "account": "gamma", "requestedAt": "2026-01-05T10:00:00+02:00", "vanity": "GAMMA"}
    publish(producer, "requests", to_binary_event(event(1, "code.requested.v1", code)))
    issued = notices(bus, "referrals", "gamma", "code.issued.v1", 1)
    assert [n.get_type() for n in issued] == ["code.issued.v1"]

    registration = {"account": "delta", "registeredAt": "2026-01-05T09:00:00Z", "referral": {"code": "GAMMA"}}
    publish(producer, "accounts", to_structured_event(event(2, "account.registered.v1", registration)))
    publish(producer, "billing", to_binary_event(event(3, "payment.settled.v1", payment("p1"))))
    # The same payment in the other mode is a repeat.
    publish(producer, "billing", to_structured_event(event(4, "payment.settled.v1", payment("p1"))))
    publish(producer, "billing", to_structured_event(event(5, "payment.settled.v1", payment("p2"))))
    # The SDK's former interface, which labels a structured record application/json.
    for name, convert in [("p3", old_binding.to_binary), ("p4", old_binding.to_structured)]:
        given = attributes("payment.settled.v1", payment(name), datacontenttype="application/json")
        publish(producer, "billing", convert(old_event.CloudEvent(given, payment(name))))

    # Rewards of a payment of months ago are due at once, so their notices come in between.
    read = notices(bus, "rewards", "gamma", "reward.accrued.v1", 4)
    accrued = [n for n in read if n.get_type() == "reward.accrued.v1"]
    assert [(n.get_data()["payment"], n.get_data()["amount"], n.get_data()["referrer"]) for n in accrued] == [
        (name, 4050000, "gamma") for name in ["p1", "p2", "p3", "p4"]
    ]
    assert [n.get_extension("sequence") for n in read] == [f"{number:019}" for number in range(1, len(read) + 1)]
    assert all(n.get_extension("program") == "bonus" for n in read)
