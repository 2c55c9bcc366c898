"""The API and attacks on it, on real Kafka: rights, tokens, requests, lists, limits, forms, headers."""

import base64
import concurrent.futures
import hashlib
import hmac
import json
import signal
import socket
import time
import urllib.parse
import uuid

import jwt
import pytest
import requests
import schemathesis
import yaml
from confluent_kafka import Consumer, TopicPartition
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import validate

from client import RECIPIENTS, Account, Events, form
from conftest import Portal, read_qr
from ground import BIN, ROOT
from host import AUDIENCE, EVERYTHING, ISSUER, base64url

CONTRACT = ROOT / "ops" / "contracts" / "portal.openapi.yaml"
READS = ["summary", "referees", "entries", "discounts", "withdrawals", "requests"]
PAGES = ["", "invited", "book", "book.csv", "withdraw", "help"]
SCRIPT = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://evil.test","x")'
REFEREES = 23


@pytest.fixture(scope="module")
def olena(bus, portal, host):
    """The referrer of the cash program's example, with additions of the host product and the tests."""
    bus.output(BIN / "laurel", "publish", ROOT / "ops" / "demo" / "cash.jsonl", *bus.connection())
    events = Events(bus)
    for number in range(REFEREES):
        name, at = f"referee-{number:03}", f"2026-02-0{number % 4 + 6}T00:00:00.000Z"
        events.send("accounts", name, "account.registered.v1", {
            "account": name, "registeredAt": at, "referral": {"landingURL": "https://hosting.example/?page=OLENA", "channel": "link"},
        }, "cash", at)
        events.send("accounts", name, "account.labeled.v1", {
            "account": name, "label": SCRIPT if number % 2 else FORMULA, "labeledAt": at}, "cash", at)
        events.send("billing", name, "payment.settled.v1", {
            "payment": f"payment-{number}", "account": name, "paidAt": "2026-02-10T00:00:00.000Z", "currency": "USD",
            "lines": [{"sku": "hosting", "kind": "service", "category": "shared-hosting", "amount": 100_000}],
        }, "cash", "2026-02-10T00:00:00.000Z")
        # Two events at the same instant, as under a virtual clock: a request and its cancellation.
        for type, field in (("withdrawal.requested.v1", "requestedAt"), ("withdrawal.canceled.v1", "canceledAt")):
            more = {"amount": 1, "currency": "USD", "destination": "iban-1"} if field == "requestedAt" else {}
            events.send("requests", "olena", type, {
                "request": f"many-{number:03}", "account": "olena", field: "2026-02-03T00:00:00.000Z", **more,
            }, "cash", "2026-02-03T00:00:00.000Z")
    events.flush()
    olena = Account(portal, host, "olena", "cash")
    bus.until(90, lambda: available(olena) >= 100_000 and len(olena.all("/v1/requests", 200)) >= 2 * REFEREES, "the figures of olena")
    return olena


@pytest.fixture(scope="module")
def other(portal, host):
    """Another account in the same program."""
    return Account(portal, host, "mallory", "cash")


def available(account):
    return sum(figures["balance"]["available"] for figures in account.get("/v1/summary").json().get("balances", []))


def wait_for(bus, account, answer, state):
    path = answer.headers["Location"]
    bus.until(60, lambda: account.get(path).json().get("state") in state, f"{path} is {state}")
    return account.get(path).json()


def is_problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status and answer.json()["title"]
    return True


# The contract


def test_the_contract_is_valid():
    validate(yaml.safe_load(CONTRACT.read_text()))


