"""Every page of the portal in every state, in a browser, on real Kafka: its look, its texts and its languages."""

import base64
import os
import pathlib

import pytest

from conftest import WIDTHS, is_scrolled_sideways, looks_finished_everywhere, new_page, read_qr, violations

# Account, program, the page's path, and a text that only this state has.
STATES = [
    ("acme", "bonus", "", "10,500.00 KZT"),
    ("aurora", "bonus", "", "48,000.00"),
    ("quiet", "bonus", "", "How to start"),
    ("novel", "bonus", "", "15 days left"),
    ("beta", "bonus", "", "You have used your welcome offer of 10%."),
    ("nobody", "bonus", "", "You have no referral link yet"),
    ("metro", "cash", "", "Balance in USD"),
    ("dana", "tiers", "", "25 active referrals"),
    ("nobody", "bonus", "/invited", "Nobody has registered with your link yet"),
    ("metro", "cash", "/invited", "client-130"),
    ("metro", "cash", "/invited?find=zzz", "No company matches this filter"),
    ("nobody", "cash", "/book", "No entries yet"),
    ("acme", "bonus", "/book", "Spent on an invoice"),
    ("metro", "cash", "/book", "Amount, KZT"),
    ("acme", "bonus", "/book/1", "405,000.00 KZT × 10% = 40,500.00 KZT"),
    ("nobody", "tiers", "/discounts", "No company with a subscription yet"),
    ("dana", "tiers", "/discounts", "What each company would get today"),
    ("nobody", "cash", "/withdraw", "Nothing to withdraw yet"),
    ("olena", "cash", "/withdraw", "10.10 USD\tPaid"),
    ("acme", "bonus", "/help", "Welcome offer for those you invite"),
    ("olena", "cash", "/help", "Ukraine"),
    ("dana", "tiers", "/help", "On day 28 of each month"),
    ("acme", "bonus", "/poster", "Scan and sign up"),
]
# Each page once, in its fullest state.
PAGES = [
    ("novel", "bonus", ""), ("aurora", "bonus", ""), ("metro", "cash", "/invited?find=client-12"), ("metro", "cash", "/book"),
    ("acme", "bonus", "/book/1"), ("dana", "tiers", "/discounts"), ("metro", "cash", "/withdraw"), ("olena", "cash", "/help"),
    ("acme", "bonus", "/poster"),
]
LANGUAGES = {
    "en": ("25 active referrals", "15 days left"),
    "ru": ("25 активных рефералов", "Осталось 15 дней"),
    "uk": ("25 активних рефералів", "Залишилося 15 днів"),
    "kk": ("25 белсенді реферал", "15 күн қалды"),
    "uz": ("25 ta faol referal", "15 kun qoldi"),
}
NOT_OK = "Failed to load resource: the server responded with a status of"


def text_of(page):
    return page.locator("main").inner_text().replace("\u00a0", " ")


@pytest.mark.parametrize("account, program, path, text", STATES, ids=lambda value: value if isinstance(value, str) else None)
def test_state(visits, account, program, path, text):
    page = visits.open(account, program, path)
    assert page.answer.status == 200 and text in text_of(page)
    banner = page.get_by_role("status").filter(has_text="Sandbox: the clock here shows 20")
    # The topic of the clock is read separately.
    for _ in range(20):
        if banner.count() == 1:
            break
        page.wait_for_timeout(500)
        page.reload()
    assert banner.count() == 1
    looks_finished_everywhere(page, f"{account}-{program}{path}")


def test_sections_follow_the_terms(visits):
    menus = {
        "bonus": ["Overview", "Invited", "Account book", "How it works"],
        "cash": ["Overview", "Invited", "Account book", "Withdraw", "How it works"],
        "tiers": ["Overview", "Invited", "Discounts", "How it works"],
    }
    for program, menu in menus.items():
        page = visits.open("nobody", program)
        assert page.get_by_role("navigation", name="Main menu").get_by_role("link").all_inner_texts() == menu
        for path, name in (("/withdraw", "Withdraw"), ("/discounts", "Discounts"), ("/book", "Account book")):
            assert visits.open("nobody", program, path).answer.status == (200 if name in menu else 404), (program, path)


def companies(page):
    return page.locator("tbody th").all_inner_texts()


