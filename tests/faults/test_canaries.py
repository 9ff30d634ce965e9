"""Files full of identities go the whole way through a real site, and rightly and wrongly sent.

None of these identities is then found anywhere but in quarantine, and in the one column that holds
a file's name until its upload is settled.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import psutil
import pytest

from tests import datasets
from tests.faults import places
from tests.faults.test_workers import _in_hand, children_of
from tests.sites import Site, site_on_shared_services
from tests.uploads.dicom.canaries import SOURCE_UID, with_canaries
from tests.uploads.entering import CLINICAL, DECLARATION
from tests.visiting import (
    Visitor,
    announce,
    come_in,
    describe_and_submit,
    new_upload,
    put_part,
    send_files,
    sign_in,
)
from uploads.dicom.elements import Element, file_of
from uploads.dicom.reading import read

FILE_NAME = "GRIMSBYTHORPE^OTTOLINE.dcm"
OF_THE_NAME = (b"GRIMSBYTHORPE", b"OTTOLINE")
PLANTED = (
    *(b"QUILLFEATHER", b"ZEBEDEE", b"9434765919", b"19510923", b"QUILFEAT"),
    SOURCE_UID,
)
NAME_COLUMN = ("uploads_uploadedfile", "name")
WAITING = "SELECT count(*) FROM uploads_upload WHERE status = 'submitted'"
JSON = {"Content-Type": "application/json"}
FORM_OF_FILES = {"Content-Type": "multipart/form-data; boundary=between"}
SECONDS = 90
EVIL_NAME = f'{FILE_NAME}\n{{"levelname": "INFO"}}\x1b[2J'

_PUBLISH = """
from bsti_db.demonstration import seed
from bsti_db.demonstration.patients import PATIENTS
from pathlib import Path
from uploads.models import Upload
patient = next(each for each in PATIENTS if each.ends == "published" and len(each.studies) == 1)
members = seed.seed_members(Path({folder!r}))
seed.read_and_write(patient, Upload.objects.get(pk={upload!r}), members)
"""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A whole site whose web server tells of every request as well."""
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--access-logfile=-")
    with site_on_shared_services() as site:
        yield site


@dataclass
class Walk:
    """Who went through the site, the uploads they left, and how the database looked meanwhile."""

    submitter: Visitor
    others: list[Visitor] = field(default_factory=list)
    uploads: dict[str, str] = field(default_factory=dict)
    states: dict[str, bytes] = field(default_factory=dict)
    messages: list[bytes] = field(default_factory=list)


@pytest.mark.timeout(300)
def test_no_value_of_a_source_is_found_outside_quarantine(site: Site) -> None:
    of_services = places.LogsOfServices()
    walk = walked(site)
    bodies, heads = places.store(site)
    quarantined = {key: body for key, body in bodies.items() if key.startswith("quarantine/")}
    others = {key: body for key, body in bodies.items() if key not in quarantined}
    everybody = [walk.submitter, *walk.others]
    searched = (
        walk.states
        | others
        | {
            "database": places.database(site, but=NAME_COLUMN),
            "object keys and metadata": heads,
            "logs": site.logs().encode(),
            "logs of the services": of_services.read(),
            "mails": "\n".join(site.mails()).encode(),
            "broker": b"\n".join(walk.messages),
            "addresses": "\n".join(each for who in everybody for each in who.addresses).encode(),
            "heads": "\n".join(each.head for who in everybody for each in who.answers).encode(),
            "pages of others": _pages(walk.others),
        }
    )

    # the search sees what is there
    assert places.found({"quarantine": b"".join(quarantined.values())}, PLANTED[:4])
    assert places.found({"names": places.database(site)}, OF_THE_NAME)
    assert {key.split("/")[0] for key in others} >= {"previews", "studies", "public"}
    for name in ("logs", "broker", "addresses", "database", "object keys and metadata"):
        assert walk.uploads["accepted"].encode() in searched[name], name
    assert b"violates check constraint" in searched["logs"]
    # the submitter's own pages name their files, as they were named
    assert places.found(searched | {"own pages": _pages([walk.submitter])}, PLANTED) == []
    assert places.found(searched, OF_THE_NAME) == []
    assert names_of(site, walk.uploads["accepted"]) == {""}
    assert names_of(site, walk.uploads["refused"]) == {""}


def _pages(visitors: list[Visitor]) -> bytes:
    return b"\n".join(answer.body for visitor in visitors for answer in visitor.answers)


def walked(site: Site) -> Walk:
    """Everything that can become of an upload, by the hands of everybody who has to do with it."""
    site.manage("seed_demo", "--members-only")
    members = json.loads((site.folder / "demo.json").read_text())
    walk = Walk(Visitor(site))
    come_in(walk.submitter, trust="R0A", email="robin.hale@nhs.net")
    with places.overheard(site) as walk.messages:
        send_wrongly(walk)
        send_everything(walk)
        walk.others += [
            looked_at_by_curator(site, members["curator"], walk.uploads["held"]),
            looked_at_by_panel(site, members["panellist"], walk.uploads["accepted"]),
            looked_at(site, members["auditor"], "/audit/", "/audit/export.csv"),
            looked_at_by_everybody(site),
        ]
    return walk