def test_the_api_keeps_its_contract(portal, host, olena):
    """Generated calls, valid and invalid. Each uses a new account, so that none reaches its limit."""
    schema = schemathesis.openapi.from_path(CONTRACT)
    seen = set()
    ends = [0.0]
    checks = schemathesis.checks.CHECKS

    def check(case):
        if time.monotonic() > ends[0]:
            return
        name = "olena" if (case.method, case.path) not in {(method, path) for method, path, _ in seen} else f"s-{uuid.uuid4()}"
        answer = case.call(
            base_url=portal.address, headers={"Authorization": f"Bearer {Account(portal, host, name, 'cash').bearer}"}, timeout=20)
        # The token and the terms restrict requests beyond the schema: 422 for a body that fits it. Unknown parameters are ignored. Wrong
        # values of known ones are tested below.
        excluded = checks.get_by_names(["ignored_auth"] + (["positive_data_acceptance"] if case.method == "POST" else ["negative_data_rejection"]))
        case.validate_response(answer, excluded_checks=excluded)
        seen.add((case.method, case.path, answer.status_code))

    bounds = settings(max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    for result in schema.get_all_operations():
        for mode in schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE:
            # Seconds, for 18 runs.
            ends[0] = time.monotonic() + 1.7
            bounds(given(result.ok().as_strategy(generation_mode=mode))(check))()
    assert len({(method, path) for method, path, _ in seen}) == 9, seen
    assert {200, 400, 404, 422} <= {status for _, _, status in seen}, seen


def test_other_methods_and_paths(olena):
    for path in [*(f"/v1/{name}" for name in READS), "/v1/entries/1/why", "/v1/requests/x"]:
        for method in ("PUT", "DELETE", "PATCH", "POST", "OPTIONS"):
            if (method, path) == ("POST", "/v1/requests"):
                continue
            answer = olena.call(method, path)
            assert is_problem(answer, 405) and answer.headers["Allow"] == ("GET, HEAD, POST" if path == "/v1/requests" else "GET, HEAD")
    for path in ("/v1", "/v1/", "/v1/x", "/v1/entries/1", "/v1/entries/1/x", "/v1/requests/a/b", "/v1/summary/x", "/v1/../v1/x"):
        is_problem(olena.get(path), 404)
    head = olena.call("HEAD", "/v1/summary")
    assert head.status_code == 200 and head.content == b"" and int(head.headers["Content-Length"]) > 100


# Access to others' data: OWASP API1 (objects), API5 (functions)


def test_api1_nobody_sees_another_account(bus, olena, other):
    asked = olena.ask("withdrawal.requested.v1", {"amount": 1, "currency": "USD", "destination": "iban-1"}, key="owasp-1")
    wait_for(bus, olena, asked, ["answered"])
    entry = olena.get("/v1/entries").json()["items"][0]["id"]
    for name in READS:
        mine, theirs = olena.get(f"/v1/{name}"), other.get(f"/v1/{name}")
        assert (mine.status_code, theirs.status_code) == (200, 200)
        assert "olena" not in theirs.text.lower() and "referee-" not in theirs.text and "owasp-1" not in theirs.text
        assert not theirs.json().get("items") and not theirs.json().get("balances")
    for path in (f"/v1/entries/{entry}/why", "/v1/requests/owasp-1"):
        assert olena.get(path).status_code == 200
        is_problem(other.get(path), 404)
    for cursor in ("referees", "withdrawals"):
        after = olena.get(f"/v1/{cursor}", params={"limit": 1}).json()["next"]
        assert other.get(f"/v1/{cursor}", params={"after": after}).json()["items"] == []
    # A record whose key is another account's belongs to the account in its data.
    events, at = Events(bus), "2026-02-11T00:00:00.000Z"
    events.send("requests", "mallory", "code.requested.v1", {"request": "misfiled", "account": "olena", "requestedAt": at}, "cash", at)
    events.flush()
    bus.until(60, lambda: olena.get("/v1/requests/misfiled").status_code == 200, "the request under olena's name")
    is_problem(other.get("/v1/requests/misfiled"), 404)
    # Another account's withdrawal is as unknown as one that was never requested.
    for key in ("owasp-1", "never-requested"):
        is_problem(other.ask("withdrawal.canceled.v1", {}, key=key), 422)
        is_problem(other.get(f"/v1/requests/{key}?type=withdrawal.canceled.v1"), 404)
    is_problem(olena.get("/v1/requests/owasp-1?type=withdrawal.canceled.v1"), 404)
    # No parameter names an account.
    for query in ("account=olena", "sub=olena", "program=cash&account=olena"):
        assert not other.get(f"/v1/referees?{query}").json()["items"]


def test_nobody_sees_another_program(olena):
    for program in ("bonus", "tiers", "CASH", "cash ", "../cash", "%00"):
        answer = olena.get("/v1/summary", params={"program": program})
        is_problem(answer, 404)
    both = olena.token(programs=["cash", "tiers"])
    is_problem(olena.get("/v1/summary", token=both), 400)
    assert olena.get("/v1/referees?program=tiers", token=both).json()["items"] == []
    is_problem(olena.get("/v1/summary", token=olena.token(programs=["nowhere"])), 404)


def test_the_pages_of_two_accounts(olena, other, portal):
    mine, theirs = olena.enter()[0], other.enter()[0]
    entry = olena.get("/v1/entries").json()["items"][0]["id"]
    for name in [*PAGES, f"book/{entry}", "requests/many-000", "qr.svg", "poster"]:
        address = f"{portal.address}/cash/{name}".rstrip("/")
        assert mine.get(address).status_code == 200, name
        page = theirs.get(address)
        assert "olena" not in page.text.lower() and "referee-" not in page.text
        if "/" in name or name in ("qr.svg", "poster"):
            assert page.status_code == 404
    for program in ("bonus", "tiers", "nowhere"):
        assert mine.get(f"{portal.address}/{program}").status_code == 404


def test_the_newest_code_everywhere(bus, portal, host, tmp_path):
    """The overview, the QR code and the poster of an account with two codes."""
    account = Account(portal, host, "two-codes", "bonus")
    for data in ({"vanity": "ZTWOCODES"}, {}):
        assert wait_for(bus, account, account.ask("code.requested.v1", data), ["answered"])["accepted"]
    links = [code["link"] for code in account.get("/v1/summary").json()["codes"]]
    assert len(links) == 2 and links[0].endswith("ZTWOCODES")
    session, _ = account.enter()
    assert f'value="{links[1]}"' in session.get(f"{portal.address}/bonus").text
    assert links[1] in session.get(f"{portal.address}/bonus/poster").text
    assert read_qr(session.get(f"{portal.address}/bonus/qr.png").content, tmp_path) == links[1]


def test_a_program_without_withdrawals(portal, host):
    session, _ = Account(portal, host, "mallory", "bonus").enter()
    fields = form(session.get(f"{portal.address}/bonus").text, "/leave") | {"amount": "1", "currency": "KZT", "recipient": "iban-1"}
    for path in ("withdraw", "withdraw/cancel", "order"):
        assert session.post(f"{portal.address}/bonus/{path}", headers={"Origin": portal.address}, data=fields).status_code == 404


def test_api5_every_right_is_asked_for(olena, portal):
    wishes = {
        "code": ("code.requested.v1", {}), "order": ("companyOrder.set.v1", {"companies": ["company-1"]}),
        "withdraw": ("withdrawal.requested.v1", {"amount": 1, "currency": "USD", "destination": "iban-1"}),
    }
    for right, (type, data) in wishes.items():
        is_problem(olena.ask(type, data, token=olena.token(act=[r for r in EVERYTHING if r != right])), 403)
    unread = olena.token(act=["code", "order", "withdraw"])
    for name in READS:
        is_problem(olena.get(f"/v1/{name}", token=unread), 403)
    session, answer = olena.enter(unread)
    assert answer.status_code == 303 and session.get(f"{portal.address}/cash").status_code == 403
    session, _ = olena.enter(olena.token(act=["read"]))
    page = session.get(f"{portal.address}/cash/withdraw").text
    tokens = form(page, "/leave")
    answer = session.post(f"{portal.address}/cash/withdraw", headers={"Origin": portal.address}, data=tokens | {
        "amount": "1", "currency": "USD", "recipient": "iban-1"})
    assert answer.status_code == 403


# Tokens: OWASP API2


def signed(header, claims, sign):
    head = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    return f"{head}.{base64url(sign(head.encode()))}"


def test_api2_tokens_that_are_not_the_hosts(olena, host, portal):
    now = int(time.time())
    claims = jwt.decode(olena.token(), options={"verify_signature": False})
    public = host.key.public_key().public_bytes_raw()
    mac = lambda key: lambda text: hmac.digest(key, text, hashlib.sha256)
    stranger = Ed25519PrivateKey.generate()
    good = olena.token()
    head, body, signature = good.split(".")
    forged = base64url(json.dumps(claims | {"sub": "mallory"}).encode())
    bad = {
        "none": signed({"alg": "none", "kid": "test"}, claims, lambda _: b""),
        "none in capitals": signed({"alg": "NONE", "kid": "test"}, claims, lambda _: b""),
        "confused": signed({"alg": "HS256", "kid": "test"}, claims, mac(public)),
        "confused with base64": signed({"alg": "HS256", "kid": "test"}, claims, mac(base64url(public).encode())),
        "EdDSA claimed, MACed": signed({"alg": "EdDSA", "kid": "test"}, claims, mac(public)),
        "a stranger's key": signed({"alg": "EdDSA", "kid": "test"}, claims, stranger.sign),
        "a key brought along": signed({"alg": "EdDSA", "kid": "test", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": base64url(
            stranger.public_key().public_bytes_raw())}}, claims, stranger.sign),
        "an address of a key": signed({"alg": "EdDSA", "kid": "test", "jku": "http://127.0.0.1:1/"}, claims, host.key.sign),
        "an unknown key": signed({"alg": "EdDSA", "kid": "other"}, claims, host.key.sign),
        "a path for a key": signed({"alg": "EdDSA", "kid": "../../dev/null"}, claims, host.key.sign),
        "no key": signed({"alg": "EdDSA"}, claims, host.key.sign),
        "critical": signed({"alg": "EdDSA", "kid": "test", "crit": ["b64"], "b64": False}, claims, host.key.sign),
        "another purpose": signed({"alg": "EdDSA", "kid": "test", "typ": "at+jwt"}, claims, host.key.sign),
        "other claims": f"{head}.{forged}.{signature}", "no signature": f"{head}.{body}.", "two parts": f"{head}.{body}",
        "padded": good + "=", "empty": "", "large": "a" * 9000, "text": "Bearer",
        "expired": olena.token(iat=now - 400, exp=now - 100), "early": olena.token(iat=now + 100, exp=now + 300),
        "not before": olena.token(nbf=now + 200), "long": olena.token(exp=now + 301), "endless": olena.token(exp=None),
        "backwards": olena.token(iat=now + 10, exp=now), "a foreign audience": olena.token(aud="other"),
        "no audience": olena.token(aud=None), "a foreign issuer": olena.token(iss="https://evil.test"),
        "no id": olena.token(jti=None), "no rights": olena.token(act=[]), "unknown rights": olena.token(act=["read", "admin"]),
        "no programs": olena.token(programs=[]), "a list for an account": olena.token(sub=["olena"]),
        "text for a time": olena.token(exp="9999999999"), "an infinite time": olena.token(exp=10**20),
    }
    assert olena.get("/v1/summary", token=good).status_code == 200
    for name, token in bad.items():
        answer = requests.get(f"{portal.address}/v1/summary", headers={"Authorization": f"Bearer {token}"}, timeout=20)
        assert answer.status_code == 401, name
        assert answer.headers["WWW-Authenticate"] == "Bearer" and "token" in answer.json()["detail"]
        session, entered = olena.enter(token)
        assert entered.status_code == 401 and not session.cookies, name
    for headers in ({}, {"Authorization": good}, {"Authorization": f"Basic {good}"}, {"Cookie": f"laurel={good}"}):
        is_problem(requests.get(f"{portal.address}/v1/summary", headers=headers, timeout=20), 401)
    is_problem(requests.get(f"{portal.address}/v1/summary?access_token={good}", timeout=20), 401)