def test_the_list_of_the_invited(visits):
    page = visits.open("metro", "cash", "/invited")
    seen = companies(page)
    while page.get_by_role("link", name="Next page").count():
        page.get_by_role("link", name="Next page").click()
        seen += companies(page)
    assert seen == [f"client-{number:03}" for number in range(130, 0, -1)]
    page.get_by_role("link", name="Back to the first page").click()
    assert companies(page)[0] == "client-130"
    # Six hours between two dates: those of the whole day.
    page.get_by_label("Registered by").fill("2026-05-10")
    page.get_by_role("button", name="Show").click()
    assert companies(page)[0] == "client-030"
    page.get_by_label("Status").select_option("earning")
    page.get_by_role("button", name="Show").click()
    assert companies(page) == [f"client-{number:03}" for number in range(30, 0, -1) if number % 3 == 0 or number % 20 == 0]
    page.get_by_label("Company ID").fill("client-02")
    page.get_by_role("button", name="Show").click()
    assert companies(page) == ["client-020", "client-021", "client-024", "client-027"]
    page.get_by_role("link", name="Clear filter").click()
    page.get_by_label("Company ID").fill("client-1")
    page.get_by_role("button", name="Show").click()
    assert companies(page) == [f"client-{number}" for number in range(100, 131)]
    assert visits.open("metro", "cash", "/invited?after=nonsense").answer.status == 404


def test_the_book_by_currency(visits):
    page = visits.open("metro", "cash", "/book")
    assert page.locator("thead").inner_text().count("KZT") == 2
    page.get_by_role("link", name="USD").click()
    entries = page.locator("tbody tr").count()
    page.get_by_role("link", name="Next page").click()
    while page.get_by_role("link", name="Next page").count():
        entries += page.locator("tbody tr").count()
        page.get_by_role("link", name="Next page").click()
    entries += page.locator("tbody tr").count()
    file = page.request.get(f"{visits.portal.address}/cash/book.csv?currency=USD")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert len(file.text().strip().split("\r\n")) == entries + 1
    page = visits.open("acme", "bonus", "/book")
    page.get_by_role("row", name="Reward earned").get_by_role("link", name="Why?").click()
    assert "405,000.00 KZT × 10% = 40,500.00 KZT" in text_of(page)


def test_codes_are_read_back(visits, tmp_path):
    page = visits.open("acme", "bonus")
    link = page.get_by_label("Link to share").input_value()
    assert link == "https://doc.example/?ref=ACME"
    assert read_qr(page.request.get(f"{visits.portal.address}/bonus/qr.png").body(), tmp_path) == link
    page.get_by_role("link", name="QR code").click()
    assert read_qr(page.locator(".poster [role=img]").screenshot(), tmp_path) == link
    assert page.pdf(format="A4").count(b"/Type /Page\n") == 1, "the poster must fit on one sheet"


def test_the_link_is_copied(visits):
    page = visits.open("acme", "bonus")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "https://doc.example/?ref=ACME"
    page.get_by_role("button", name="Copy", exact=True).wait_for()


@pytest.mark.parametrize("language", LANGUAGES)
def test_language(visits, language):
    active, left = LANGUAGES[language]
    whole = {}
    for account, program, path in PAGES:
        page = visits.open(account, program)
        page.context.add_cookies([{"name": "laurel-lang", "value": language, "url": visits.portal.origin}])
        page.set_viewport_size({"width": 320, "height": 780})
        page.goto(f"{visits.portal.address}/{program}{path}")
        text = page.locator("body").inner_text().replace("\u00a0", " ")
        whole[account, path] = text
        assert page.evaluate("document.documentElement.lang") == language
        assert "⟦" not in page.content(), f"{account} {path}: a text is missing"
        assert "{" not in text and not is_scrolled_sideways(page), f"{account} {path}"
        assert page.faults == []
        page.context.clear_cookies(name="laurel-lang")
    assert active in whole["dana", "/discounts"] and left in whole["novel", ""]


def test_the_language_is_chosen(visits):
    page = visits.open("acme", "bonus", "/book?currency=KZT")
    page.get_by_role("link", name="Українська").click()
    assert page.evaluate("document.documentElement.lang") == "uk" and page.url.endswith("/bonus/book?currency=KZT")
    page.get_by_role("link", name="Қазақша").click()
    assert page.evaluate("document.documentElement.lang") == "kk"
    page.context.clear_cookies(name="laurel-lang")
    # Without a choice: the host product's language.
    for path in ("", "/nothing"):
        page = visits.open("acme", "bonus", path, lang="uz")
        assert page.evaluate("document.documentElement.lang") == "uz"


@pytest.mark.parametrize("account, program, path", [
    ("metro", "cash", ""), ("metro", "cash", "/withdraw"), ("dana", "tiers", "/discounts"), ("acme", "bonus", "/book/1"),
    ("aurora", "bonus", ""),
])
def test_dark(visits, account, program, path):
    page = visits.open(account, program, path)
    page.emulate_media(color_scheme="dark")
    try:
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 21, 22)"
        assert violations(page) == []
    finally:
        page.emulate_media(color_scheme="light")


