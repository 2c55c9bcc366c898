"""Requests on the pages, up to their answer; figures against the ledger; and how soon a page shows an event."""

import json
import re
import signal
import time

import pytest

from conftest import looks_finished_everywhere
from ground import BIN
from test_pages import NOT_OK, text_of

PROGRAM_OF = {"acme": "bonus", "aurora": "bonus", "metro": "cash", "olena": "cash"}
PARTS = ["pending", "locked", "available", "reserved", "spent", "paid", "reversed"]


def answered(page, answer):
    """The page of a request, which refreshes itself until it has the answer."""
    assert re.fullmatch(r".*/referrals/\w+/requests/[\w-]+\?type=[\w.]+", page.url)
    page.get_by_role("status").get_by_text(answer, exact=True).wait_for()
    page.wait_for_load_state()


def shown_balances(page):
    """Minor units by currency and part, as the page shows them."""
    found = {}
    for panel in page.locator("section:has(table.balance)").all():
        currency = panel.locator("thead").inner_text().split()[-1]
        rows = {row.locator("th").get_attribute("class").removeprefix("dot "): row.locator("td").inner_text()
                for row in panel.locator("tbody tr").all()}
        found[currency] = {part: minor(rows.get(part, "0.00")) for part in PARTS}
    return found


def minor(text):
    """`10,500.00` as 1050000."""
    assert re.fullmatch(r"\u2212?[\d,]+\.\d\d", text), text
    return int(text.replace("\u2212", "-").replace(",", "").replace(".", ""))


def ledger(sandbox, account):
    """The same from the services' changelogs."""
    lines = [json.loads(line) for line in sandbox.laurel("balance", account, "--json").splitlines() if line]
    return {line["currency"]: {part: line[part] for part in PARTS} for line in lines if line["program"] == PROGRAM_OF[account]}


def last_notices(sandbox, folder):
    """The same from the last notice on the bus that has a balance, by account."""
    sandbox.bus.output(BIN / "laurel", "export", folder, "rewards", *sandbox.bus.connection(sandbox.prefix))
    found = {}
    for file in sorted(folder.glob("*rewards-*.jsonl")):
        for line in file.read_text().splitlines():
            data = json.loads(line)["data"]
            if "balance" in data:
                balance = data["balance"]
                found.setdefault(data.get("referrer") or data["account"], {})[balance["currency"]] = {part: balance.get(part, 0) for part in PARTS}
    return found


def test_figures_are_those_of_the_ledger(visits, sandbox, tmp_path):
    notices = last_notices(sandbox, tmp_path)
    assert set(notices) == set(PROGRAM_OF)
    for account, program in PROGRAM_OF.items():
        shown = shown_balances(visits.open(account, program))
        assert shown == ledger(sandbox, account) == notices[account], account
    assert shown_balances(visits.open("quiet", "bonus")) == {}
    assert notices["acme"]["KZT"]["available"] == 1_050_000 and notices["olena"]["USD"]["paid"] == 1010
    sandbox.laurel("verify")


def test_a_code_of_ones_own(visits):
    page = visits.open("starter", "bonus")
    page.get_by_text("Choose my own code").click()
    page.get_by_label("Your code").fill("ACME")
    looks_finished_everywhere(page, "code-wish")
    page.get_by_role("button", name="Get my link").click()
    answered(page, "Declined")
    assert "This code is already taken." in text_of(page)
    looks_finished_everywhere(page, "request-declined")
    page.get_by_role("link", name="Continue").click()
    page.get_by_text("Choose my own code").click()
    page.get_by_label("Your code").fill("STARTER")
    page.get_by_role("button", name="Get my link").click()
    answered(page, "Accepted")
    looks_finished_everywhere(page, "request-accepted")
    page.get_by_role("link", name="Continue").click()
    assert page.get_by_label("Link to share").input_value() == "https://doc.example/?ref=STARTER"


def test_a_request_that_is_not_answered(visits, sandbox):
    page = visits.open("patient", "bonus")
    sandbox.attribution.send_signal(signal.SIGSTOP)
    try:
        page.get_by_role("button", name="Get my link").click()
        page.get_by_role("status").get_by_text("Waiting for the answer").wait_for()
        looks_finished_everywhere(page, "request-waiting")
        # By the sandbox's clock.
        sandbox.laurel("clock", "set", "2026-06-20T12:01:30.000Z")
        page.get_by_role("status").get_by_text("Not answered yet").wait_for()
        assert "Please do not send it again." in text_of(page)
        looks_finished_everywhere(page, "request-slow")
    finally:
        sandbox.attribution.send_signal(signal.SIGCONT)
    page.reload()
    sandbox.bus.until(30, lambda: page.reload() and page.get_by_text("Accepted", exact=True).count(), "it is answered")


def order(page):
    return page.locator("tr:has(form) th").all_inner_texts()


def test_companies_in_another_order(visits):
    page = visits.open("dana", "tiers", "/discounts")
    assert order(page) == ["South Wind LLC", "Норд"]
    page.get_by_role("button", name="Move down: South Wind LLC").click()
    answered(page, "Accepted")
    page.get_by_role("link", name="Continue").click()
    assert order(page) == ["Норд", "South Wind LLC"]
    assert [row.split() for row in page.locator("tbody tr:has(form)").all_inner_texts()][0][:3] == ["Норд", "20", "40%"]
    page.get_by_role("button", name="Move up: South Wind LLC").click()
    answered(page, "Accepted")
    page.get_by_role("link", name="Continue").click()
    assert order(page) == ["South Wind LLC", "Норд"]