def test_a_token_opens_one_session_and_serves_no_api_afterwards(olena, portal):
    token = olena.token()
    assert [olena.get("/v1/summary", token=token).status_code for _ in range(3)] == [200] * 3
    session, answer = olena.enter(token)
    assert answer.status_code == 303 and session.cookies
    is_problem(olena.get("/v1/summary", token=token), 401)
    again, answer = olena.enter(token)
    assert answer.status_code == 401 and not again.cookies
    # A session gives no access to the API.
    is_problem(session.get(f"{portal.address}/v1/summary"), 401)


def test_a_cookie_cannot_be_changed(olena, portal):
    session, _ = olena.enter()
    value = session.cookies["laurel"]
    version, claims, code = value.split(".")
    for changed in (value[:-2], f"{version}.{claims}.", f"v0.{claims}.{code}", f"{version}.{claims[:-4]}AAAA.{code}", "", "v1..", "a" * 5000):
        answer = requests.get(f"{portal.address}/cash", headers={"Cookie": f"laurel={changed}"}, timeout=20)
        assert answer.status_code == 401, changed


# Writable fields: OWASP API3 (properties), API6 (flows)


def test_api3_only_known_members_are_taken(olena):
    good = {"amount": 1, "currency": "USD", "destination": "iban-1"}
    for data in ({"account": "mallory"}, {"request": "x"}, {"requestedAt": "2020-01-01T00:00:00Z"}, {"approved": True}, {"program": "bonus"}):
        is_problem(olena.ask("withdrawal.requested.v1", good | data), 422)
    for data in (
        good | {"amount": 0}, good | {"amount": -1}, good | {"amount": 1.5}, good | {"amount": "1"}, good | {"amount": 2**63},
        good | {"currency": "usd"}, good | {"currency": None}, good | {"destination": ""}, {}, [], None, "x",
    ):
        is_problem(olena.ask("withdrawal.requested.v1", data), 422)
    for type in ("withdrawal.approved.v1", "balance.correctionRequested.v1", "bonus.spendRequested.v1", "", None, 1):
        is_problem(olena.ask(type, good), 422)
    for body in (
        b"", b"{", b"null", b"[]", b'"x"', b"\xff", b"{}{}", b"[" * 8000, b'{"type":"code.requested.v1"}',
        b'{"type":"code.requested.v1","type":"code.requested.v1","data":{}}',
        b'{"type":"withdrawal.requested.v1","data":{"amount":1,"amount":2,"currency":"USD","destination":"iban-1"}}',
        b'{"type":"code.requested.v1","data":{},"program":"tiers"}', b'{"type":"code.requested.v1","data":{"vanity":"\\ud800"}}',
    ):
        is_problem(olena.call("POST", "/v1/requests", headers={"Idempotency-Key": str(uuid.uuid4())}, data=body), 422)
    huge = olena.call("POST", "/v1/requests", headers={"Idempotency-Key": "huge"}, data=b" " * (16 * 1024 + 1))
    assert huge.status_code == 413
    assert olena.get("/v1/requests/huge").status_code == 404


