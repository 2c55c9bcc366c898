"""A payout adapter to copy: reads `payout.instructed.v1`, pays through a provider, answers on `payout-results`.

    python adapter.py --bootstrap localhost:9092 --state adapter.db --provider https://provider.example

Needs Python 3.10 and `pip install confluent-kafka`. Change the class Provider. `conform.py` beside it tests the result.

A payout must never be paid twice. Three memories prevent it:

- `--state` keeps every tried payout for ever. A line is on disk before the adapter calls the provider.
- `payout-results` keeps every answer for ever, from this adapter or from a person. The adapter reads it to its end before it pays, so a
  lost `--state` does not cause a second payment of an answered payout.
- The provider's idempotency key covers the moment between the two. Providers forget keys after 24 hours to 30 days, so it covers only that.

Run one instance: two could pay the same payout at the same moment. A second one ends the first, because both use one `group.instance.id`.
"""

import argparse
import json
import sqlite3
import sys
import time
import urllib.parse
import urllib.request

from confluent_kafka import Consumer, OFFSET_BEGINNING, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec


class Unknown(Exception):
    """The provider did not report the result of the transfer. It may have been paid."""


class Provider:
    """YOURS: the provider's API. This class calls the provider of `conform.py`."""

    def __init__(self, url):
        self.url = url

    def pay(self, payout):
        """Pays and returns the transfer. A repeat with the same key pays nothing while the provider remembers the key."""
        body = {
            "idempotencyKey": payout["idempotencyKey"], "amount": payout["amount"], "currency": payout["currency"],
            "recipient": payout["destination"],
        }
        return self.ask(urllib.request.Request(f"{self.url}/transfers", json.dumps(body).encode()))

    def find(self, key):
        """The transfer with this key, or None."""
        return self.ask(urllib.request.Request(f"{self.url}/transfers?{urllib.parse.urlencode({'key': key})}"))

    @staticmethod
    def ask(request):
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except (OSError, ValueError) as error:  # includes every status except 2xx
            raise Unknown(str(error)) from error


class Memory:
    """One row per payout, never deleted. `result` is the answer; without one the payout may have been paid."""

    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute("CREATE TABLE IF NOT EXISTS payout (key TEXT PRIMARY KEY, instruction TEXT, result TEXT)")

    def row(self, key):
        return self.db.execute("SELECT instruction, result FROM payout WHERE key = ?", (key,)).fetchone()

    def tries(self, key, instruction):
        self.db.execute("INSERT INTO payout VALUES (?, ?, NULL)", (key, instruction))

    def answered(self, key, result):
        self.db.execute(
            "INSERT INTO payout VALUES (?, NULL, ?) ON CONFLICT (key) DO UPDATE SET result = excluded.result", (key, result))

    def unanswered(self):
        return [json.loads(text) for (text,) in self.db.execute("SELECT instruction FROM payout WHERE result IS NULL")]