def test_without_scripts(visits):
    for account, program, path in [("acme", "bonus", ""), ("metro", "cash", "/invited"), ("dana", "tiers", "/discounts"),
                                   ("metro", "cash", "/withdraw")]:
        page = visits.open(account, program, path)
        plain = visits.copy(page, java_script_enabled=False)
        plain.goto(page.url)
        shown = [line for line in text_of(page).splitlines() if line != "Copy"]
        assert [line for line in text_of(plain).splitlines()] == shown
        assert plain.get_by_role("button", name="Copy").count() == 0
        plain.context.close()


def test_print(visits):
    page = visits.open("metro", "cash", "/book?currency=USD")
    page.emulate_media(media="print")
    try:
        assert page.get_by_role("link", name="Why?").count() == 0
        for name in ("header", "footer nav", ".tools", ".pages"):
            assert not page.locator(name).first.is_visible(), name
        assert page.locator("caption").count() == 1 and page.locator("tbody tr").count() == 50
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    finally:
        page.emulate_media(media="screen")


def test_size(visits):
    style = len(visits.open("metro", "cash").request.get(f"{visits.portal.address}/assets/style.css").body())
    script = len(visits.open("metro", "cash").request.get(f"{visits.portal.address}/assets/copy.js").body())
    assert script <= 2_000
    for account, program, path in [("metro", "cash", "/invited"), ("metro", "cash", "/book?currency=USD"), ("aurora", "bonus", ""),
                                   ("dana", "tiers", "/discounts")]:
        answer = visits.open(account, program, path).answer
        assert len(answer.body()) + style <= 30_000, f"{account} {path}: {len(answer.body())} + {style}"


def test_errors(visits, chromium, host):
    stranger = new_page(chromium)
    answer = stranger.goto(f"{visits.portal.address}/bonus")
    assert (answer.status, stranger.locator("h1").inner_text()) == (401, "Please open this page again")
    stranger.faults = [fault for fault in stranger.faults if not fault.startswith(NOT_OK)]
    looks_finished_everywhere(stranger, "error-401")
    stranger.context.close()
    for path, status, title, claims in [("/nothing", 404, "Page not found", {}), ("", 403, "You cannot open this page", {"act": ["code"]})]:
        page = visits.open("acme", "bonus", path, **claims)
        assert (page.answer.status, page.locator("h1").inner_text()) == (status, title)
        page.faults = [fault for fault in page.faults if not fault.startswith(NOT_OK)]
        looks_finished_everywhere(page, f"error-{status}")
    page = visits.open("acme", "bonus", "/nothing")
    page.get_by_role("link", name="Go to the overview").click()
    assert page.url == f"{visits.portal.address}/bonus"


WALK = """() => {
  const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')].filter(e => e.checkVisibility())
  const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e)
  return {at: all.indexOf(e), of: all.length, name: e.textContent.trim() || e.id,
    seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && box.right > 0 && box.bottom > 0
      && box.left < innerWidth && box.top < innerHeight}
}"""


@pytest.mark.parametrize("account, program, path", [
    ("acme", "bonus", ""), ("dana", "tiers", "/discounts"), ("metro", "cash", "/withdraw"), ("metro", "cash", "/invited?find=client-12"),
    ("nobody", "bonus", ""),
])
def test_keyboard(visits, account, program, path):
    page = visits.open(account, program, path)
    page.keyboard.press("Tab")
    assert page.evaluate(WALK)["name"] == "Skip to content"
    turn = [0]
    while turn[-1] + 1 < page.evaluate(WALK)["of"]:
        page.keyboard.press("Tab")
        step = page.evaluate(WALK)
        assert step["seen"], f"the focus is not visible: {step}"
        # A date field has several stops.
        if step["at"] != turn[-1]:
            turn.append(step["at"])
        assert turn == list(range(len(turn))), f"out of order: {turn} {step}"
    page = visits.open(account, program, path)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement) || !document.querySelector('main a, main button')")


def test_picture_for_the_readme(visits, chromium):
    """Runs only if LAUREL_README_PICTURE names a file. Writes WebP, which the browser encodes."""
    target = os.environ.get("LAUREL_README_PICTURE")
    if not target:
        pytest.skip("LAUREL_README_PICTURE is not set")
    picture = base64.b64encode(visits.open("aurora", "bonus").screenshot(full_page=True)).decode()
    blank = new_page(chromium)
    blank.set_content(f"<img src='data:image/png;base64,{picture}'>")
    made = blank.evaluate("""async () => {
      const image = document.images[0], canvas = document.createElement('canvas')
      await image.decode()
      canvas.width = image.width, canvas.height = image.height
      canvas.getContext('2d').drawImage(image, 0, 0)
      return canvas.toDataURL('image/webp', 0.8).split(',')[1]
    }""")
    blank.context.close()
    pathlib.Path(target).write_bytes(base64.b64decode(made))
    assert pathlib.Path(target).stat().st_size <= 60 * 1024
