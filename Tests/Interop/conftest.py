"""Shared by the tests: paths, and Laurel's output for the worked examples."""

import json
import subprocess

import pytest

from ground import BIN, IN_CI, ROOT, SCHEMAS, SHARED, needs

def schema(message_type):
    return json.loads((SCHEMAS / f"{message_type}.json").read_text())


def events(path):
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def example_files():
    """The worked examples beside the repository, or those in it."""
    folder = SHARED / "examples"
    return sorted(p for p in folder.glob("*.jsonl") if not p.name.endswith(".expected.jsonl")) if folder.is_dir() else []


def demo_files():
    return sorted((ROOT / "ops" / "demo").glob("*.jsonl"))


def simulate(path):
    """Every notice of Laurel for a file of events."""
    command = [BIN / "laurel", "simulate", "--terms", ROOT / "ops" / "terms", "--events", path, "--until", "2026-12-31"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="session")
def notices():
    """All notices of all examples: nearly every type occurs."""
    found = [notice for path in example_files() + demo_files() for notice in simulate(path)]
    assert len(found) > 50
    return found


class Checker:
    """`laurel publish --check`, called event by event."""

    def __init__(self):
        command = [BIN / "laurel", "publish", "--check", "--json", "--in-order", "-"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def verdict(self, message_type, data):
        event = {"specversion": "1.0", "id": "1", "source": "/interop", "type": message_type, "data": data}
        return self.verdict_on(json.dumps(event))

    def verdict_on(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


@pytest.fixture(scope="session")
def checker():
    checker = Checker()
    yield checker
    checker.close()


@pytest.fixture(scope="session")
def bus(tmp_path_factory):
    """Real Kafka with the services attribution and accrual."""
    from broker import Bus

    bus = Bus(tmp_path_factory.mktemp("bus"), ["attribution", "accrual"])
    yield bus
    bus.stop()
