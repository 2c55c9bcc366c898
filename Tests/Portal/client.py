"""HTTP clients without a browser: a program of the host product, and an attacker."""

import json
import re
import time
import uuid

import requests
from confluent_kafka import Producer
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

RECIPIENTS = [{"id": "iban-1", "label": "Main account"}]
COMPANIES = [{"id": "company-1", "name": "One"}, {"id": "company-2", "name": "Two"}]


class Account:
    """An account of one program, with tokens for the API and a session for the pages."""

    def __init__(self, portal, host, name, program, **claims):
        self.portal, self.host, self.name, self.program = portal, host, name, program
        self.claims = {"recipients": RECIPIENTS, "companies": COMPANIES, "lang": "en"} | claims
        self.bearer = self.token()

    def token(self, programs=None, **claims):
        return self.host.token(self.name, [self.program] if programs is None else programs, **self.claims | claims)

    def call(self, method, path, token=None, headers=(), **more):
        """Waits after an answer of 429, as a client should."""
        headers = {"Authorization": f"Bearer {token or self.bearer}"} | dict(headers)
        while True:
            answer = requests.request(method, self.portal.address + path, headers=headers, allow_redirects=False, timeout=20, **more)
            if answer.status_code != 429:
                return answer
            time.sleep(int(answer.headers["Retry-After"]))

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def all(self, path, limit):
        """The items of a list, page by page."""
        items, after = [], None
        while True:
            page = self.get(path, params={"limit": limit} | ({"after": after} if after else {})).json()
            items += page["items"]
            assert len(page["items"]) == limit or "next" not in page
            after = page.get("next")
            if after is None:
                return items

    def ask(self, type, data, key=None, **more):
        return self.call(
            "POST", "/v1/requests", headers={"Idempotency-Key": str(uuid.uuid4()) if key is None else key}, json={"type": type, "data": data}, **more)

    def enter(self, token=None, headers=()):
        """A session as a browser holds it, and the answer of /enter."""
        session = requests.Session()
        # As in `call`.
        patient = Retry(total=20, status_forcelist=[429], allowed_methods=None, raise_on_status=False)
        session.mount("http://", HTTPAdapter(max_retries=patient))
        answer = session.post(
            f"{self.portal.address}/enter", data={"token": self.token() if token is None else token}, allow_redirects=False, timeout=20,
            headers={"Origin": self.host.origin} | dict(headers))
        return session, answer


def form(page, action):
    """The hidden fields of a page's form."""
    whole = re.search(rf'<form[^>]*action="[^"]*{re.escape(action)}"[^>]*>(.*?)</form>', page, re.S).group(1)
    return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', whole))


class Events:
    """Records of the host product and of the services on the bus."""

    def __init__(self, bus):
        self.producer = Producer({"bootstrap.servers": bus.bootstrap, "partitioner": "murmur2", "linger.ms": 20})

    def send(self, topic, key, type, data, program, time, sequence=None, id=None):
        headers = {
            "ce_specversion": "1.0", "ce_id": id or str(uuid.uuid4()), "ce_source": "/test", "ce_type": type, "ce_time": time,
            "ce_program": program, "ce_partitionkey": key, "content-type": "application/json",
        } | ({"ce_sequence": f"{sequence:019}"} if sequence is not None else {})
        while True:
            try:
                self.producer.produce(topic, json.dumps(data), key, headers=[(n, v.encode()) for n, v in headers.items()])
                break
            except BufferError:
                self.producer.poll(0.1)
        self.producer.poll(0)

    def flush(self):
        assert self.producer.flush(30) == 0
