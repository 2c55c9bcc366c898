"""The schemas are draft-07. They allow everything that Laurel reads and writes, and nothing that it rejects as malformed."""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis_jsonschema import from_schema
from jsonschema import Draft7Validator, FormatChecker

from conftest import ROOT, SCHEMAS, demo_files, events, example_files, needs, schema

FORMATS = FormatChecker()
FILES = sorted(SCHEMAS.glob("*.json"))
TYPES = [path.name.removesuffix(".json") for path in FILES]
NOTICES = [name for name in TYPES if "because" in schema(name)["properties"]]
INPUTS = [name for name in TYPES if name not in NOTICES]


def errors(message_type, data):
    found = Draft7Validator(schema(message_type), format_checker=FORMATS).iter_errors(data)
    return ["/".join(map(str, error.absolute_path)) + ": " + error.message[:200] for error in found]


def test_there_are_schemas():
    assert len(INPUTS) > 30 and len(NOTICES) > 40


@pytest.mark.parametrize("message_type", TYPES)
def test_is_draft_07_and_allows_its_example(message_type):
    Draft7Validator.check_schema(schema(message_type))
    for example in schema(message_type)["examples"]:
        assert errors(message_type, example) == []


# Lines of the worked examples that Laurel must reject and their schemas must not allow.
REJECTED = {
    "r5-refund-of-zero-6", "r5-refund-of-zero-7", "r5-refund-of-zero-9", "r5-refund-of-zero-10",
    "t8-instants-7", "t8-instants-8", "t8-instants-9", "t8-instants-11",
}
# Accepted, though the schema does not describe it: a click's code with Unicode blanks around it.
LENIENT = {"r7-blanks-and-case-13"}


@pytest.mark.parametrize("path", example_files() + demo_files(), ids=lambda path: path.stem)
def test_allows_every_input_of_the_examples(path):
    for event in events(path):
        found = errors(event["type"], event["data"])
        if event["id"] not in LENIENT:
            assert bool(found) == (event["id"] in REJECTED), (event["id"], found)


def test_the_worked_examples_are_there():
    needs(ROOT.parent / "shared" / "examples", "the folder of worked examples")


def test_allows_every_notice(notices):
    for notice in notices:
        assert errors(notice["type"], notice["data"]) == [], notice
    # The demo alone, without the worked examples beside the checkout, has fewer types.
    assert len({notice["type"] for notice in notices}) > (25 if example_files() else 15)


def closed(tree):
    """The schema without additional members, which take most of the time to generate."""
    if isinstance(tree, list):
        return [closed(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    shut = {name: closed(item) for name, item in tree.items()}
    if tree.get("type") == "object":
        shut["additionalProperties"] = False
    return shut


def check(message_type, tree, checker, examples):
    @settings(max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(from_schema(tree))
    def run(data):
        verdict = checker.verdict(message_type, data)
        # An unknown member can still hold a number beyond 64 bits.
        assert verdict.get("reason", "out-of-range") == "out-of-range", (verdict, json.dumps(data))

    run()


@pytest.mark.parametrize("message_type", INPUTS)
def test_nothing_that_it_allows_is_malformed(message_type, checker):
    check(message_type, closed(schema(message_type)), checker, examples=20)


@pytest.mark.parametrize("message_type", ["payment.settled.v1", "withdrawal.requested.v1"])
def test_members_that_it_does_not_name_do_no_harm(message_type, checker):
    check(message_type, schema(message_type), checker, examples=20)


# Rejected with these reasons, though a JSON Schema cannot express them.
BEYOND_SCHEMAS = [
    (r'"amount":1\.0', "JSON Schema takes 1.0 for an integer; Laurel does not, since such a sender computes money in floating point"),
    (r'"amount":1e3', "as 1.0"),
    (r'"account":"a","account":"b"', "JSON Schema sees a member that is there twice only once"),
]


def rejected_rows():
    lines = (ROOT / "Tests" / "ContractsTests" / "Golden" / "rejected.jsonl").read_text().split("\n")
    return [json.loads(line) for line in lines if line]


@pytest.mark.parametrize("row", rejected_rows(), ids=lambda row: f"{row['type']} {row['says'][:40]}")
def test_what_laurel_rejects_is_not_allowed(row):
    try:
        data = json.loads(row["data"])
    except json.JSONDecodeError:
        return  # not JSON
    if any(re.search(pattern, row["data"]) for pattern, _ in BEYOND_SCHEMAS):
        return
    assert errors(row["type"], data) != []
