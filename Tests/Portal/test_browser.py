"""Browser behaviour on which the portal's defences and these tests rely, on separate pages."""

import http.server
import threading
import urllib.parse

import jwt
import pytest

from conftest import focused_in_turn, is_scrolled_sideways, looks_finished, read_qr, violations

FORM = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Form</title></head><body><main><h1>Form</h1><form method="post" action="/sent"><label>Name <input name="name"></label>
<button>Send</button></form><a href="/">Again</a></main></body></html>"""


class Site(http.server.BaseHTTPRequestHandler):
    """Answers every GET with the form, under the portal's policies, and stores posted data."""

    def do_GET(self):
        self.reply(FORM)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.posted.append((self.path, dict(self.headers), urllib.parse.parse_qs(body)))
        self.reply("<!doctype html><html lang=en><title>Sent</title><main><h1>Sent</h1></main>")

    def reply(self, text):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Set-Cookie", "laurel=v1; Path=/; HttpOnly; SameSite=Lax")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.posted = []
    server.address = f"http://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_form_under_no_referrer_has_no_origin(page, site):
    """Why `FormOrigins` checks Sec-Fetch-Site: the portal's own pages send `Origin: null`."""
    page.goto(site.address)
    page.get_by_label("Name").fill("А & б")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/sent")
    path, headers, fields = site.posted[-1]
    assert (path, fields) == ("/sent", {"name": ["А & б"]})
    assert headers["Origin"] == "null" and headers["Sec-Fetch-Site"] == "same-origin"
    assert headers["Cookie"] == "laurel=v1"


def test_another_site_is_told_from_this_one(page, site, host):
    """A page of another site sends its origin, and has no session, because the cookie is SameSite=Lax."""
    page.goto(site.address)
    token = host.token("olena", ["cash"])
    host.send(page, f"{site.address}/enter", token)
    path, headers, fields = site.posted[-1]
    assert (path, fields) == ("/enter", {"token": [token]})
    assert headers["Origin"] == host.origin and headers["Sec-Fetch-Site"] == "cross-site"
    assert "Cookie" not in headers


def test_a_token_is_one_that_others_can_check(host):
    claims = jwt.decode(host.token("olena", ["cash"], lang=None), host.key.public_key(), ["EdDSA"], audience="laurel")
    assert claims["sub"] == "olena" and "lang" not in claims


def test_a_page_without_faults(page, site):
    page.goto(site.address)
    looks_finished(page)
    assert focused_in_turn(page) == ["Name", "Send", "Again"]


def test_planted_faults_are_found(page):
    page.set_content(
        "<!doctype html><title>x</title><img src='data:,' width=10><p style='color:#aaa;background:#fff'>pale</p>"
        "<div style='width:2000px'>wide</div><script>console.error('broken')</script>")
    found = {violation.split(":")[0] for violation in violations(page)}
    assert {"html-has-lang", "image-alt", "color-contrast"} <= found
    assert is_scrolled_sideways(page)
    page.wait_for_function("true")
    assert page.faults == ["broken"]


def test_a_picture_without_a_code(page, tmp_path):
    page.set_content("<p>nothing here</p>")
    with pytest.raises(AssertionError, match="no QR code"):
        read_qr(page.screenshot(), tmp_path)