def ask(page, amount, currency):
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("Currency").select_option(currency)
    page.get_by_role("button", name="Request withdrawal").click()


@pytest.mark.parametrize("claims, text", [
    ({"act": ["read"]}, "You may view withdrawals but not request them. Ask your administrator."),
    ({"recipients": []}, "No payout recipient yet"),
])
def test_who_cannot_withdraw(visits, claims, text):
    page = visits.open("metro", "cash", "/withdraw", **claims)
    assert text in text_of(page) and page.get_by_label("Amount").count() == 0
    looks_finished_everywhere(page, f"withdraw-without-{list(claims)[0]}")


def test_withdrawals(visits, sandbox):
    page = visits.open("metro", "cash", "/withdraw")
    before = ledger(sandbox, "metro")
    # The page's own checks of a form, each message beside its field.
    page.get_by_label("Pay to").evaluate("select => select.options[0].value = 'card:of-somebody-else'")
    ask(page, "12.345", "USD")
    assert page.get_by_label("Amount").get_attribute("aria-invalid") == "true"
    assert page.get_by_label("Pay to").get_attribute("aria-describedby") == "recipient-fault"
    page.faults = [fault for fault in page.faults if not fault.startswith(NOT_OK)]
    looks_finished_everywhere(page, "withdraw-faults")
    ask(page, "1,000,000.00", "KZT")
    assert "15,000.12" in page.locator("#amount-fault").inner_text()
    assert page.get_by_label("Amount").input_value() == "1,000,000.00"
    page.faults.clear()
    # Every withdrawal in tenge waits for an operator, and can be canceled until then.
    ask(page, "10,000.00", "KZT")
    answered(page, "Accepted")
    page.get_by_role("link", name="Continue").click()
    assert "Open withdrawal" in text_of(page) and page.get_by_label("Amount").count() == 0
    assert [line.split("\n")[0] for line in page.locator(".way li").all_inner_texts()] == [
        "Requested", "Amount set aside", "Being checked by our team"]
    looks_finished_everywhere(page, "withdraw-open")
    assert shown_balances(visits.open("metro", "cash"))["KZT"]["reserved"] == 1_000_000
    page = visits.open("metro", "cash", "/withdraw")
    page.get_by_role("button", name="Cancel withdrawal").click()
    answered(page, "Accepted")
    page.get_by_role("link", name="Continue").click()
    assert "Canceled" in page.get_by_role("row", name="10,000.00").inner_text()
    assert shown_balances(visits.open("metro", "cash")) == before == ledger(sandbox, "metro")
    # A small one is paid at once.
    page = visits.open("metro", "cash", "/withdraw")
    ask(page, "20", "USD")
    answered(page, "Accepted")
    request = page.locator("code").inner_text()
    page.get_by_role("link", name="Continue").click()
    assert page.get_by_role("button", name="Cancel withdrawal").count() == 0 and "on its way" in text_of(page)
    looks_finished_everywhere(page, "withdraw-sent")
    sandbox.publish([sandbox.event(
        "payout.settled.v1", "cash", "2026-06-20T12:30:00.000Z", payout=f"{request}#1", referrer="metro", at="2026-06-20T12:30:00.000Z",
        reference="bank-1")])
    sandbox.bus.until(30, lambda: page.reload() and page.get_by_role("row", name="20.00").filter(has_text="Paid").count(), "it is paid")
    looks_finished_everywhere(page, "withdraw-paid")
    assert shown_balances(visits.open("metro", "cash"))["USD"]["paid"] == 2000


def test_without_scripts_requests_work(visits):
    page = visits.open("plain", "bonus")
    plain = visits.copy(page, java_script_enabled=False)
    plain.goto(page.url)
    plain.get_by_role("button", name="Get my link").click()
    answered(plain, "Accepted")
    plain.context.close()


def test_freshness(visits, sandbox, record_property):
    page = visits.open("metro", "cash")
    stamp = page.locator("footer p").inner_text()
    assert re.match(r"Figures as of .*\d\d:\d\d:\d\d\. All times are UTC\.", stamp)
    sandbox.bus.until(10, lambda: page.reload() and page.locator("footer p").inner_text() != stamp, "the time moves on")
    before = shown_balances(page)["USD"]["locked"]
    sandbox.publish([sandbox.payment("fresh", "client-129", "2026-06-20T12:00:00.000Z", "USD", 5000)])
    published = time.time()
    sandbox.bus.until(30, lambda: page.reload() and shown_balances(page)["USD"]["locked"] == before + 500, "the reward is shown")
    seen = time.time()
    notice = sandbox.bus.records(f"{sandbox.prefix}rewards", "metro", lambda found: any(b'"fresh"' in r.value() for r in found))
    told = [record.timestamp()[1] / 1000 for record in notice if b'"fresh"' in record.value()][0]
    record_property("secondsFromNoticeToPage", seen - told)
    print(f"from the notice to the page: {seen - told:.3f} s; from the end of publish: {seen - published:.3f} s")
    assert seen - told < 10
