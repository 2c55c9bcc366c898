"""A payout adapter to copy: reads `payout.instructed.v1`, pays through a provider, answers on `payout-results`.

    python adapter.py --bootstrap localhost:9092 --state adapter.db --provider https://provider.example

Needs Python 3.10 and `pip install confluent-kafka`. Change the class Provider. `conform.py` beside it tests the result.

What must never happen is that one payout is paid twice. Three memories prevent it:

- `--state` says, for ever, what was tried. A line is on disk before the provider is asked.
- `payout-results` says, for ever, what was answered, by this adapter or by a person. It is read to its end before anything is paid,
  so a lost `--state` costs nothing that was answered.
- The provider's idempotency key covers the moment between the two. Providers forget keys after 24 hours to 30 days, so it covers only that.

Run one instance: two could pay the same payout at the same moment. A second one ends the first, as both have one `group.instance.id`.
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
    """The provider did not say what became of the transfer. It may have been paid."""


class Provider:
    """YOURS: the provider's API. This is the one of `conform.py`."""

    def __init__(self, url):
        self.url = url

    def pay(self, payout):
        """The transfer; asking again with the same key pays nothing again while the provider remembers the key."""
        body = {
            "idempotencyKey": payout["idempotencyKey"], "amount": payout["amount"], "currency": payout["currency"],
            "recipient": payout["destination"],
        }
        return self.ask(urllib.request.Request(f"{self.url}/transfers", json.dumps(body).encode()))

    def find(self, key):
        """The transfer that was made under a key, None if there is none."""
        return self.ask(urllib.request.Request(f"{self.url}/transfers?{urllib.parse.urlencode({'key': key})}"))

    @staticmethod
    def ask(request):
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except (OSError, ValueError) as error:  # also of every status but 2xx
            raise Unknown(str(error)) from error


class Memory:
    """One row a payout, never deleted. `result` is what was answered; without one the payout may have been paid."""

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
        self.reader = self.consumer()  # joins no group and commits nothing: it begins at the beginning each time
        self.reader.assign([TopicPartition(self.results, number, OFFSET_BEGINNING) for number in self.positions])

    def consumer(self, **more):
        group = self.given.group or self.given.prefix + "provider"
        return Consumer({
            "bootstrap.servers": self.given.bootstrap, "group.id": group, "auto.offset.reset": "earliest",
            "enable.auto.commit": False, "isolation.level": "read_committed", "enable.partition.eof": True, **more,
        })

    def run(self):
        # Of a fixed name, so that it goes on at once after a crash, and so that there is only one.
        instructions = self.consumer(**{"group.instance.id": "adapter"})
        instructions.subscribe([self.given.prefix + "payouts"])
        look = 0  # at once: a former life may have ended in between
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
            # Only now: an instruction that is read again does no harm, one that is passed over is never paid.
            instructions.commit(record, asynchronous=False)

    def learn_results(self):
        """Reads `payout-results` to its end, from where the last reading ended."""
        ends = {place.partition: future.result().offset for place, future in self.admin.list_offsets(
            {TopicPartition(self.results, number): OffsetSpec.latest() for number in self.positions}).items()}
        while any(self.positions[number] < end for number, end in ends.items()):
            record = self.reader.poll(1)
            if record is None:
                continue
            if record.error():  # the end, behind the marker of a transaction
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
            print(f"{key(payout)}: instructed with other facts than before; not paid. Tell Laurel's operators.", file=sys.stderr)
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
                # Look first: if this was tried before, the provider may have forgotten the idempotency key by now.
                return self.answer(payout, self.provider.find(payout["idempotencyKey"]) or self.provider.pay(payout))
            except Unknown as error:
                reason = str(error)
        self.send("payout.unknown.v1", payout, reason=reason)  # and looked at again later, until the provider knows

    def answer(self, payout, transfer):
        if transfer["status"] == "paid":
            self.send("payout.settled.v1", payout, at=transfer["at"], reference=transfer["id"])
        else:  # YOURS: `failed` only if it was not paid and never will be
            self.send("payout.failed.v1", payout, at=transfer["at"], reference=transfer["id"], reason=transfer["reason"])

    def send(self, kind, payout, at=None, **more):
        data = {"payout": payout["payout"], "referrer": payout["referrer"], "at": at or payout["at"], **more}
        # The id is the same however often it is sent, and so is the body: a repeat changes nothing.
        headers = {
            "ce_specversion": "1.0", "ce_type": kind, "ce_source": "/payouts/example", "ce_program": payout["program"],
            "ce_id": f"{key(payout)}/{kind}/{more.get('reference', more.get('reason'))}", "content-type": "application/json",
        }
        failed = []
        self.producer.produce(
            self.results, key=payout["referrer"], value=json.dumps(data), headers=list(headers.items()),
            on_delivery=lambda error, _: failed.append(error) if error else None)
        if self.producer.flush(30) or failed:
            sys.exit(f"{key(payout)}: {kind} is not confirmed: {failed}")  # started again, it looks at the provider and answers
        if kind != "payout.unknown.v1":
            self.memory.answered(key(payout), kind)


def key(payout):
    """A payout's id alone is not unique: another referrer, or another program, can have the same one."""
    return f"{payout['program']}/{payout['referrer']}/{payout['payout']}"


def facts(payout):
    return [payout[name] for name in ("amount", "currency", "destination")]


def header(record, name):
    return dict(record.headers() or {}).get(name, b"").decode()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--bootstrap", required=True)
    arguments.add_argument("--prefix", default="", help="of the topics, as the services' --topic-prefix")
    arguments.add_argument("--group", help="PREFIXprovider if it is not given, for which 'laurel topics acls' gives rights")
    arguments.add_argument("--state", required=True, help="an SQLite file")
    arguments.add_argument("--provider", required=True, help="the provider's URL")
    Adapter(arguments.parse_args()).run()


if __name__ == "__main__":
    main()