# --- The submitter ----------------------------------------------------------------------


def sent(visitor: Visitor, contents: list[bytes]) -> str:
    """The id of an upload that was sent as it should be, with names in its files' names."""
    address = new_upload(visitor)
    send_files(visitor, address, [(f"{n} {EVIL_NAME}", each) for n, each in enumerate(contents)])
    describe_and_submit(visitor, address, CLINICAL, DECLARATION)
    visitor.get(address)
    return address.split("/")[2]


def send_everything(walk: Walk) -> None:
    """An upload that is accepted, and others that are held, refused and never finished."""
    site, submitter = walk.submitter.site, walk.submitter
    series = canary_series(3)
    accepted = sent(submitter, [*series, _of_magnetic_resonance(), datasets.zip_of(_named(series))])
    wait(lambda: status(site, accepted) != "submitted")
    with places.no_new_rows(site, "uploads_instance"):
        # a task that fails in the worker, with what it was to write in the complaint
        failing = sent(submitter, canary_series(1, first=50))
        wait(lambda: b"IntegrityError" in site.logs().encode())
        walk.states["database after a task failed"] = places.database(site, but=NAME_COLUMN)
        submitter.post(f"/uploads/{failing}/withdraw/")
    held = sent(submitter, [canary(datasets.held_xray()), datasets.not_dicom() + PLANTED[0]])
    refused = sent(submitter, [datasets.truncated(canary(datasets.ct_slice(), 70))])
    poisoned = sent(submitter, [_large()])
    _kill_who_takes(site, poisoned)
    walk.uploads = {"accepted": accepted, "held": held, "refused": refused}
    assert {name: status(site, each) for name, each in walk.uploads.items()} == {
        name: name for name in walk.uploads
    }
    assert (status(site, failing), status(site, poisoned)) == ("withdrawn", "held")
    walk.states["database when settled"] = places.database(site, but=NAME_COLUMN)


def send_wrongly(walk: Walk) -> None:
    """What a broken script or a wicked person sends."""
    visitor, content = walk.submitter, canary(datasets.ct_slice())
    address = new_upload(visitor)
    broken = {"files": [{"name": FILE_NAME, "size_bytes": PLANTED[0].decode()}]}
    answer = visitor.ask("POST", f"{address}files/", json.dumps(broken).encode(), JSON)
    assert answer.status == 400
    send_files(visitor, address, [(EVIL_NAME, content)])
    answer = announce(visitor, address, [(FILE_NAME, content + b"\0")])
    [other] = [each["id"] for each in json.loads(answer.body)["files"]]
    assert put_part(visitor, address, other, content[:-1] + b"\1").status == 400
    assert put_part(visitor, address, other, content * 3).status == 413
    assert put_part(visitor, address, other, content, sha256="0" * 64).status == 400
    assert put_part(visitor, address, str(uuid.uuid4()), content).status == 404
    with places.no_new_rows(visitor.site, "uploads_uploadedfile"):
        assert announce(visitor, address, [(FILE_NAME, content[1:])]).status == 500
    _send_wrong_forms(walk, address, content)


def _send_wrong_forms(walk: Walk, address: str, content: bytes) -> None:
    """The form without script: after each, the database is looked at before the next page is."""
    for what, body, more, status_code in (
        ("a new file", _multipart(FILE_NAME, content), {}, 302),
        ("a file that is there", _multipart(FILE_NAME, content), {}, 200),
        ("an empty file", _multipart(FILE_NAME, b""), {}, 200),
        ("a form cut off in a file", _multipart(FILE_NAME, content)[:-20], {}, 200),
        ("another's form", _multipart(FILE_NAME, content), {"X-CSRFToken": "x" * 32}, 403),
    ):
        answer = walk.submitter.ask("POST", f"{address}files/", body, FORM_OF_FILES | more)
        assert answer.status == status_code, what
        walk.states[f"database after {what}"] = places.database(
            walk.submitter.site, but=NAME_COLUMN
        )
        walk.submitter.get(address)


def _multipart(name: str, content: bytes) -> bytes:
    """A form with one file, its name as a browser writes it."""
    written = name.replace("\n", "%0A").replace('"', "%22").encode()
    disposition = b'Content-Disposition: form-data; name="files"; filename="' + written + b'"'
    head = b"--between\r\n" + disposition + b"\r\nContent-Type: application/dicom\r\n\r\n"
    return head + content + b"\r\n--between--\r\n"


def canary(source: bytes, number: int = 1) -> bytes:
    """A file with an identity in every attribute, and a SOP Instance UID of its own."""
    known = read(with_canaries(source))
    uid = Element(0x00080018, "UI", SOURCE_UID + b".%d" % number)
    elements = [uid if each.tag == uid.tag else each for each in known.elements]
    meta = [element for element in known.meta if element.tag != 0x00020000]
    return file_of(meta, elements, known.transfer_syntax_uid)


