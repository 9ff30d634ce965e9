"""De-identify a folder of DICOM files: what a trust runs before it sends anything.

It needs no service and no database, only the pseudonym key of the settings.
"""

import contextlib
import json
import os
import signal
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from uploads.dicom.batch import Status
from uploads.dicom.deid import Pseudonyms, Report
from uploads.dicom.deid.profile import VERSION
from uploads.dicom.folders import (
    FolderFailed,
    Result,
    check_folders,
    check_writable,
    deidentify_folder,
    files_in,
    place_whole,
)
from uploads.dicom.reasons import REASONS

_SECONDS_BETWEEN_LINES = 10
_STOPPED = 130


def _jobs(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 256:
        raise ArgumentTypeError("a whole number from 1 to 256")
    return int(text)


class Command(BaseCommand):
    help = "De-identify the DICOM files of a folder into another folder."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", type=Path, help="a folder of any layout and any file names")
        parser.add_argument("destination", type=Path, help="where the de-identified files go")
        parser.add_argument(
            "--map",
            type=Path,
            required=True,
            help="JSON: each file of the source, and its file in the destination or null",
        )
        parser.add_argument("--report", type=Path, help="JSON: why a file is null; what was done")
        parser.add_argument(
            "--organisation", default="", help="a code: two organisations share no pseudonym"
        )
        parser.add_argument(
            "--jobs", type=_jobs, default=len(os.sched_getaffinity(0)), help="processes at once"
        )
        parser.add_argument(
            "--no-ocr",
            action="store_true",
            help="do not read pictures; drawn letters and the header's signs of text still hold",
        )

    def handle(self, *args: Any, source: Path, destination: Path, **options: Any) -> None:
        pseudonyms = _pseudonyms(options["organisation"])
        restore = signal.signal(signal.SIGTERM, _stop)
        results: list[Result] = []
        try:
            paths = _checked(source, destination, options)
            work = deidentify_folder(
                source,
                destination,
                paths,
                pseudonyms=pseudonyms,
                jobs=options["jobs"],
                reads_text=not options["no_ocr"],
            )
            progress = _Progress(len(paths))
            with contextlib.closing(work):
                for result in work:
                    results.append(result)
                    progress.show(len(results))
            results.sort(key=lambda result: result.path)
            _write(options["map"], {result.path: result.output for result in results})
            if options["report"]:
                _write(options["report"], report_of(results))
        except FolderFailed as problem:
            raise CommandError(str(problem), returncode=2) from None
        except OSError as problem:
            said = f"{problem.filename or destination} cannot be written to: {problem.strerror}."
            raise CommandError(said, returncode=2) from None
        except KeyboardInterrupt:
            said = f"Stopped. {len(results)} files were finished; run it again to finish the rest."
            raise CommandError(said, returncode=_STOPPED) from None
        finally:
            signal.signal(signal.SIGTERM, restore)
        self.stdout.write(_summary(results))


def _stop(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


def _pseudonyms(organisation: str) -> Pseudonyms:
    secret = settings.PSEUDONYM_KEYS.get(settings.PSEUDONYM_KEY_ID)
    if not secret:
        said = "There is no pseudonym key: set PSEUDONYM_KEYS and PSEUDONYM_KEY_ID."
        raise CommandError(said, returncode=2)
    try:
        return Pseudonyms(
            secret=secret,
            key_id=settings.PSEUDONYM_KEY_ID,
            organisation_key=organisation.strip().upper(),
            upload_key="",
        )
    except ValueError as problem:
        raise CommandError(str(problem), returncode=2) from None


def _checked(source: Path, destination: Path, options: dict[str, Any]) -> list[str]:
    """The files to work on; what would fail at the end fails here, before the work."""
    check_folders(source, destination)
    for path in filter(None, (options["map"], options["report"])):
        if path.is_dir():
            raise FolderFailed(f"{path} is a folder, not a file.")
        check_writable(path.resolve().parent)
    return files_in(source)


def report_of(results: list[Result]) -> dict[str, Any]:
    """Reasons file by file, and what was done to attributes, file by file and summed.

    Files of one series are treated alike, so a treatment is told once and has a number.
    """
    treatments: list[dict[str, dict[str, int]]] = []
    total = Report()
    files = {}
    for result in results:
        told: dict[str, Any] = {"outcome": result.status.value}
        if result.reason is not None:
            told |= {"reason": result.reason.value, "sentence": REASONS[result.reason]}
        else:
            total.merge(Report.from_json(result.report))
            if result.report not in treatments:
                treatments.append(result.report)
            told["treatment"] = treatments.index(result.report)
        files[result.path] = told
    return {
        "profile": VERSION,
        "counts": dict(Counter(result.status.value for result in results)),
        "reasons": dict(Counter(result.reason.value for result in results if result.reason)),
        "files": files,
        "treatments": treatments,
        "attributes": total.rows(),
    }


def _write(path: Path, content: Any) -> None:
    # names of files may be no text at all: then they are escaped
    place_whole(path, json.dumps(content, indent=1).encode("ascii") + b"\n")


def _summary(results: list[Result]) -> str:
    counts = Counter(result.status for result in results)
    lines = [
        f"{len(results)} files: {counts[Status.ACCEPTED]} de-identified, "
        f"{counts[Status.HELD]} held, {counts[Status.REFUSED]} refused."
    ]
    reasons = Counter(result.reason for result in results if result.reason)
    lines += [f"{count:>6}  {REASONS[reason]}" for reason, count in reasons.most_common()]
    return "\n".join(lines)


class _Progress:
    """How far it is, on standard error: one line that changes, or in a log a line now and then."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.is_terminal = sys.stderr.isatty()
        self.shown_at = time.monotonic()

    def show(self, done: int) -> None:
        now = time.monotonic()
        is_last = done == self.total
        wait = 0.1 if self.is_terminal else _SECONDS_BETWEEN_LINES
        if now - self.shown_at < wait and not is_last:
            return
        self.shown_at = now
        end = "\r" if self.is_terminal and not is_last else "\n"
        sys.stderr.write(f"{done} of {self.total} files{end}")
        sys.stderr.flush()
