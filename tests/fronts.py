"""A server in front of a site, as nginx is in production: it packs, and adds what a test needs.

It gathers what browsers report about the content policy, and lays another viewer's files beside
the site's addresses.
"""

import gzip
import http.client
import json
import mimetypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

REPORTS = "/policy-reports"
_PACKED = ("text/", "application/javascript", "application/json", "application/wasm", "image/svg")
_FROM_HOP_TO_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "server"}
_FROM_HOP_TO_HOP |= {"date", "upgrade", "host"}


@dataclass
class Front:
    """Where it listens, what browsers reported, and what it sent."""

    site: str
    address: str = ""
    # an address below the site's stays the site's; any other is a file of this folder
    files: Path | None = None
    of_the_site: tuple[str, ...] = ("/library/", "/static/")
    instead: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    reports: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, int]] = field(default_factory=list)
    packed: dict[str, bytes] = field(default_factory=dict)

    def violations(self) -> list[str]:
        """What the policy stopped: the directive and what it stood against."""
        return [
            f"{report['effective-directive']}: {report['blocked-uri']} in {report['document-uri']}"
            for report in list(self.reports)
        ]

    def wait_for_violation(self, seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while not self.reports and time.monotonic() < end:
            time.sleep(0.05)


@contextmanager
def front_of(site: str, **given: Any) -> Iterator[Front]:
    """A front on a port of its own; everything it does not own is passed on to `site`."""
    front = Front(site, **given)
    handler = type("OurHandler", (_Handler,), {"front": front})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    front.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    front: Front
    upstream: http.client.HTTPConnection | None = None

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == REPORTS:
            self.front.reports.append(json.loads(body)["csp-report"])
            self._answer(204, {}, b"")
        else:
            self._pass_on(body)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path in self.front.instead:
            kind, body = self.front.instead[path]
            self._answer(200, {"Content-Type": kind}, body)
        elif self.front.files and not path.startswith(self.front.of_the_site):
            self._file(self.front.files, path)
        else:
            self._pass_on(None)

    def _file(self, folder: Path, path: str) -> None:
        file = (folder / path.lstrip("/")).resolve()
        if not file.is_relative_to(folder) or not file.is_file():
            # an application of one page answers for every address of its own
            file = folder / "index.html"
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        headers = {"Content-Type": kind, "Cache-Control": "max-age=600"}
        self._answer(200, headers, file.read_bytes(), name=str(file))

    def _pass_on(self, body: bytes | None) -> None:
        if not self.upstream:
            self.upstream = http.client.HTTPConnection(urlsplit(self.front.site).netloc, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        try:
            answer = self._asked(self.upstream, body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError):
            # it had rested for too long, and the site closed it
            self.upstream.close()
            answer = self._asked(self.upstream, body, headers)
        content = answer.read()
        kept = {
            name: value
            for name, value in answer.getheaders()
            if name.lower() not in _FROM_HOP_TO_HOP
        }
        policy = kept.get("Content-Security-Policy")
        if policy:
            kept["Content-Security-Policy"] = f"{policy}; report-uri {REPORTS}"
        self._answer(answer.status, kept, content, name=self.path)

    def _asked(
        self, upstream: http.client.HTTPConnection, body: bytes | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        upstream.request(self.command, self.path, body, headers)
        return upstream.getresponse()

    def _answer(self, status: int, headers: dict[str, str], body: bytes, name: str = "") -> None:
        body = self._packed(headers, body, name)
        self.front.requests.append((self.path, len(body)))
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _packed(self, headers: dict[str, str], body: bytes, name: str) -> bytes:
        """The body as nginx packs it; static files once."""
        is_text = headers.get("Content-Type", "").startswith(_PACKED)
        takes_gzip = "gzip" in self.headers.get("Accept-Encoding", "")
        if not is_text or not takes_gzip or len(body) < 1024 or "Content-Encoding" in headers:
            return body
        headers["Content-Encoding"] = "gzip"
        if "/build/assets/" not in name and not self.front.files:
            return gzip.compress(body, 6)
        if name not in self.front.packed:
            self.front.packed[name] = gzip.compress(body, 6)
        return self.front.packed[name]
