"""Tests a payout adapter before it meets real payouts.

    python conform.py --bootstrap localhost:9092 -- \\
        python adapter.py --bootstrap {bootstrap} --prefix {prefix} --group {group} --state {state}/db --provider {provider}

Needs Python 3.10 and `pip install confluent-kafka`. The command after `--` starts the adapter, without a shell. The run creates two
topics under a new prefix and simulates Laurel on them. It never touches a deployment's topics. It also simulates the provider, at
{provider}: `POST /transfers` {idempotencyKey, amount, currency, recipient} and `GET /transfers?key=` answer
{id, status: paid or failed, at, reason}, or `null`. If an adapter pays through a provider's sandbox instead, the run checks only its
answers: two references for one payout are two payments.

Exit status: 0 if every case passed, 1 if not.
"""

import argparse
import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

RESULTS = ("payout.settled.v1", "payout.failed.v1", "payout.returned.v1", "payout.unknown.v1")


class Provider:
    """A provider in memory. It remembers transfers for ever, and idempotency keys until `forget`."""

    def __init__(self):
        self.lock = threading.Lock()
        self.transfers = []
        self.keys = {}
        self.listed = {}
        self.unanswered = set()
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                status, body = provider.pay(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.reply(status, body)

            def do_GET(self):
                key = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)["key"][0]
                with provider.lock:
                    self.reply(200, provider.listed.get(key))

            def reply(self, status, body):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def pay(self, order):
        key, recipient = order["idempotencyKey"], order["recipient"]
        with self.lock:
            if key not in self.keys:
                paid = recipient != "closed"
                transfer = {"id": f"tr-{len(self.transfers) + 1}", "status": "paid" if paid else "failed",
                            "at": "2026-03-01T10:00:00Z", "reason": None if paid else "account closed"}
                self.transfers.append({**order, **transfer})
                self.keys[key] = self.listed[key] = transfer
            if recipient == "silent" and key not in self.unanswered:
                self.unanswered.add(key)
                return 504, None
            return 201, self.keys[key]

    def forget(self):
        """Simulates a month later: the keys are gone, and the list of transfers does not go back that far."""
        with self.lock:
            self.keys, self.listed = {}, {}

    def paid(self, key):
        with self.lock:
            return [each for each in self.transfers if each["idempotencyKey"] == key and each["status"] == "paid"]


class Run:
    def __init__(self, bootstrap, command, seconds):
        self.bootstrap, self.command, self.seconds = bootstrap, command, seconds
        self.prefix = f"conform-{uuid.uuid4().hex[:8]}."
        self.provider = Provider()
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="conform-"))
        self.group = self.prefix + "1"
        self.process = None
        self.admin = AdminClient({"bootstrap.servers": bootstrap})
        topics = [NewTopic(self.prefix + name, 2, 1) for name in ("payouts", "payout-results")]
        for future in self.admin.create_topics(topics).values():
            future.result(20)
        self.producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random"})
        self.reader = Consumer({"bootstrap.servers": bootstrap, "group.id": self.prefix + "reader", "auto.offset.reset": "earliest"})
        self.reader.subscribe([self.prefix + "payout-results"])
        self.answers = []
        self.by_hand = set()

    # The actions of a case.

    def start(self):
        places = {"bootstrap": self.bootstrap, "prefix": self.prefix, "group": self.group, "state": str(self.state),
                  "provider": self.provider.url}
        self.process = subprocess.Popen([part.format(**places) for part in self.command])

    def kill(self):
        self.process.kill()
        self.process.wait()

    def instruct(self, payout, referrer="olena", program="cash", recipient="recipient-42", amount=1000):
        key = f"{program}/{referrer}/{payout}"
        data = {
            "payout": payout, "request": payout.split("#")[0], "referrer": referrer, "amount": amount, "currency": "USD",
            "destination": recipient, "attempt": 1, "idempotencyKey": key, "at": "2026-01-10T09:00:00.000Z",
            "terms": f"{program}@1", "because": [],
        }
        self.send("payouts", "payout.instructed.v1", f"instructed/{key}", referrer, program, data)
        return key

    def settle_by_hand(self, payout, referrer="olena", program="cash"):
        key = f"{program}/{referrer}/{payout}"
        self.by_hand.add(key)
        data = {"payout": payout, "referrer": referrer, "at": "2026-01-11T09:00:00Z", "reference": "bank-1"}
        self.send("payout-results", "payout.settled.v1", f"by-hand/{key}", referrer, program, data)

    def send(self, topic, kind, event, key, program, data):
        headers = {"ce_specversion": "1.0", "ce_id": event, "ce_source": "/conform", "ce_type": kind, "ce_program": program,
                   "content-type": "application/json"}
        self.producer.produce(self.prefix + topic, key=key, value=json.dumps(data), headers=list(headers.items()))
        assert self.producer.flush(20) == 0, "the broker does not answer"

    def read(self):
        while (record := self.reader.poll(0.05)) is not None:
            if not record.error():
                headers = {name: value.decode() for name, value in record.headers() or []}
                self.answers.append((headers, record.key().decode(), json.loads(record.value())))

    def of(self, key):
        """The adapter's answers about a payout: (type, data)."""
        self.read()
        return [(headers.get("ce_type"), data) for headers, _, data in self.answers
                if f"{headers.get('ce_program')}/{data.get('referrer')}/{data.get('payout')}" == key
                and headers.get("ce_source") != "/conform"]

    def ended(self, key, kind="payout.settled.v1"):
        """Waits for the result of a payout."""
        end = time.monotonic() + self.seconds
        while not any(found == kind for found, _ in self.of(key)):
            assert time.monotonic() < end, f"{key}: no {kind} within {self.seconds} s; answers so far: {self.of(key)}"
            assert self.process.poll() is None, f"the adapter ended with exit status {self.process.returncode}"

    def passed(self):
        """Sends a last payout to each partition. When it is answered, the adapter has read everything before it."""
        name = f"after-{uuid.uuid4().hex[:8]}#1"
        for key in [self.instruct(name, referrer=f"probe-{number}") for number in range(8)]:
            self.ended(key)

    # The invariants.

    def check(self):
        self.read()
        bodies = {}
        for headers, key, data in self.answers:
            assert headers.get("ce_type") in RESULTS, f"not a result of a payout: {headers}"
            if headers["ce_source"] == "/conform":
                continue
            assert key == data["referrer"], f"the record's key is {key}, but the referrer is {data['referrer']}"
            assert set(data) <= {"payout", "referrer", "at", "reference", "reason"}, f"unknown fields: {data}"
            same = bodies.setdefault((headers["ce_source"], headers["ce_id"]), data)
            assert same == data, f"one id, two bodies: {headers['ce_id']}: {same} and {data}"
        for key in {f"{headers['ce_program']}/{data['referrer']}/{data['payout']}" for headers, _, data in self.answers}:
            results = self.of(key)
            settled = {data.get("reference") for kind, data in results if kind == "payout.settled.v1"}
            assert None not in settled, f"{key}: settled without the provider's reference"
            assert len(settled) <= 1, f"{key} was paid {len(settled)} times: {sorted(settled)}"
            kinds = {kind for kind, _ in results}
            assert not {"payout.settled.v1", "payout.failed.v1"} <= kinds, f"{key}: settled and failed"
            paid = self.provider.paid(key)
            assert len(paid) <= (0 if key in self.by_hand else 1), f"{key} was paid {len(paid)} times by the provider"

    def close(self):
        self.kill()
        self.reader.close()
        self.admin.delete_topics([self.prefix + "payouts", self.prefix + "payout-results"])
        shutil.rmtree(self.state, ignore_errors=True)


