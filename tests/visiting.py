"""Visitors of a running site without a browser: cookies, forms, and a record of all they saw."""

import base64
import hashlib
import http.client
import json
import re
import time
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from django_otp.oath import totp

from tests.sites import Site

FORM = "application/x-www-form-urlencoded"


class Answer(NamedTuple):
    """What came back: its status, its head as text, and its body."""

    status: int
    head: str
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str:
        found = re.search(r"^Location: (\S+)$", self.head, re.MULTILINE)
        return found[1] if found else ""


class Visitor:
    """One person's cookies. `addresses` and `answers` hold everything asked and answered."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cookies: dict[str, str] = {}
        self.addresses: list[str] = []
        self.answers: list[Answer] = []

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, fields: dict[str, object] | None = None) -> Answer:
        """Send an ordinary form, with the token its page would have held."""
        body = urlencode(fields or {}, doseq=True).encode()
        return self.ask("POST", path, body, {"Content-Type": FORM})

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(self.site.url).netloc, timeout=60)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": cookies, "X-CSRFToken": self.cookies.get("csrf", "")} | (headers or {})
        try:
            connection.request(method, path, body, sent)
            answered = connection.getresponse()
            head = "\n".join(f"{name}: {value}" for name, value in answered.getheaders())
            answer = Answer(answered.status, head, answered.read())
            for cookie in answered.headers.get_all("Set-Cookie") or ():
                name, _, value = cookie.split(";")[0].partition("=")
                self.cookies[name] = value
        finally:
            connection.close()
        self.addresses += [path, answer.location]
        self.answers.append(answer)
        return answer


# --- Submitters -------------------------------------------------------------------------


def come_in(visitor: Visitor, *, trust: str, email: str) -> None:
    """Prove an address with the code from the mail."""
    visitor.get("/uploads/")
    fields = {"trust": trust, "name": "Robin Hale", "role": "Radiographer", "email": email}
    assert visitor.post("/uploads/", fields).location == "/uploads/code/"
    found = re.search(r"^\s*([A-Z2-9]{4}-[A-Z2-9]{4})\s*$", visitor.site.mails()[-1], re.MULTILINE)
    assert found, "the mail holds no code"
    assert visitor.post("/uploads/code/", {"code": found[1]}).location == "/uploads/mine/"


def new_upload(visitor: Visitor) -> str:
    """The address of a draft."""
    address = visitor.post("/uploads/new/").location
    assert re.fullmatch(r"/uploads/[0-9a-f-]{36}/", address)
    return address


def announce(visitor: Visitor, address: str, files: Sequence[tuple[str, bytes]]) -> Answer:
    announced = [
        {"name": name, "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files
    ]
    body = json.dumps({"files": announced}).encode()
    return visitor.ask("POST", f"{address}files/", body, {"Content-Type": "application/json"})


def send_files(visitor: Visitor, address: str, files: Sequence[tuple[str, bytes]]) -> list[str]:
    """Announce files and send each in one part, as the page's script does; gives their ids."""
    answer = json.loads(announce(visitor, address, files).body)
    assert answer["problems"] == []
    ids = [file["id"] for file in answer["files"]]
    for file_id, (_, content) in zip(ids, files, strict=True):
        assert put_part(visitor, address, file_id, content).status == 200
    return ids


def put_part(
    visitor: Visitor, address: str, file_id: str, content: bytes, *, sha256: str = ""
) -> Answer:
    headers = {"X-Content-SHA256": sha256 or hashlib.sha256(content).hexdigest()}
    return visitor.ask("PUT", f"{address}files/{file_id}/parts/1/", content, headers)


def describe_and_submit(visitor: Visitor, address: str, clinical: dict, declaration: dict) -> None:
    for page, answers, following in (
        ("clinical", clinical, f"{address}declaration/"),
        ("declaration", declaration, f"{address}submit/"),
        ("submit", {}, address),
    ):
        assert visitor.get(f"{address}{page}/").status == 200
        assert visitor.post(f"{address}{page}/", answers).location == following


# --- Members ----------------------------------------------------------------------------


def sign_in(visitor: Visitor, member: dict[str, str]) -> None:
    """With password and second factor; `member` as demo.json tells of it."""
    visitor.get("/accounts/sign-in/")
    known = {"email": member["email"], "password": member["password"]}
    visitor.post("/accounts/sign-in/", known)
    # a code is used once: at the end of its half minute, wait for the next
    if time.time() % 30 > 27:
        time.sleep(4)
    code = f"{totp(base64.b32decode(member['totp_secret'])):06}"
    assert visitor.post("/accounts/sign-in/code/", {"code": code}).status == 302
    assert visitor.get("/accounts/").status == 200
