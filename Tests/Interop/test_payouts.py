"""The payout adapter kit: the example adapter passes the conformance run, and one without a memory fails it."""

import subprocess
import sys

import pytest

from conftest import ROOT

KIT = ROOT / "ops" / "connect" / "payouts"
pytestmark = pytest.mark.proof
PLACES = ["--bootstrap", "{bootstrap}", "--prefix", "{prefix}", "--group", "{group}", "--state", "{state}/db", "--provider", "{provider}"]


def conform(bus, program, seconds):
    command = [sys.executable, KIT / "conform.py", "--bootstrap", bus.bootstrap, "--seconds", str(seconds), "--", sys.executable, program]
    done = subprocess.run(command + PLACES, capture_output=True, text=True, timeout=300)
    cases = [line for line in done.stdout.splitlines() if line.startswith(("passed", "FAILED"))]
    return done, {case.split("  ", 1)[1].split(":")[0]: case.split("  ")[0] for case in cases}


def test_the_adapter_to_copy_passes(bus):
    done, cases = conform(bus, KIT / "adapter.py", 60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(cases) == 11 and set(cases.values()) == {"passed"}


def test_an_adapter_without_a_memory_fails(bus, tmp_path):
    """Trusts only the provider's idempotency key, and treats a timeout as a failure."""
    source = (KIT / "adapter.py").read_text()
    for part, instead in [
        ("        known = self.memory.row(key(payout))\n", "        return self.pay(payout)\n"),
        ("        if self.memory.row(key(payout))[1]:\n            return\n", ""),
        ('self.provider.find(payout["idempotencyKey"]) or ', ""),
        ("for pause in (0, 0.5, 2):", "for pause in (0,):"),
        ('self.send("payout.unknown.v1", payout,', 'self.send("payout.failed.v1", payout,'),
    ]:
        assert source.count(part) == 1, part
        source = source.replace(part, instead)
    broken = tmp_path / "broken.py"
    broken.write_text(source)
    done, cases = conform(bus, broken, 10)
    assert done.returncode == 1, done.stdout + done.stderr
    assert {case for case, verdict in cases.items() if verdict == "FAILED"} >= {
        "the provider pays and does not answer", "settled by a person before it starts",
        "read again from the beginning a month later", "the same after its own state is lost",
    }, done.stdout
