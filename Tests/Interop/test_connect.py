"""The examples of CONNECT.md can be parsed, and everything that they name exists."""

import json
import re
import subprocess

import pytest

from conftest import BIN, ROOT, SCHEMAS, schema

PAGE = (ROOT / "ops" / "docs" / "CONNECT.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_connector_writes_every_required_attribute():
    config = json.loads(blocks("json")[0])["config"]
    placement = dict(part.split(":header:") for part in config["transforms.outbox.table.fields.additional.placement"].split(","))
    assert {"ce_specversion", "ce_id", "ce_source", "ce_type", "ce_program"} <= set(placement.values())
    # It reads only columns of the table on the page.
    columns = set(re.findall(r"^  (\w+) +(?:uuid|text|jsonb)", blocks("sql")[0], re.MULTILINE))
    used = set(placement) | {config["transforms.outbox.route.by.field"], config["transforms.outbox.table.field.event.key"], "payload"}
    assert used == columns


def test_the_row_of_the_page_is_taken():
    topic, key, kind, program, payload = re.search(
        r"\('(\w+)', '(\w+)', '([\w.]+)', '(\w+)', '(.*?)'\)", blocks("sql")[0], re.DOTALL).groups()
    event = {"specversion": "1.0", "id": "1", "source": "/billing", "type": kind, "program": program, "data": json.loads(payload)}
    done = subprocess.run([BIN / "laurel", "publish", "--check", "-"], input=json.dumps(event), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert (topic, key) == ("billing", event["data"]["account"])


@pytest.mark.parametrize("type, data, options, code, says", [
    ("com.stripe.charge", {}, [], 0, "1 event, all valid; 1 event of unknown types would be ignored"),
    ("payment.settled.v9", {}, [], 1, "unknown-type"),
    ("clock.moved.v1", {"at": "2026-01-01T00:00:00Z"}, [], 1, "only 'laurel clock' and --in-order move the clock"),
    ("clock.moved.v1", {"at": "2026-01-01T00:00:00Z"}, ["--in-order"], 0, "1 event, all valid"),
])
def test_a_check_says_what_publishing_would_do(type, data, options, code, says):
    event = {"specversion": "1.0", "id": "1", "source": "/billing", "type": type, "program": "cash", "data": data}
    done = subprocess.run(
        [BIN / "laurel", "publish", "--check", *options, "-"], input=json.dumps(event), capture_output=True, text=True)
    assert done.returncode == code and says in done.stdout, done.stdout + done.stderr


def test_the_converter_is_configured_with_what_can_be_read():
    json.loads("{" + blocks("json")[1] + "}")


@pytest.mark.parametrize("system", ["Stripe", "Paddle", "Chargebee", "Lago"])
def test_each_table_names_messages_and_their_required_fields(system):
    rows = [line.split("|") for line in PAGE.split(f"\n# {system}\n")[1].split("\n# ")[0].splitlines() if line.startswith("| ")]
    types = {found for row in rows for found in re.findall(r"`([\w.]+\.v\d+)`", row[2])}
    assert {"payment.settled.v1", "payment.refunded.v1", "payment.disputeClosed.v1", "subscription.changed.v1"} <= types
    assert all((SCHEMAS / f"{found}.json").exists() for found in types)
    fields = set(re.findall(r"`(\w+)`(?:, `\w+`)* ←", " ".join(row[3] for row in rows)))
    fields |= set(re.findall(r", `(\w+)` ←", " ".join(row[3] for row in rows)))
    assert set(schema("payment.settled.v1")["required"]) - fields <= {"account", "currency", "lines"}
