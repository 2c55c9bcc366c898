"""The first program of MESSAGES.md works as written."""

import json
import subprocess
import sys

from conftest import ROOT


def test_the_program_of_the_page(bus):
    page = (ROOT / "ops" / "docs" / "MESSAGES.md").read_text()
    program = page.split("```python\n")[1].split("```")[0]
    assert "localhost:9092" in program
    program = program.replace("localhost:9092", bus.bootstrap)
    running = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    issued = bus.records("referrals", "acme", bool)[0]
    assert json.loads(issued.value())["code"] == "ACME10"
    running.communicate("\n", timeout=60)
    assert running.returncode == 0
    accrued = bus.records("rewards", "acme", bool)[0]
    assert dict(accrued.headers())["ce_type"] == b"reward.accrued.v1"
    assert json.loads(accrued.value())["amount"] == 4050000
