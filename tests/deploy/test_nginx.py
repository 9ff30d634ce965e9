import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from bsti_db.devserver.folder import PROJECT
from bsti_db.devserver.services import free_ports

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
UPLOAD = "/uploads/6f1c2a34-0000-4000-8000-000000000000/files/"
PART = f"{UPLOAD}6f1c2a34-0000-4000-8000-000000000001/parts/1/"
MIB = 1024**2

pytestmark = pytest.mark.skipif(
    not NGINX, reason="nginx is not installed: apt-get install nginx-light"
)


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers it was sent and the length of the body."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        length, received = int(self.headers.get("Content-Length", 0)), 0
        while received < length:
            received += len(self.rfile.read(min(65_536, length - received)))
        body = json.dumps({"headers": dict(self.headers), "received": received}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer  # noqa: N815 — the library's own names

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """The real nginx with our configuration, in front of a site that echoes."""
    folder = tmp_path_factory.mktemp("nginx")
    plain, tls = free_ports(2)
    site = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    configuration = configured(folder, plain, tls, site.server_port)
    process = subprocess.Popen(
        [NGINX, "-c", str(configuration), "-p", str(folder), "-g", "daemon off;"]
    )
    try:
        wait_for(plain)
        yield SimpleNamespace(folder=folder, plain=plain, tls=tls, site=site)
    finally:
        process.terminate()
        process.wait(10)
        site.shutdown()


def configured(folder, plain, tls, site):
    """Our nginx.conf with the paths, ports and the site of this machine."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-keyout", str(folder / "privkey.pem")),
            *("-out", str(folder / "fullchain.pem")),
        ],
        check=True,
        capture_output=True,
    )
    text = (PROJECT / "deploy" / "nginx" / "nginx.conf").read_text(encoding="utf-8")
    for ours, here in (
        # first, because the folder of the test lies there itself
        ("/tmp/", f"{folder}/"),  # noqa: S108 — of the image
        ("/etc/nginx/tls/", f"{folder}/"),
        ("/etc/nginx/pages", str(PROJECT / "deploy" / "nginx")),
        ("/dev/stdout", f"{folder}/requests"),
        ("/dev/stderr", f"{folder}/errors"),
        ("listen 8080", f"listen 127.0.0.1:{plain}"),
        ("listen 8443", f"listen 127.0.0.1:{tls}"),
        ("http://web:8000", f"http://127.0.0.1:{site}"),
    ):
        assert ours in text
        text = text.replace(ours, here)
    # started by root, its workers would be another user, who cannot enter the test's folder
    user = "user root;\n" if os.getuid() == 0 else ""
    path = folder / "nginx.conf"
    path.write_text(user + text)
    return path


def wait_for(port):
    for _ in range(100):
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("nginx has not started")


def ask(front, method, path, body=None, headers=None):
    trusting = ssl._create_unverified_context()  # noqa: S323 — the certificate was made just now
    with closing(
        http.client.HTTPSConnection("127.0.0.1", front.tls, timeout=20, context=trusting)
    ) as connection:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return SimpleNamespace(
            status=answer.status, headers=answer.headers, body=answer.read().decode()
        )


def test_nginx_finds_no_fault_in_its_configuration(front):
    done = subprocess.run(
        [NGINX, "-t", "-c", str(front.folder / "nginx.conf"), "-p", str(front.folder)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_plain_http_is_led_to_tls(front):
    with closing(http.client.HTTPConnection("127.0.0.1", front.plain)) as connection:
        connection.request("GET", "/library/?q=nodule", headers={"Host": "images.example.org"})
        answer = connection.getresponse()

    assert answer.status == 301
    assert answer.headers["Location"] == "https://images.example.org/library/?q=nodule"


def test_what_a_client_says_of_its_own_address_is_not_passed_on(front):
    forged = {"X-Forwarded-For": "6.6.6.6", "X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6"}
    answer = ask(front, "GET", "/library/", headers=forged | {"X-Forwarded-Proto": "http"})
    passed = json.loads(answer.body)["headers"]

    assert passed["X-Forwarded-For"] == "127.0.0.1"
    assert passed["X-Forwarded-Proto"] == "https"
    assert "6.6.6.6" not in answer.body


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        (PART, 8 * MIB, 200),
        (PART, 10 * MIB, 413),
        (UPLOAD, 20 * MIB, 200),
        ("/review/cases/1/", 512 * 1024, 200),
        ("/review/cases/1/", 2 * MIB, 413),
    ],
)
def test_a_body_has_the_size_that_its_address_takes(front, path, size, status):
    answer = ask(front, "POST", path, body=bytes(size))

    assert answer.status == status
    if status == 200:
        assert json.loads(answer.body)["received"] == size


def test_no_part_of_a_file_is_written_to_disk(front):
    ask(front, "POST", PART, body=bytes(8 * MIB))
    ask(front, "POST", UPLOAD, body=bytes(20 * MIB))

    # nginx warns whenever it puts a body or an answer into a file
    assert "temporary file" not in (front.folder / "errors").read_text()


def test_a_flood_of_codes_is_stopped_and_reading_is_not(front):
    posted = [ask(front, "POST", "/uploads/code/", body=b"code=1").status for _ in range(40)]
    read = [ask(front, "GET", "/uploads/code/").status for _ in range(40)]

    assert posted[:20] == [200] * 20
    assert 429 in posted
    assert set(read) == {200}


def test_a_flood_of_sign_ins_is_stopped(front):
    posted = [ask(front, "POST", "/accounts/sign-in/", body=b"a=1").status for _ in range(50)]

    assert posted[:20] == [200] * 20
    assert 429 in posted


def test_figures_are_not_for_the_world(front):
    assert ask(front, "GET", "/metrics").status == 404


def test_fifty_slow_clients_keep_nobody_waiting(front):
    trusting = ssl._create_unverified_context()  # noqa: S323 — as above
    slow = []
    for _ in range(50):
        connection = trusting.wrap_socket(socket.create_connection(("127.0.0.1", front.tls)))
        start = f"POST {PART} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {8 * MIB}\r\n\r\n"
        connection.sendall(start.encode() + bytes(1000))
        slow.append(connection)
    try:
        began = time.monotonic()
        answer = ask(front, "GET", "/health/live")

        assert answer.status == 200
        # behind the slow ones it would wait until their bodies time out, 15 s
        assert time.monotonic() - began < 10
    finally:
        for connection in slow:
            connection.close()


def test_a_line_of_the_log_cannot_be_forged(front):
    ask(front, "GET", "/library/%0A%22forged%22?q=a-name", headers={"User-Agent": 'x"\x1b[31m'})
    time.sleep(0.2)
    lines = (front.folder / "requests").read_text().splitlines()

    assert all(json.loads(line)["status"] for line in lines)
    assert "a-name" not in "\n".join(lines)


def test_a_site_that_is_away_leaves_a_page_with_words(front):
    configuration = (front.folder / "nginx.conf").read_text()
    (nobody,) = free_ports(1)
    folder = front.folder / "away"
    folder.mkdir()
    plain, tls = free_ports(2)
    text = (
        configuration.replace(f":{front.site.server_port}", f":{nobody}")
        .replace(f":{front.plain}", f":{plain}")
        .replace(f":{front.tls}", f":{tls}")
        .replace(f"pid {front.folder}", f"pid {folder}")
    )
    (folder / "nginx.conf").write_text(text)
    process = subprocess.Popen(
        [NGINX, "-c", str(folder / "nginx.conf"), "-p", str(folder), "-g", "daemon off;"]
    )
    try:
        wait_for(plain)
        answer = ask(SimpleNamespace(tls=tls), "GET", "/library/")
    finally:
        process.terminate()
        process.wait(10)

    assert answer.status == 502
    assert "Nothing that you have sent is lost" in answer.body
    assert answer.headers["Cache-Control"] == "no-store"
