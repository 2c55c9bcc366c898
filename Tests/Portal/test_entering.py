"""Entering in a real browser on real Kafka: only from the host product's page to the account's."""

from conftest import looks_finished


def test_from_the_host_to_the_account(enter, portal, page):
    enter("olena", ["cash"], lang="en")
    assert page.url.startswith(portal.address) and "token" not in page.url
    assert page.title() and page.locator("h1").count() == 1
    cookie = page.context.cookies()[0]
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == ("laurel", True, "Lax", "/")
    looks_finished(page)


def test_a_token_opens_one_session(host, portal, page, chromium):
    token = host.token("olena", ["cash"])
    host.send(page, f"{portal.address}/enter", token)
    assert len(page.context.cookies()) == 1
    thief = chromium.new_context()
    host.send(thief.new_page(), f"{portal.address}/enter", token)
    assert thief.cookies() == []
    thief.close()


def test_what_was_refused_says_how_to_come_in(enter, page):
    for claims in ({"aud": "other"}, {"exp": 1}, {"sub": None}):
        enter("olena", ["cash"], **claims)
        assert page.context.cookies() == []
        assert page.locator("h1").count() == 1
        # The console logs a status of 401 as an error.
        page.faults.clear()
        looks_finished(page)


def test_another_site_cannot_send_people_here(host, portal, page):
    """A person signed in by a stranger would leave their data in the stranger's account."""
    host.send(page, f"{portal.address}/enter", host.token("olena", ["cash"]), origin="http://evil.test")
    assert page.context.cookies() == []