def test_api6_recipients_and_companies_are_the_tokens(olena, portal, host):
    is_problem(olena.ask("withdrawal.requested.v1", {"amount": 1, "currency": "USD", "destination": "iban-2"}), 422)
    is_problem(olena.ask("withdrawal.requested.v1", {"amount": 1, "currency": "USD", "destination": "iban-1"}, token=olena.token(recipients=None)), 422)
    tiers = Account(portal, host, "olena", "tiers")
    is_problem(tiers.ask("companyOrder.set.v1", {"companies": ["company-1", "company-3"]}), 422)
    is_problem(tiers.ask("withdrawal.requested.v1", {"amount": 1, "currency": "USD", "destination": "iban-1"}), 422)
    is_problem(olena.ask("companyOrder.set.v1", {"companies": ["company-1"]}), 422)


# Requests


def on_the_bus(bus, account, request):
    """How often a request is on the bus."""
    consumer = Consumer({"bootstrap.servers": bus.bootstrap, "group.id": "test-api", "enable.partition.eof": True})
    partitions = [TopicPartition("requests", number, 0) for number in range(2)]
    consumer.assign(partitions)
    ended, found = set(), 0
    while len(ended) < len(partitions):
        record = consumer.poll(5)
        if record is None:
            continue
        if record.error():
            ended.add(record.partition())
        elif record.key() == account.encode() and json.loads(record.value())["request"] == request:
            found += 1
    consumer.close()
    return found