def canary_series(count: int, *, first: int = 1) -> list[bytes]:
    numbers = range(first, first + count)
    return [canary(datasets.ct_slice(number=number), number) for number in numbers]


def _named(contents: list[bytes]) -> dict[str, bytes]:
    return {f"{FILE_NAME}/{number}": content for number, content in enumerate(contents)}


def _of_magnetic_resonance() -> bytes:
    ct, mr = (f"1.2.840.10008.5.1.4.1.1.{number}\0".encode() for number in (2, 4))
    return canary(datasets.ct_slice(), 80).replace(ct, mr)


def _large() -> bytes:
    """Large enough to be seen in a child's hands, which is killed each time."""
    noise = np.random.default_rng(1).integers(0, 2000, (1500, 1500), np.int16)
    return canary(datasets.ct_slice(Rows=1500, Columns=1500, PixelData=noise.tobytes()), 90)


# --- Everybody else ---------------------------------------------------------------------


def looked_at(site: Site, member: dict[str, str] | None, *addresses: str) -> Visitor:
    visitor = Visitor(site)
    if member:
        sign_in(visitor, member)
    for address in addresses:
        assert visitor.get(address).status == 200, address
    return visitor


def looked_at_by_curator(site: Site, member: dict[str, str], upload_id: str) -> Visitor:
    query = "SELECT id FROM uploads_uploadedfile WHERE upload_id = %s AND outcome = 'held'"
    upload, file_id = f"/uploads/held/{upload_id}/", _row(site, query, upload_id)
    picture = f"{upload}{file_id}/pictures/1/"
    curator = looked_at(site, member, "/uploads/held/", upload, f"{upload}{file_id}/", picture)
    box = {"x": 900, "y": 3, "width": 9, "height": 9}
    masks = {f"masks-0-{name}": value for name, value in box.items()}
    masks |= {"masks-TOTAL_FORMS": 1, "masks-INITIAL_FORMS": 0, "apply": 1}
    assert curator.post(f"{upload}{file_id}/mask/", masks).status == 422
    question = {"text": "Is this the first image of the chest?"}
    assert curator.post(f"{upload}ask/", question).status == 302
    wait(lambda: "needs an answer" in "".join(site.mails()))
    return curator


def looked_at_by_panel(site: Site, member: dict[str, str], upload_id: str) -> Visitor:
    site.manage("shell", "-c", _PUBLISH.format(folder=str(site.folder), upload=upload_id))
    number = _row(site, "SELECT number FROM review_case")
    panellist = looked_at(site, member, "/review/", f"/review/cases/{number}/")
    web = "/review/dicom-web/studies"
    [study] = json.loads(panellist.get(web).body)
    study_uid = study["0020000D"]["Value"][0]
    for name in ("", "/metadata"):
        assert panellist.get(f"{web}/{study_uid}{name}").status == 200
    return panellist


def looked_at_by_everybody(site: Site) -> Visitor:
    wait(lambda: _row(site, "SELECT count(*) FROM library_edition WHERE status = 'published'"))
    reader = looked_at(site, None, "/", "/library/")
    [address] = {
        part.split('"')[0] for part in reader.answers[-1].text.split('href="') if _is_case(part)
    }
    assert reader.get(address).status == 200
    return reader


def _is_case(part: str) -> bool:
    return part.startswith("/library/1-")


# --- What became of it ------------------------------------------------------------------


def wait(is_so: Callable[[], object], meanwhile: Callable[[], None] = lambda: None) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end, "it did not happen in time"
        meanwhile()
        time.sleep(0.02)


def _row(site: Site, query: str, *values: object) -> object:
    with site.database() as connection:
        row = connection.execute(query, values).fetchone()
    return row[0] if row else None


def status(site: Site, upload_id: str) -> object:
    return _row(site, "SELECT status FROM uploads_upload WHERE id = %s", upload_id)


def names_of(site: Site, upload_id: str) -> set[str]:
    query = "SELECT name FROM uploads_uploadedfile WHERE upload_id = %s"
    with site.database() as connection:
        return {name for (name,) in connection.execute(query, [upload_id])}


def _kill_who_takes(site: Site, upload_id: str) -> None:
    """Kill every child that has the one file of an upload in hand, until nothing waits."""
    query = "SELECT id FROM uploads_uploadedfile WHERE upload_id = %s"
    file_id, killed = str(_row(site, query, upload_id)), set()

    def kill() -> None:
        for child in children_of(site):
            with suppress(psutil.Error, OSError, ValueError):
                item, began = _in_hand(child)
                if item == file_id and began not in killed:
                    killed.add(began)
                    child.kill()

    wait(lambda: not _row(site, WAITING), kill)
    assert len(killed) == 3