class Adapter:
    def __init__(self, given):
        self.given = given
        self.memory = Memory(given.state)
        self.provider = Provider(given.provider)
        self.results = given.prefix + "payout-results"
        self.producer = Producer({"bootstrap.servers": given.bootstrap, "partitioner": "murmur2_random", "enable.idempotence": True})
        self.admin = AdminClient({"bootstrap.servers": given.bootstrap})
        self.positions = dict.fromkeys(self.admin.list_topics(self.results, timeout=10).topics[self.results].partitions, 0)
        self.reader = self.consumer()  # joins no group and commits nothing, so it always starts at the beginning
        self.reader.assign([TopicPartition(self.results, number, OFFSET_BEGINNING) for number in self.positions])

    def consumer(self, **more):
        group = self.given.group or self.given.prefix + "provider"
        return Consumer({
            "bootstrap.servers": self.given.bootstrap, "group.id": group, "auto.offset.reset": "earliest",
            "enable.auto.commit": False, "isolation.level": "read_committed", "enable.partition.eof": True, **more,
        })

    def run(self):
        # A fixed instance id lets it continue at once after a crash, and ensures that there is only one.
        instructions = self.consumer(**{"group.instance.id": "adapter"})
        instructions.subscribe([self.given.prefix + "payouts"])
        look = 0  # check at once: the process may have died between a payment and its answer
        while True:
            if time.monotonic() >= look:
                for payout in self.memory.unanswered():
                    self.learn_results()
                    self.pay(payout)
                look = time.monotonic() + 60
            record = instructions.poll(1)
            if record is None:
                continue
            if record.error():
                if record.error().fatal():
                    sys.exit(f"another adapter has taken over: {record.error()}")
                continue
            if header(record, "ce_type") == "payout.instructed.v1":
                self.learn_results()
                self.take({**json.loads(record.value()), "program": header(record, "ce_program")})
            # Commit last: an instruction that is read again does no harm, but one that is skipped is never paid.
            instructions.commit(record, asynchronous=False)

    def learn_results(self):
        """Reads `payout-results` from the last position to its end."""
        ends = {place.partition: future.result().offset for place, future in self.admin.list_offsets(
            {TopicPartition(self.results, number): OffsetSpec.latest() for number in self.positions}).items()}
        while any(self.positions[number] < end for number, end in ends.items()):
            record = self.reader.poll(1)
            if record is None:
                continue
            if record.error():  # the end of the partition, which may lie behind a transaction marker
                self.positions[record.partition()] = max(self.positions[record.partition()], record.offset())
                continue
            self.positions[record.partition()] = record.offset() + 1
            kind = header(record, "ce_type")
            if kind in ("payout.settled.v1", "payout.failed.v1", "payout.returned.v1"):
                data = json.loads(record.value())
                self.memory.answered(f"{header(record, 'ce_program')}/{data['referrer']}/{data['payout']}", kind)

    def take(self, payout):
        known = self.memory.row(key(payout))
        if known and known[0] and facts(json.loads(known[0])) != facts(payout):
            print(f"{key(payout)}: amount, currency or recipient differ from the first instruction; not paid. Inform Laurel's operators.",
                  file=sys.stderr)
            return
        if not known:
            self.memory.tries(key(payout), json.dumps(payout))
        self.pay(payout)

    def pay(self, payout):
        if self.memory.row(key(payout))[1]:
            return
        for pause in (0, 0.5, 2):
            time.sleep(pause)
            try:
                # Search first: if this was tried before, the provider may have forgotten the idempotency key.
                return self.answer(payout, self.provider.find(payout["idempotencyKey"]) or self.provider.pay(payout))
            except Unknown as error:
                reason = str(error)
        self.send("payout.unknown.v1", payout, reason=reason)  # run() checks it again until the provider has a result

    def answer(self, payout, transfer):
        if transfer["status"] == "paid":
            self.send("payout.settled.v1", payout, at=transfer["at"], reference=transfer["id"])
        else:  # YOURS: `failed` only if it was not paid and never will be
            self.send("payout.failed.v1", payout, at=transfer["at"], reference=transfer["id"], reason=transfer["reason"])

    def send(self, kind, payout, at=None, **more):
        data = {"payout": payout["payout"], "referrer": payout["referrer"], "at": at or payout["at"], **more}
        # Id and body are the same on every send, so a repeat has no effect.
        headers = {
            "ce_specversion": "1.0", "ce_type": kind, "ce_source": "/payouts/example", "ce_program": payout["program"],
            "ce_id": f"{key(payout)}/{kind}/{more.get('reference', more.get('reason'))}", "content-type": "application/json",
        }
        failed = []
        self.producer.produce(
            self.results, key=payout["referrer"], value=json.dumps(data), headers=list(headers.items()),
            on_delivery=lambda error, _: failed.append(error) if error else None)
        if self.producer.flush(30) or failed:
            # After a restart the adapter checks the provider again and answers.
            sys.exit(f"{key(payout)}: the broker did not confirm {kind}: {failed}. Start the adapter again.")
        if kind != "payout.unknown.v1":
            self.memory.answered(key(payout), kind)


def key(payout):
    """A payout's id alone is not unique: another referrer or program can have the same one."""
    return f"{payout['program']}/{payout['referrer']}/{payout['payout']}"


def facts(payout):
    return [payout[name] for name in ("amount", "currency", "destination")]


def header(record, name):
    return dict(record.headers() or {}).get(name, b"").decode()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--bootstrap", required=True)
    arguments.add_argument("--prefix", default="", help="topic prefix, the same as the services' --topic-prefix")
    arguments.add_argument("--group", help="consumer group; the default is PREFIXprovider, to which 'laurel topics acls' grants rights")
    arguments.add_argument("--state", required=True, help="an SQLite file")
    arguments.add_argument("--provider", required=True, help="the provider's URL")
    Adapter(arguments.parse_args()).run()


if __name__ == "__main__":
    main()
