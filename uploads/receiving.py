"""Bodies of requests that carry files: read into memory in parts, never spooled to disk."""

import hashlib
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, UnreadablePostError
from django.utils import timezone

from audit.actors import Actor
from uploads.models import Upload, UploadedFile
from uploads.services import arrival, intake

PIECE_BYTES = 1024**2
STALL_SECONDS = 30


class LengthNotGiven(Exception):
    """The request does not say how long its body is."""


class BodyTooLarge(Exception):
    """The body is longer than it may be."""


class BodyStopped(Exception):
    """The line broke before the body's end."""


def give_up_on_stalled(request: HttpRequest) -> None:
    """A client that sends nothing for half a minute loses its thread; gunicorn alone waits on."""
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(STALL_SECONDS)


def read_body(request: HttpRequest, *, at_most: int) -> bytearray:
    """The whole body, one copy of it. Raises LengthNotGiven, BodyTooLarge or BodyStopped."""
    given = request.META.get("CONTENT_LENGTH") or ""
    if not given.isdecimal():
        raise LengthNotGiven("The request does not say how long it is.")
    length = int(given)
    if length > at_most:
        raise BodyTooLarge("The part is larger than announced.")
    give_up_on_stalled(request)
    body = bytearray()
    try:
        while len(body) < length:
            piece = request.read(min(PIECE_BYTES, length - len(body)))
            if not piece:
                break
            body += piece
    except (UnreadablePostError, OSError):
        raise BodyStopped(_STOPPED) from None
    if len(body) != length:
        raise BodyStopped(_STOPPED)
    return body


_STOPPED = (
    "The line broke before the whole part had arrived. Nothing of it was kept; send it again."
)


class QuarantineUploadHandler(FileUploadHandler):
    """Sends the files of an ordinary form to quarantine as they arrive, for pages without script.

    Django's own handlers keep whole files in memory or on disk, even before the CSRF check.
    After parsing, `received` holds the rows and `problems` what could not be taken; `discard`
    takes everything back.
    """

    chunk_size = PIECE_BYTES

    def __init__(self, request: HttpRequest, *, upload: Upload, actor: Actor) -> None:
        super().__init__(request)
        self.upload = upload
        self.actor = actor
        self.received: list[UploadedFile] = []
        self.problems: list[intake.Problem] = []
        self.row: UploadedFile | None = None
        self.count = upload.files.filter(container=None).count()
        self.total = sum(upload.files.filter(container=None).values_list("size_bytes", flat=True))

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 — Django's name
        content_length: int,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        # the form's own lines are a little more than its files
        if content_length > settings.UPLOAD_MAX_BYTES + 10 * PIECE_BYTES:
            raise BodyTooLarge(
                intake.why_not(size_bytes=settings.UPLOAD_MAX_BYTES + 1, count=0, total=0)
            )
        give_up_on_stalled(self.request)

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, file_name, *args, **kwargs)
        if message := intake.why_not(size_bytes=1, count=self.count, total=self.total):
            self._refuse(file_name, message)
        self.buffer = bytearray()
        self.digest = hashlib.sha256()
        self.size_bytes = 0
        self.parts = 0
        self.row = intake.add_streamed_file(upload=self.upload, name=file_name)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        assert self.row is not None  # noqa: S101
        self.size_bytes += len(raw_data)
        message = intake.why_not(size_bytes=self.size_bytes, count=0, total=self.total)
        if message:
            self._give_up()
            self._refuse(self.file_name, message)
        self.digest.update(raw_data)
        self.buffer += raw_data
        while len(self.buffer) > settings.UPLOAD_PART_BYTES:
            part = self.buffer[: settings.UPLOAD_PART_BYTES]
            del self.buffer[: settings.UPLOAD_PART_BYTES]
            self.parts += 1
            arrival.store_part(
                file=self.row,
                number=self.parts,
                body=part,
                sha256=hashlib.sha256(part).hexdigest(),
            )

    def file_complete(self, file_size: int) -> None:
        file, self.row = self.row, None
        if file is None:
            return
        if not self.size_bytes:
            arrival.give_up(file=file)
            message = intake.why_not(size_bytes=0, count=0, total=0)
            self.problems.append(intake.Problem(self.file_name, message))
            return
        digest = self.digest.hexdigest()
        if self.upload.files.filter(
            name=file.name, size_bytes=self.size_bytes, sha256=digest
        ).exists():
            arrival.give_up(file=file)
            message = "This file was here already. It was not added twice."
            self.problems.append(intake.Problem(self.file_name, message))
            return
        arrival.receive_stream_end(
            file=file,
            size_bytes=self.size_bytes,
            sha256=digest,
            last=self.buffer,
            number=self.parts + 1,
            at=timezone.now(),
        )
        self.received.append(file)
        self.count += 1
        self.total += self.size_bytes

    def upload_complete(self) -> None:
        # the body ended inside a file: Django takes that for the end of the form
        if self.row is not None:
            self._give_up()
            self.problems.append(intake.Problem(self.file_name, _STOPPED))

    def discard(self) -> None:
        """Take back everything this request brought: its form was not ours, or not allowed."""
        self._give_up()
        for file in self.received:
            arrival.give_up(file=file)
        self.received = []

    def _give_up(self) -> None:
        if self.row is not None:
            arrival.give_up(file=self.row)
            self.row = None

    def _refuse(self, name: str, message: str) -> None:
        self.problems.append(intake.Problem(name, message))
        raise SkipFile