def test_a_request_from_stored_to_answered(bus, olena, portal):
    key = f"path-{uuid.uuid4()}"
    answer = olena.ask("withdrawal.requested.v1", {"amount": 1_000, "currency": "USD", "destination": "iban-1"}, key=key)
    assert answer.status_code == 202 and answer.json()["state"] in ("stored", "sent", "recorded", "answered")
    last = wait_for(bus, olena, answer, ["answered"])
    assert last["request"] == key and last["type"] == "withdrawal.requested.v1" and last["answer"]
    assert key in [item["request"] for item in olena.all("/v1/requests", 200)]


def test_one_key_is_one_request(bus, olena):
    data = {"vanity": "SOMETHING"}
    first = olena.ask("code.requested.v1", data, key="one-key")
    again = olena.ask("code.requested.v1", data, key="one-key")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.headers["Location"] == again.headers["Location"] and first.json()["at"] == again.json()["at"]
    is_problem(olena.ask("code.requested.v1", {"vanity": "OTHER"}, key="one-key"), 409)
    is_problem(olena.ask("code.requested.v1", {}, key="one-key"), 409)
    wait_for(bus, olena, first, ["recorded", "answered"])
    # By now it is known from the bus.
    assert olena.ask("code.requested.v1", data, key="one-key").status_code == 202
    is_problem(olena.ask("code.requested.v1", {"vanity": "OTHER"}, key="one-key"), 409)
    assert on_the_bus(bus, "olena", "one-key") == 1
    for key in ("", "a" * 129, "ключ".encode(), "a\tb"):
        is_problem(olena.ask("code.requested.v1", data, key=key), 400)
    is_problem(olena.call("POST", "/v1/requests", json={"type": "code.requested.v1", "data": {}}), 400)


