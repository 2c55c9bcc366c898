"""Within `.v1` only optional fields are added: the schemas of the last release stay compatible (ops/contracts/released.json)."""

import copy
import json

import pytest

from conftest import ROOT, SCHEMAS

RELEASED = json.loads((ROOT / "ops" / "contracts" / "released.json").read_text())


def is_notice(tree):
    return "because" in tree["properties"]


def breaks(old, new):
    """Lists what a change of a message's schema breaks, one sentence each, with the field's name."""
    found = []
    compare(old, new, old, new, "", is_notice(old), found)
    return found


def resolved(tree, root):
    reference = tree.get("$ref") or next((part["$ref"] for part in tree.get("allOf", []) if "$ref" in part), None)
    return root["definitions"][reference.split("/")[-1]] if reference else tree


def compare(old, new, old_root, new_root, path, notice, found):
    old, new = resolved(old, old_root), resolved(new, new_root)
    if old.get("type") != new.get("type"):
        found.append(f"{path}: was {old.get('type')}, is {new.get('type')}")
        return
    if old.get("pattern") != new.get("pattern") or old.get("format") != new.get("format"):
        found.append(f"{path}: has another form")
    # Readers must not get unknown values, and writers must not need new fields.
    for name, sign in [("minimum", 1), ("minLength", 1), ("maximum", -1), ("maxLength", -1), ("maxItems", -1)]:
        before, after = old.get(name), new.get(name)
        unbounded = float("-inf")
        before = unbounded if before is None else sign * before
        after = unbounded if after is None else sign * after
        if after < before if notice else after > before:
            found.append(f"{path}: {name} is {'wider' if notice else 'narrower'}")
    if "enum" in old and not set(old["enum"]) <= set(new.get("enum", old["enum"])):
        found.append(f"{path}: {', '.join(sorted(set(old['enum']) - set(new['enum'])))} is gone")
    if "enum" in new and "enum" not in old:
        found.append(f"{path}: is closed")
    for name in old.get("properties", {}):
        if name not in new.get("properties", {}):
            found.append(f"{path}{name}: is gone")
        else:
            compare(old["properties"][name], new["properties"][name], old_root, new_root, f"{path}{name}", notice, found)
    before, after = set(old.get("required", [])), set(new.get("required", []))
    for name in sorted(before - after if notice else after - before):
        found.append(f"{path}{name}: is {'optional' if notice else 'required'} now")
    if "items" in old:
        compare(old["items"], new.get("items", {}), old_root, new_root, f"{path}[].", notice, found)


def test_the_last_release_is_kept():
    assert len(RELEASED) > 70


@pytest.mark.parametrize("name", sorted(RELEASED))
def test_nothing_breaks(name):
    path = SCHEMAS / f"{name}.json"
    assert path.is_file(), f"{name} is missing"
    assert breaks(RELEASED[name], json.loads(path.read_text())) == []


# Changes that must be detected, with the expected sentence.
def changed(name, change):
    tree = json.loads((SCHEMAS / name).read_text())
    edited = copy.deepcopy(tree)
    change(edited)
    return breaks(tree, edited)


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("payment.settled.v1.json", lambda tree: tree["properties"].pop("tax"), "tax: is gone"),
        ("payment.settled.v1.json", lambda tree: tree["required"].append("company"), "company: is required now"),
        ("payment.settled.v1.json", lambda tree: tree["properties"]["tax"].update(type="string"), "tax: was integer, is string"),
        ("payment.settled.v1.json", lambda tree: tree["properties"]["tax"].update(minimum=1), "tax: minimum is narrower"),
        ("payment.settled.v1.json", lambda tree: tree["definitions"]["PaymentLine"]["properties"]["kind"]["enum"].remove("topUp"), "topUp is gone"),
        ("payment.settled.v1.json", lambda tree: tree["definitions"]["PaymentLine"]["required"].append("plan"), "lines[].plan: is required now"),
        ("reward.accrued.v1.json", lambda tree: tree["required"].remove("amount"), "amount: is optional now"),
        ("reward.accrued.v1.json", lambda tree: tree["properties"].pop("base"), "base: is gone"),
    ])
def test_a_break_is_seen(name, change, says):
    found = changed(name, change)
    assert any(says in line for line in found), found


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("payment.settled.v1.json", lambda tree: tree["properties"].update(channel={"type": "string"})),
        ("payment.settled.v1.json", lambda tree: tree["required"].remove("currency")),
        ("payment.disputeClosed.v1.json", lambda tree: tree["properties"]["outcome"]["enum"].append("expired")),
        ("reward.accrued.v1.json", lambda tree: tree["properties"].update(note={"type": "string"})),
    ])
def test_an_addition_is_none(name, change):
    assert changed(name, change) == []
