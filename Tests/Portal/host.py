"""The host product: it signs tokens, and has a page that sends people to the portal with one."""

import base64
import html
import json
import secrets
import time
import uuid

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ISSUER, AUDIENCE = "https://app.example", "laurel"
EVERYTHING = ["read", "code", "order", "withdraw"]


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Host:
    # The test's browser answers this host itself. It does not exist.
    origin = "http://host.test"

    def __init__(self, folder):
        self.key = Ed25519PrivateKey.generate()
        self.key_file = folder / "keys.json"
        public = {
            "kid": "test", "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA",
            "x": base64url(self.key.public_key().public_bytes_raw()),
        }
        self.key_file.write_text(json.dumps({
            "issuer": ISSUER, "audience": AUDIENCE, "keys": [public], "secrets": [base64url(secrets.token_bytes(32))],
        }))

    def token(self, account, programs, **claims):
        """A token with every right, for five minutes. A claim that is None is left out."""
        now = int(time.time())
        whole = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": account, "jti": str(uuid.uuid4()), "iat": now, "exp": now + 300,
            "programs": programs, "act": EVERYTHING,
        } | claims
        whole = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(whole, self.key, algorithm="EdDSA", headers={"kid": "test"})

    def send(self, page, to, token, origin=origin):
        """A click in the host product: its page submits a form to `to`, the address of /enter."""
        page.context.route(f"{origin}/**", lambda route: route.fulfill(content_type="text/html", body=(
            f'<!doctype html><title>Host</title><form method="post" action="{html.escape(to)}">'
            f'<input type="hidden" name="token" value="{html.escape(token)}"></form>')))
        page.goto(f"{origin}/")
        with page.expect_navigation(url=lambda url: not url.startswith(origin)):
            page.evaluate("document.forms[0].submit()")