# The cases, in the order of a run. Each one continues from the state of the one before.


def paid_and_answered(run):
    run.ended(run.instruct("w1#1"))


def declined_by_the_provider(run):
    run.ended(run.instruct("w2#1", recipient="closed"), "payout.failed.v1")


def instructed_twice(run):
    run.ended(run.instruct("w3#1"))
    run.instruct("w3#1")
    run.instruct("w1#1")
    run.passed()


def another_referrer_or_program_with_the_same_id(run):
    for key in [run.instruct("w1#1", referrer="maria"), run.instruct("w1#1", program="bonus")]:
        run.ended(key)


def the_provider_pays_and_does_not_answer(run):
    run.ended(run.instruct("w4#1", recipient="silent"))


def instructed_with_another_amount(run):
    run.instruct("w1#1", amount=2000)
    run.instruct("w1#1", recipient="recipient-43")
    run.passed()


def killed_while_it_pays(run):
    keys = [run.instruct(f"k{number}#1", referrer=f"killed-{number % 5}") for number in range(30)]
    for number in range(3):
        run.ended(keys[number * 10])
        run.kill()
        run.start()
    for key in keys:
        run.ended(key)


def started_a_second_time_beside_itself(run):
    first = run.process
    run.start()
    keys = [run.instruct(f"b{number}#1", referrer=f"beside-{number % 5}") for number in range(20)]
    for key in keys:
        run.ended(key)
    first.kill()
    first.wait()


def settled_by_a_person_before_it_starts(run):
    run.kill()
    run.instruct("w5#1")
    run.settle_by_hand("w5#1")
    run.start()
    run.passed()


def read_again_from_the_beginning_a_month_later(run):
    run.kill()
    run.provider.forget()
    run.group += "again"
    run.start()
    run.passed()


def the_same_after_its_own_state_is_lost(run):
    run.kill()
    run.provider.forget()
    shutil.rmtree(run.state)
    run.state.mkdir()
    run.group += "again"
    run.start()
    run.passed()


CASES = [
    paid_and_answered, declined_by_the_provider, instructed_twice, another_referrer_or_program_with_the_same_id,
    the_provider_pays_and_does_not_answer, instructed_with_another_amount, killed_while_it_pays,
    started_a_second_time_beside_itself, settled_by_a_person_before_it_starts, read_again_from_the_beginning_a_month_later, the_same_after_its_own_state_is_lost,
]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--bootstrap", required=True)
    arguments.add_argument("--seconds", type=float, default=60, help="time limit for an answer")
    arguments.add_argument("command", nargs="+", help="the command that starts the adapter, after --")
    given = arguments.parse_args()
    run = Run(given.bootstrap, given.command, given.seconds)
    failures = 0
    run.start()
    try:
        for case in CASES:
            name = case.__name__.replace("_", " ")
            try:
                case(run)
                run.check()
                print(f"passed  {name}", flush=True)
            except AssertionError as failure:
                failures += 1
                print(f"FAILED  {name}: {failure}", flush=True)
                if run.process.poll() is not None:
                    run.start()
    finally:
        run.close()
    print(f"{len(CASES) - failures} passed, {failures} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
