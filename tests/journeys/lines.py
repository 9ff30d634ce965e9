"""A line between a browser and a site that breaks inside a request's body when it is told to."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

KEPT_BYTES = 100_000
_PIECE = 65_536


class Line:
    """Forwards every connection to `site`; with `breaks_files` it drops those that send a part."""

    def __init__(self, site: str, listener: socket.socket) -> None:
        address = urlsplit(site)
        self.site = (address.hostname, address.port)
        self.listener = listener
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.breaks_files = False
        self.breaks = 0

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                browser, _ = self.listener.accept()
                site = socket.create_connection(self.site)
                for pump in (self._forward, self._answer):
                    threading.Thread(target=pump, args=(browser, site), daemon=True).start()

    def _forward(self, browser: socket.socket, site: socket.socket) -> None:
        is_part, sent = False, 0
        with suppress(OSError):
            while piece := browser.recv(_PIECE):
                if piece.startswith((b"GET ", b"POST ", b"PUT ", b"DELETE ")):
                    is_part, sent = piece.startswith(b"PUT "), 0
                sent += len(piece)
                site.sendall(piece)
                if self.breaks_files and is_part and sent > KEPT_BYTES:
                    self.breaks += 1
                    break
        _close(browser, site)

    def _answer(self, browser: socket.socket, site: socket.socket) -> None:
        with suppress(OSError):
            while piece := site.recv(_PIECE):
                browser.sendall(piece)
        _close(browser, site)


def _close(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def line_to(site: str) -> Iterator[Line]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line = Line(site, listener)
        threading.Thread(target=line.serve, daemon=True).start()
        try:
            yield line
        finally:
            # wakes `accept`
            listener.shutdown(socket.SHUT_RDWR)