def test_twenty_at_once_are_one_request(bus, portal, host):
    account = Account(portal, host, "twenty", "cash")
    for round in range(3):
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda number: account.ask("code.requested.v1", {"vanity": f"V{number % 2}"}, key=f"r{round}"), range(20)))
        codes = sorted(answer.status_code for answer in answers)
        assert codes == [202] * 10 + [409] * 10
        taken = [answer for answer in answers if answer.status_code == 202]
        assert len({answer.json()["at"] for answer in taken}) == 1
        wait_for(bus, account, taken[0], ["recorded", "answered"])
        assert on_the_bus(bus, "twenty", f"r{round}") == 1


def test_a_request_while_the_broker_is_away(bus, portal, host):
    account = Account(portal, host, "patient", "cash")
    broker = bus.processes[0]
    broker.send_signal(signal.SIGSTOP)
    try:
        answer = account.ask("code.requested.v1", {}, key="later")
        assert answer.status_code == 202 and answer.json()["state"] == "stored"
        assert account.get("/v1/requests/later").json()["state"] == "stored"
    finally:
        broker.send_signal(signal.SIGCONT)
    wait_for(bus, account, answer, ["recorded", "answered"])
    assert on_the_bus(bus, "patient", "later") == 1


# Lists and limits: OWASP API4


def test_every_list_by_pages_is_the_whole(olena):
    expected = {"referees": REFEREES, "entries": REFEREES, "withdrawals": 10, "requests": 2 * REFEREES}
    for name, least in expected.items():
        whole = olena.all(f"/v1/{name}", 200)
        assert len(whole) >= least, name
        for limit in (7, 1 if name == "referees" else 10):
            assert olena.all(f"/v1/{name}", limit) == whole, name
    found = olena.get("/v1/referees?find=referee-00&limit=3").json()
    assert [item["account"] for item in found["items"]] == ["referee-000", "referee-001", "referee-002"]
    assert len(olena.all("/v1/referees?find=referee-00", 3)) == 10


def test_cursors_of_other_lists_and_garbage(olena):
    cursors = {name: olena.get(f"/v1/{name}?limit=1").json()["next"] for name in ("referees", "entries", "withdrawals", "requests")}
    garbage = ["", "0", "x", ".", "..", "1.x", "referees.x.y", "entries..", "-1", str(2**64), "entries.1.x", "' OR 1=1 --", "a" * 500, "é"]
    for name in cursors:
        for other, cursor in cursors.items():
            answer = olena.get(f"/v1/{name}", params={"after": cursor, "limit": 1})
            assert answer.status_code == 200 if name == other else is_problem(answer, 400)
        for text in garbage:
            is_problem(olena.get(f"/v1/{name}", params={"after": text}), 400)
        for limit in ("0", "-1", "201", "x", "", "1.5", str(2**64)):
            is_problem(olena.get(f"/v1/{name}", params={"limit": limit}), 400)
    is_problem(olena.get("/v1/referees?status=x"), 400)
    is_problem(olena.get("/v1/entries?currency=usd"), 400)
    for path in ("x", "-1", str(2**64), "1e3", "' OR 1=1"):
        is_problem(olena.get(f"/v1/entries/{urllib.parse.quote(path)}/why"), 404)


def test_api4_too_many_calls_are_429(portal, host):
    account = Account(portal, host, f"eager-{uuid.uuid4()}", "cash")
    headers = {"Authorization": f"Bearer {account.bearer}"}
    with requests.Session() as session:
        answers = [session.get(f"{portal.address}/v1/summary", headers=headers, timeout=20) for _ in range(110)]
    limited = [answer for answer in answers if answer.status_code == 429]
    assert len(answers) - len(limited) >= 60 and limited
    assert all(1 <= int(answer.headers["Retry-After"]) <= 12 for answer in limited) and is_problem(limited[0], 429)
    # Other accounts are not affected.
    assert Account(portal, host, f"calm-{uuid.uuid4()}", "cash").get("/v1/summary").status_code == 200


