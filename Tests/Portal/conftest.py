"""A browser, and the portal on real Kafka."""

import json
import os
import pathlib
import shutil
import subprocess
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from broker import Bus, free_port
from ground import BIN, ROOT, needs
from host import Host
from sandbox import DEMO, Sandbox

# WCAG 2.2 at A and AA, and axe's best practices.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = {"phone": (360, 780), "desktop": (1280, 900)}

# The host product's data about everybody in the sandbox.
CLAIMS = {"recipients": [{"id": "card:1111", "label": "Card •• 1111"}, {"id": "iban:42", "label": "IBAN •• 0042"}]}
COMPANIES = {"dana": [{"id": "south", "name": "South Wind LLC"}, {"id": "north", "name": "Норд"}]}


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        program = needs(shutil.which("chromium") or "chromium", "Debian's chromium")
        # Its sandbox does not work for root, and a container's /dev/shm is small.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(params=WIDTHS)
def page(request, chromium):
    """A page in a new browser, once on a phone and once on a desktop."""
    page = new_page(chromium, viewport=size(request.param))
    yield page
    keep_picture(page, request.node.name)
    page.context.close()


def size(name):
    return dict(zip(("width", "height"), WIDTHS[name]))


def new_page(browser, **options):
    """A page in its own browser, with its logged errors as `faults`."""
    context = browser.new_context(**({"locale": "en-GB", "timezone_id": "UTC"} | options))
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.faults = []
    page.on("console", lambda message: page.faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    return page


def keep_picture(page, name):
    folder = os.environ.get("LAUREL_SCREENSHOTS")
    if folder:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=pathlib.Path(folder) / f"{name.replace('/', '_')}.png", full_page=True)


def violations(page):
    """The findings of axe, one line each."""
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def is_scrolled_sideways(page):
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def looks_finished(page):
    """Checks every page: no finding of axe, no horizontal overflow, also at 320 px, and no error in the console."""
    assert violations(page) == []
    size = page.viewport_size
    for width in (size["width"], 320):
        page.set_viewport_size({"width": width, "height": size["height"]})
        assert not is_scrolled_sideways(page), f"the page scrolls sideways at {width} px"
    page.set_viewport_size(size)
    assert page.faults == []


def looks_finished_everywhere(page, name):
    """Sets each of the widths, and takes a picture of each."""
    for width in WIDTHS:
        page.set_viewport_size(size(width))
        looks_finished(page)
        keep_picture(page, f"{name}-{width}")


def focused_in_turn(page, limit=200):
    """The elements that the Tab key reaches from the top of the page, by their announced text, until it leaves the page."""
    seen = []
    page.evaluate("document.activeElement.blur()")
    for _ in range(limit):
        page.keyboard.press("Tab")
        name = page.evaluate(
            "(e => e === document.body ? null : (e.ariaLabel || e.labels?.[0]?.textContent || e.textContent || e.value).trim())"
            "(document.activeElement)")
        if name is None:
            return seen
        seen.append(name)
    raise AssertionError(f"Tab does not leave the page: {seen}")


def read_qr(image, folder):
    """Reads the QR code in a picture (PNG)."""
    program = needs(shutil.which("zbarimg") or "zbarimg", "zbar-tools")
    path = folder / "qr.png"
    path.write_bytes(image)
    done = subprocess.run([program, "--quiet", "--raw", path], capture_output=True, text=True)
    assert done.returncode == 0, f"no QR code found in the picture: {done.stderr}"
    return done.stdout.rstrip("\n")


@pytest.fixture(scope="session")
def host(tmp_path_factory):
    return Host(tmp_path_factory.mktemp("host"))


@pytest.fixture(scope="session")
def bus(tmp_path_factory):
    """Real Kafka with all services."""
    bus = Bus(tmp_path_factory.mktemp("bus"), ["attribution", "accrual", "discounts", "payouts"])
    yield bus
    bus.stop()


class Portal:
    """Started in its constructor on the bus, which also ends it. It is ready when the constructor returns."""

    def __init__(self, bus, host, folder, *options, base="", origin=None):
        pages, http = free_port(), free_port()
        # Browsers treat this name as a secure context, like HTTPS.
        self.origin = f"http://localhost:{pages}"
        self.address = self.origin + base
        self.health = f"http://127.0.0.1:{http}"
        bus.start(
            folder / "portal.log", needs(BIN / "portal", "the portal"), "--bootstrap", bus.bootstrap, "--terms", ROOT / "ops" / "terms",
            "--state", folder / "state", "--keys", host.key_file, "--pages", f"127.0.0.1:{pages}", "--http", f"127.0.0.1:{http}",
            "--origin", origin or self.origin, "--base-path", base, "--host-origin", host.origin, *options)
        bus.until(60, lambda: self.status(f"{self.health}/readyz") == 200, "the portal is ready")

    @staticmethod
    def status(address):
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                return answer.status
        except OSError as error:  # includes answers such as 503
            return getattr(error, "code", None)


@pytest.fixture(scope="session")
def portal(bus, host, tmp_path_factory):
    return Portal(bus, host, tmp_path_factory.mktemp("portal"))


@pytest.fixture(scope="session")
def sandbox(bus):
    return Sandbox(bus)


@pytest.fixture(scope="session")
def sandbox_portal(bus, sandbox, host, tmp_path_factory):
    """The pages of the sandbox, under a base path."""
    options = "--clock", "bus", "--topic-prefix", sandbox.prefix
    return Portal(bus, host, tmp_path_factory.mktemp("sandbox-portal"), *options, base="/referrals")


class Visits:
    """People of the sandbox at their browsers. Each stays signed in."""

    def __init__(self, browser, host, portal):
        self.browser, self.host, self.portal = browser, host, portal
        self.pages = {}

    def open(self, account, program, path="", **claims):
        """The page after its first load, as wide as a desktop."""
        key = (account, json.dumps(claims))
        if key not in self.pages:
            page = new_page(self.browser)
            whole = CLAIMS | {"companies": COMPANIES.get(account)} | claims
            self.host.send(page, f"{self.portal.address}/enter", self.host.token(account, DEMO, **whole))
            self.pages[key] = page
        page = self.pages[key]
        page.set_viewport_size(size("desktop"))
        page.faults.clear()
        page.answer = page.goto(f"{self.portal.address}/{program}{path}")
        return page

    def copy(self, page, **options):
        """Another page of the same person, in a browser with these options."""
        return new_page(self.browser, storage_state=page.context.storage_state(), **options)

    def close(self):
        for page in self.pages.values():
            page.context.close()


@pytest.fixture(scope="session")
def visits(chromium, host, sandbox_portal):
    visits = Visits(chromium, host, sandbox_portal)
    yield visits
    visits.close()


@pytest.fixture
def enter(portal, host, page):
    """Enters the portal as an account, from the host product's page. Returns the next page."""

    def enter(account, programs, **claims):
        host.send(page, f"{portal.address}/enter", host.token(account, programs, **claims))
        return page

    return enter
