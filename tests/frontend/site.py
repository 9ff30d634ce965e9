"""A site of two pages for the built front end alone: it loses pictures and parts when told to."""

import hashlib
import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from PIL import Image

from bsti_db import static_headers
from bsti_db.templatetags.assets import asset
from tests.frontend import extremes, phantom, pixels

KINDS = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}
WINDOWS = ("lung", "mediastinum")
SLICES = 40
PART_BYTES = 64


class Site:
    """What the pages ask for, what was sent, and what shall go wrong next."""

    def __init__(self, address: str):
        self.address = address
        self.pages = {"/stack.html": stack_page(), "/upload.html": upload_page()}
        for name, kinds in (("ct", ("ct",)), ("all", tuple(pixels.KINDS))):
            self.pages[f"/pixels-{name}.html"] = with_entry("stack.ts", pixels.page_of(kinds))
        for scan in (*phantom.SCANS, phantom.PROJECTION):
            self.pages[f"/phantom-{scan}.html"] = with_entry("stack.ts", phantom.page_of(scan))
        self.pages["/phantom-serial.html"] = with_entry(
            "stack.ts", phantom.page_of(*phantom.SERIAL)
        )
        for name in extremes.SERIES:
            self.pages[f"/extremes-{name}.html"] = with_entry("stack.ts", extremes.page_of(name))
        self.pages["/reading.html"] = reading_page()
        self.picture_seconds = 0.0
        self.frames_asked: list[tuple[str, int]] = []
        self.missing_slices: set[int] = set()
        self.damaged_slices: set[int] = set()
        self.held_slices: set[int] = set()
        self.lost_parts = 0
        self.files: dict[str, dict] = {}
        self.sent: list[tuple[str, int]] = []

    def announce(self, files: list[dict]) -> dict:
        known, problems = [], []
        for file in files:
            if not file["size_bytes"]:
                problems.append({"name": file["name"], "message": f"{file['name']} is empty."})
                continue
            key = hashlib.sha256(json.dumps(file, sort_keys=True).encode()).hexdigest()
            row = self.files.setdefault(key, {**file, "id": key, "parts": {}})
            received = sorted(row["parts"])
            known.append(
                {
                    "id": key,
                    "name": file["name"],
                    "part_size_bytes": PART_BYTES,
                    "received_parts": received,
                    "is_received": is_received(row),
                }
            )
        return {"files": known, "problems": problems}

    def state(self) -> dict:
        files = [
            {
                "id": row["id"],
                "name": row["name"],
                "size_bytes": row["size_bytes"],
                "received_bytes": sum(row["parts"].values()),
                "is_received": is_received(row),
            }
            for row in self.files.values()
        ]
        return {"files": files, "limits": {"files": 2000, "bytes": 2 * 1024**3}}


def is_received(row: dict) -> bool:
    return sum(row["parts"].values()) == row["size_bytes"]


def grey_of(index: int, window: str) -> int:
    """The one grey level of a slice's picture: its pixels say which slice they are."""
    return 40 + 4 * index if window == "lung" else 42 + 4 * index


def stack_page() -> str:
    images = [
        {
            "uid": f"k{index}",
            "frame": 1,
            "urls": {name: f"/{name}/{index}.png" for name in WINDOWS},
        }
        for index in range(SLICES)
    ]
    series = [{"uid": "s", "label": "Axial lung", "modality": "CT", "study": "", "images": images}]
    body = render_to_string("components/stack.html", {"series": series, "label": "Images"})
    link = {"image": "k7-1", "window": "mediastinum", "text": "The nodes"}
    body += render_to_string("components/slice_link.html", link)
    return with_entry("stack.ts", body)


def reading_page() -> str:
    """A case of two studies as a panellist meets it; the words of its form do not matter here."""
    context = {
        "case": {"number": 12, "status": "open", "get_status_display": "Open"},
        "series": [phantom.series_of(scan) for scan in phantom.SERIAL],
        "dicomweb_root": phantom.ROOT,
        "own_reading": {"submitted_at": None, "rows": []},
    }
    return render_to_string("review/case.html", context)


def upload_page() -> str:
    upload = {"root": "/u/", "files_url": "/u/form/", "csrf": "token"}
    limits = {"max_files": 2000, "max_bytes": 2 * 1024**3}
    return with_entry(
        "upload.ts", render_to_string("components/upload_files.html", upload | limits)
    )


def stored_answer(path: str) -> tuple[str, int, Any] | None:
    """The answer of whichever root the address lies under."""
    return pixels.answer(path) or phantom.answer(path) or extremes.answer(path)


def with_entry(entry: str, body: str) -> str:
    frame = render_to_string("base.html").replace("</head>", f"{asset(entry)}</head>")
    return frame.replace("</main>", f"{body}</main>")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def log_message(self, *_):
        pass

    def answer(self, status: int, body: bytes = b"", kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        policy: dict[str, str] = {}
        # a page's policy is a script's, but for the decoder
        static_headers.add_policy(policy, "", self.path if kind == KINDS[".js"] else ".js")
        self.send_header("Content-Security-Policy", policy["Content-Security-Policy"])
        self.end_headers()
        self.wfile.write(body)

    def wait(self, index: int) -> None:
        """As slow as the network is said to be, and for as long as the test holds it back."""
        time.sleep(self.site.picture_seconds)
        while index in self.site.held_slices:
            time.sleep(0.01)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path in self.site.pages:
            self.answer(200, self.site.pages[path].encode(), "text/html; charset=utf-8")
        elif path.startswith("/static/"):
            file = Path(settings.BASE_DIR) / path.lstrip("/")
            self.answer(200, file.read_bytes(), KINDS[file.suffix])
        elif path == "/u/files/":
            self.answer(200, json.dumps(self.site.state()).encode())
        elif (asked := stored_answer(path)) is not None:
            self.answer_pixels(*asked)
        else:
            self.answer_picture(path)

    def answer_pixels(self, kind: str, index: int, body: bytes | list) -> None:
        if index < 0:
            self.answer(200, json.dumps(body).encode(), "application/dicom+json")
            return
        self.site.frames_asked.append((kind, index))
        self.wait(index)
        if index in self.site.missing_slices:
            self.answer(404)
            return
        cut = len(body) // 2 if index in self.site.damaged_slices else len(body)
        self.answer(200, body[:cut], "image/png" if body[1:4] == b"PNG" else "image/jls")

    def answer_picture(self, path: str) -> None:
        _, window, name = path.split("/")
        index = int(name.removesuffix(".png"))
        self.wait(index)
        if index in self.site.missing_slices:
            self.answer(404)
            return
        picture = io.BytesIO()
        Image.new("L", (64, 64), grey_of(index, window)).save(picture, "PNG")
        self.answer(200, picture.getvalue(), "image/png")

    def do_POST(self):
        self.answer(200, json.dumps(self.site.announce(json.loads(self.body())["files"])).encode())

    def do_PUT(self):
        body = self.body()
        if self.site.lost_parts:
            self.site.lost_parts -= 1
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        _, _, _, file, _, part, _ = self.path.split("/")
        if hashlib.sha256(body).hexdigest() != self.headers["X-Content-SHA256"]:
            self.answer(422, b'{"message": "The part changed on its way."}')
            return
        self.site.sent.append((file, int(part)))
        row = self.site.files[file]
        row["parts"][int(part)] = len(body)
        self.answer(200, json.dumps({"is_received": is_received(row)}).encode())


@contextmanager
def running_site() -> Iterator[Site]:
    handler = type("SiteHandler", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.site = Site(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield handler.site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