def test_a_slow_client_holds_nobody_up(portal, olena):
    address = ("localhost", int(portal.address.rsplit(":", 1)[1]))
    slow = [socket.create_connection(address, timeout=20) for _ in range(40)]
    for connection in slow:
        connection.sendall(b"GET /v1/summary HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    begin = time.monotonic()
    assert all(olena.get("/v1/summary").status_code == 200 for _ in range(5))
    assert time.monotonic() - begin < 15
    # Silent for 10 s, so it is cut off.
    for connection in slow:
        connection.settimeout(30)
        assert b"200" not in connection.recv(1000)
        connection.close()


# Pages: forms, cookies, headers: OWASP API8


def test_forms_from_elsewhere_are_refused(olena, other, portal):
    session, _ = olena.enter()
    stranger, _ = other.enter()
    again, _ = olena.enter()
    address, own = f"{portal.address}/cash/withdraw", {"Origin": portal.address}
    fields = {"amount": "0.01", "currency": "USD", "recipient": "iban-1"}
    whole = form(session.get(address).text, "/leave") | fields
    count = len(olena.all("/v1/requests", 200))
    attacks = [
        (session, fields, own), (session, whole | {"form": ""}, own), (session, whole | {"form": whole["form"][:-2] + "AA"}, own),
        (session, whole | {"request": "another"}, own), (stranger, whole, own), (again, whole, own),
        (session, whole, {"Origin": "https://evil.test"}), (session, whole, {"Origin": portal.address + ".evil.test"}),
        (session, whole, {"Origin": "null"}), (session, whole, {}), (session, whole, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}),
        (session, whole, {"Origin": "null", "Sec-Fetch-Site": "same-site"}),
    ]
    for number, (client, data, headers) in enumerate(attacks):
        answer = client.post(address, data=data, headers=headers, allow_redirects=False)
        assert 400 <= answer.status_code < 500, (number, answer.status_code)
    answer = session.post(address, json=whole, headers=own, allow_redirects=False)
    assert 400 <= answer.status_code < 500
    assert len(olena.all("/v1/requests", 200)) == count
    good = session.post(address, data=whole, headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"}, allow_redirects=False)
    assert good.status_code in (303, 422)
    # A link or another site cannot sign anybody out.
    assert session.get(f"{portal.address}/leave").status_code == 405
    session.post(f"{portal.address}/leave", data=form(session.get(address).text, "/leave"), headers={"Origin": "https://evil.test"})
    assert session.get(f"{portal.address}/cash").status_code == 200
    for headers in ({"Origin": "https://evil.test"}, {"Origin": "null"}, {"Origin": ""}):
        fresh, answer = olena.enter(headers=headers)
        assert answer.status_code >= 400 and not fresh.cookies


def test_api8_headers_of_every_answer(olena, portal, bus, host, tmp_path_factory):
    session, answer = olena.enter()
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie and "Domain" not in cookie
    answers = [answer, *(session.get(f"{portal.address}{path}") for path in ("/cash", "/cash/book.csv", "/nothing", "/assets/style.css", "/enter"))]
    answers += [olena.get("/v1/summary"), olena.get("/v1/nothing"), requests.get(f"{portal.address}/cash", timeout=20)]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy and "*" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Access-Control-Allow-Origin" not in answer.headers
        if "/assets/" not in answer.url:
            assert answer.headers["Cache-Control"] == "no-store", answer.url
    # Behind TLS, and in a frame of the host product.
    framed = Portal(
        bus, host, tmp_path_factory.mktemp("framed"), "--frame-ancestors", "https://app.example", origin="https://pages.example")
    account = Account(framed, host, "olena", "cash")
    _, answer = account.enter()
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-laurel=") and "Domain" not in cookie
    for part in ("; Path=/", "; Secure", "; HttpOnly", "; SameSite=None", "; Partitioned"):
        assert part in cookie
    assert "frame-ancestors https://app.example" in answer.headers["Content-Security-Policy"]


def raw(portal, request):
    with socket.create_connection(("localhost", int(portal.address.rsplit(":", 1)[1])), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


def test_redirects_stay_here(olena, portal):
    session, _ = olena.enter()
    for path in ("//evil.test/?lang=ru", "/%2Fevil.test/?lang=ru", "/\\evil.test/?lang=ru", "/cash?lang=ru&next=//evil.test", "/%5C%5Cevil.test?lang=ru"):
        answer = raw(portal, f"GET {path} HTTP/1.1\r\nHost: evil.test\r\nCookie: laurel={session.cookies['laurel']}\r\nConnection: close\r\n\r\n".encode())
        head = answer.split(b"\r\n\r\n")[0].decode()
        for line in head.split("\r\n"):
            if line.lower().startswith("location:"):
                target = line.split(":", 1)[1].strip()
                assert target.startswith("/") and not target.startswith(("//", "/\\")), (path, target)


def test_paths_and_headers_are_no_way_out(olena, portal):
    cookie = f"Cookie: laurel={olena.enter()[0].cookies['laurel']}\r\n"
    for path in ("/assets/../../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fetc%2fpasswd", "/cash/../../etc/passwd", "/assets/style.css%00.html"):
        answer = raw(portal, f"GET {path} HTTP/1.1\r\nHost: x\r\n{cookie}Connection: close\r\n\r\n".encode())
        assert answer.split(b" ")[1] in (b"404", b"400"), (path, answer[:100])
        assert b"root:" not in answer
    for path in ("/cash%0d%0aSet-Cookie:%20a=b?lang=ru", "/cash?lang=ru&x=%0d%0aSet-Cookie:%20a=b", "/cash?lang=ru%0d%0aSet-Cookie:%20a=b"):
        head = raw(portal, f"GET {path} HTTP/1.1\r\nHost: x\r\n{cookie}Connection: close\r\n\r\n".encode()).split(b"\r\n\r\n")[0]
        assert b"\r\nSet-Cookie: a=b" not in head, path
    # Two lengths, or a length and chunks: request smuggling past a proxy.
    for framing in ("Content-Length: 1\r\nContent-Length: 2\r\n", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"):
        answer = raw(portal, f"POST /v1/requests HTTP/1.1\r\nHost: x\r\n{framing}Connection: close\r\n\r\n0\r\n\r\n".encode())
        assert answer.split(b" ")[1] == b"400"


def test_markup_and_formulas_are_text(olena, portal):
    session, _ = olena.enter()
    for path in ("invited", "book"):
        page = session.get(f"{portal.address}/cash/{path}").text
        assert SCRIPT not in page and "&lt;script&gt;" in page
    query = session.get(f"{portal.address}/cash/invited", params={"find": '"><script>x'}).text
    assert "<script>x" not in query
    table = session.get(f"{portal.address}/cash/book.csv").content.decode("utf-8-sig")
    assert "HYPERLINK" in table
    for cell in table.replace("\n", ",").split(","):
        assert not cell.strip().strip('"').startswith(("=", "@", "\t")), cell


# OWASP API7, API9, API10


def test_api7_no_address_is_fetched(olena):
    """The portal never calls an address that a client sends, such as a redirect, a picture or a key."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.5)
        address = f"http://127.0.0.1:{trap.getsockname()[1]}/"
        olena.get("/v1/referees", params={"find": address})
        olena.ask("code.requested.v1", {"vanity": address})
        olena.ask("withdrawal.requested.v1", {"amount": 1, "currency": "USD", "destination": address}, token=olena.token(
            recipients=[{"id": address, "label": address}]))
        olena.get("/v1/summary", token=jwt.encode({}, olena.host.key, "EdDSA", headers={"kid": "test", "jku": address, "x5u": address}))
        with pytest.raises(TimeoutError):
            trap.accept()


def test_api9_there_is_no_route_beside_the_contract(olena, portal):
    contract = yaml.safe_load(CONTRACT.read_text())
    assert {path.removeprefix("/v1/").split("/")[0] for path in contract["paths"]} == set(READS)
    for path in ("/v0/summary", "/v2/summary", "/V1/summary", "/api/v1/summary", "/v1/accounts", "/v1/debug", "/v1/openapi.json", "/metrics", "/readyz", "/livez"):
        assert olena.get(path).status_code in (401, 404), path


def test_api10_what_comes_from_the_bus_is_not_trusted(bus, olena):
    """A broken record, or another account's record under this key, has no effect and stops nothing."""
    events, before = Events(bus), olena.get("/v1/summary").json()["balances"]
    for data in ({}, {"reward": "x"}, [], "x", {"referrer": "olena", "amount": 10**30}):
        events.send("rewards", "olena", "reward.accrued.v1", data, "cash", "2026-02-01T00:00:00.000Z", sequence=10**6)
    events.send("rewards", "olena", "nothing.known.v1", {}, "cash", "2026-02-01T00:00:00.000Z", sequence=10**6)
    events.flush()
    marker = olena.ask("code.requested.v1", {"vanity": "AFTERWARDS"})
    wait_for(bus, olena, marker, ["recorded", "answered"])
    bus.until(20, lambda: olena.get("/v1/summary").json()["behind"] == 0, "all is read")
    assert olena.get("/v1/summary").json()["balances"] == before
