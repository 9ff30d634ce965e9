"""`manage.py deidentify`: a folder in, a folder out, and nothing half done."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pydicom
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tests.datasets import (
    chest_xray,
    ct_series,
    ct_slice,
    held_xray,
    mr_image,
    not_dicom,
    secondary_capture,
    truncated,
)
from tests.uploads.dicom.keys import planted_in
from uploads.dicom import folders
from uploads.dicom.reasons import REASONS, Reason

REAL_CT = settings.BASE_DIR.parent / "shared" / "data" / "real-ct"


@pytest.fixture(autouse=True)
def _key(settings):
    settings.PSEUDONYM_KEYS, settings.PSEUDONYM_KEY_ID = {"test": bytes(range(32))}, "test"


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


class Folder:
    """A source, a destination, and what the command wrote."""

    def __init__(self, root: Path) -> None:
        self.root, self.source, self.destination = root, root / "in", root / "out"
        self.source.mkdir()

    def put(self, **files: bytes) -> None:
        for name, content in files.items():
            self.put_at(name, content)

    def put_at(self, path: str, content: bytes) -> None:
        (self.source / path).parent.mkdir(parents=True, exist_ok=True)
        (self.source / path).write_bytes(content)

    def run(self, **options) -> str:
        out = io.StringIO()
        call_command(
            "deidentify",
            str(self.source),
            str(self.destination),
            **{
                "map": self.root / "map.json",
                "report": self.root / "report.json",
                "jobs": 1,
                "stdout": out,
                **options,
            },
        )
        return out.getvalue()

    @property
    def map(self) -> dict[str, str | None]:
        return json.loads((self.root / "map.json").read_text())

    @property
    def report(self) -> dict:
        return json.loads((self.root / "report.json").read_text())

    def output(self, path: str) -> pydicom.Dataset:
        name = self.map[path]
        assert name is not None
        return pydicom.dcmread(self.destination / name)

    def outputs(self) -> set[str]:
        """Every file below the destination, hidden ones too."""
        found = Path(self.destination).rglob("*")
        return {str(path.relative_to(self.destination)) for path in found if path.is_file()}


# --- What it writes -----------------------------------------------------------


def test_files_of_any_layout_and_name_are_deidentified(folder):
    folder.put_at("QUILLFEATHER ZEBEDEE/CT 1/IM0001", ct_slice())
    folder.put_at("QUILLFEATHER ZEBEDEE/röntgen.jpg", chest_xray())
    folder.put_at("b/c/d/e.dcm", ct_slice(patient="B"))

    folder.run()

    assert set(folder.map) == {
        "QUILLFEATHER ZEBEDEE/CT 1/IM0001",
        "QUILLFEATHER ZEBEDEE/röntgen.jpg",
        "b/c/d/e.dcm",
    }
    assert set(folder.map.values()) == folder.outputs()
    for name in folder.outputs():
        assert not planted_in((folder.destination / name).read_bytes())
        assert not planted_in(name.encode())


def test_several_patients_in_one_folder_stay_apart(folder):
    folder.put(a1=ct_slice(), a2=ct_slice(study=2), b=ct_slice(patient="B"))

    folder.run()

    assert folder.output("a1").PatientID == folder.output("a2").PatientID
    assert folder.output("a1").PatientID != folder.output("b").PatientID


def test_strangers_with_a_placeholder_for_an_id_are_not_merged(folder):
    folder.put(
        a=ct_slice(PatientID="ANON"),
        a_too=ct_slice(PatientID="ANON", number=2),
        b=ct_slice(patient="B", PatientID="ANON"),
    )

    folder.run()

    assert folder.output("a").PatientID == folder.output("a_too").PatientID
    assert folder.output("a").PatientID != folder.output("b").PatientID


def test_what_is_held_or_refused_is_null_with_its_reason(folder):
    folder.put(
        good=ct_slice(),
        held=held_xray(),
        mr=mr_image(),
        capture=secondary_capture(),
        text=not_dicom(),
        empty=b"",
        cut=truncated(),
    )

    said = folder.run()

    reasons = {
        "held": ("held", Reason.BURNED_IN_ANNOTATION),
        "mr": ("refused", Reason.SOP_CLASS_MR),
        "capture": ("refused", Reason.SOP_CLASS_SECONDARY_CAPTURE),
        "text": ("refused", Reason.NOT_DICOM),
        "empty": ("refused", Reason.EMPTY_FILE),
        "cut": ("refused", Reason.TRUNCATED),
    }
    assert {path for path, output in folder.map.items() if output is None} == set(reasons)
    for path, (outcome, reason) in reasons.items():
        told = folder.report["files"][path]
        assert told == {"outcome": outcome, "reason": reason, "sentence": REASONS[reason]}
    assert len(folder.outputs()) == 1
    assert "7 files: 1 de-identified, 1 held, 5 refused." in said


def test_the_report_says_what_was_done_without_a_value(folder):
    series = ct_series(3)
    folder.put(one=series[0], two=series[1], three=series[2], xray=chest_xray(patient="C"))

    folder.run()

    report = folder.report
    assert not planted_in((folder.root / "report.json").read_bytes())
    assert len(report["treatments"]) == 2
    rows = {row["keyword"]: row for row in report["attributes"]}
    assert rows["PatientName"]["replaced"] == 4
    assert rows["StudyDate"]["shifted"] == 4
    assert rows["InstitutionName"]["removed"] == 4
    assert rows["Rows"]["kept"] == 4


def test_files_that_share_a_uid_but_differ_are_both_written(folder):
    folder.put(one=ct_slice(), other=ct_slice(KVP="100"), copy=ct_slice())

    folder.run()

    assert folder.map["one"] == folder.map["copy"] != folder.map["other"]
    assert len(folder.outputs()) == 2


def test_running_twice_writes_the_same_and_nothing_more(folder):
    folder.put(
        a=ct_slice(), b=chest_xray(), c=mr_image(), anonymous=ct_slice(number=5, PatientID="")
    )
    folder.run()
    first, outputs = folder.map, folder.outputs()

    folder.run(jobs=2)

    assert (folder.map, folder.outputs()) == (first, outputs)


def test_two_organisations_share_no_pseudonym(folder):
    folder.put(a=ct_slice())
    folder.run(organisation="R0A")
    here = folder.output("a")

    folder.run(organisation="RXQ")

    assert folder.output("a").PatientID != here.PatientID
    assert folder.output("a").StudyInstanceUID != here.StudyInstanceUID


def test_an_empty_folder_is_no_error(folder):
    assert "0 files" in folder.run()
    assert folder.map == {}


def test_file_names_that_are_no_text_are_in_the_map(folder):
    (Path(os.fsdecode(os.fsencode(folder.source) + b"/caf\xe9"))).write_bytes(ct_slice())

    folder.run()

    assert list(folder.map) == ["caf\udce9"]


def test_a_file_that_cannot_be_opened_is_null_with_its_reason(folder):
    os.mkfifo(folder.source / "pipe")

    folder.run()

    assert folder.map == {"pipe": None}
    assert folder.report["files"]["pipe"]["reason"] == Reason.CANNOT_BE_OPENED


def test_links_are_not_followed_and_null_with_their_reason(folder):
    outside = folder.root / "outside"
    outside.mkdir()
    (outside / "a.dcm").write_bytes(ct_slice())
    folder.put(b=ct_slice(number=2))
    (folder.source / "file").symlink_to(outside / "a.dcm")
    (folder.source / "folder").symlink_to(outside)
    (folder.source / "itself").symlink_to(folder.source)
    (folder.source / "gone").symlink_to(folder.root / "nowhere")

    folder.run()

    links = {"file", "folder", "itself", "gone"}
    assert folder.map.keys() == links | {"b"}
    assert folder.map["b"]
    for path in links:
        assert folder.map[path] is None
        assert folder.report["files"][path]["reason"] == Reason.SYMBOLIC_LINK


def test_a_file_that_ends_its_child_twice_costs_no_other(folder, monkeypatch):
    monkeypatch.setattr(folders, "_LIMITS", folders.Limits(memory_bytes=120 * 1024**2))
    big = ct_slice(Rows=3000, Columns=4000, PixelData=bytes(2 * 3000 * 4000))
    folder.put(a=ct_slice(), b=big, c=ct_slice(number=3))

    folder.run()

    assert folder.map["a"]
    assert folder.map["c"]
    assert folder.map["b"] is None
    assert folder.report["files"]["b"]["reason"] == Reason.NEEDED_TOO_MUCH_MEMORY


@pytest.mark.skipif(not REAL_CT.is_dir(), reason="real slices are on some machines only")
def test_real_slices_go_through_with_their_pixels(folder):
    folder.source = REAL_CT

    folder.run(jobs=2)

    for path in folder.map:
        before, after = pydicom.dcmread(REAL_CT / path), folder.output(path)
        assert before.PixelData == after.PixelData
        assert before.PixelSpacing == after.PixelSpacing
        assert before.get("ImagePositionPatient") == after.get("ImagePositionPatient")
        assert before.PatientID != after.PatientID
    assert len(folder.map) == 18


# --- What it says when it cannot ------------------------------------------------


def _refusal(folder, **options) -> str:
    with pytest.raises(CommandError) as refusal:
        folder.run(**options)
    assert refusal.value.returncode == 2
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_a_source_that_is_no_folder_is_said(folder):
    folder.source = folder.root / "nowhere"
    assert _refusal(folder) == f"There is no folder {folder.root / 'nowhere'}."

    folder.source.write_bytes(ct_slice())
    assert "There is no folder" in _refusal(folder)


def test_a_destination_in_the_source_is_said(folder):
    folder.destination = folder.source / "out"

    assert "must not be the source or lie in it" in _refusal(folder)
    assert not folder.destination.exists()


def test_a_destination_that_cannot_be_written_to_is_said(folder):
    folder.destination.write_bytes(b"a file")
    assert "cannot be written to" in _refusal(folder)

    folder.destination = Path("/proc/out")
    assert _refusal(folder) == "The folder /proc/out cannot be written to."


def test_a_map_that_cannot_be_written_is_said_before_the_work(folder):
    folder.put(a=ct_slice())

    assert "/proc" in _refusal(folder, map=Path("/proc/map.json"))
    assert "is a folder" in _refusal(folder, report=folder.root)
    assert folder.outputs() == set()


def test_a_missing_key_is_said(folder, settings):
    settings.PSEUDONYM_KEYS = {}
    assert "There is no pseudonym key" in _refusal(folder)

    settings.PSEUDONYM_KEYS = {"test": b"short"}
    assert "less than 32 bytes" in _refusal(folder)


def test_a_full_disk_is_said(folder, monkeypatch):
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders, "place_whole", full)
    folder.put(a=ct_slice(), b=ct_slice(number=2))

    assert "No space left on device" in _refusal(folder)


# --- Stopped and killed ---------------------------------------------------------


def _started(folder: Folder) -> "subprocess.Popen[bytes]":
    """The command as a trust starts it: in a process of its own, without any service."""
    environment = {
        "PATH": os.defpath,
        "SECRET_KEY": "x",
        "PSEUDONYM_KEYS": "test:" + bytes(range(32)).hex(),
        "PSEUDONYM_KEY_ID": "test",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "BSTI_DATA_DIR": str(folder.root / "data"),
        "TMPDIR": str(folder.root),
    }
    arguments = [str(folder.source), str(folder.destination), "--jobs", "1"]
    arguments += ["--map", str(folder.root / "map.json"), "--no-ocr"]
    return subprocess.Popen(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "deidentify", *arguments],
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _wait_for_an_output(folder: Folder, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 30
    while not folder.outputs() and time.monotonic() < end and process.poll() is None:
        time.sleep(0.005)


def test_it_needs_no_service_and_no_database(folder):
    folder.put(a=ct_slice(), b=mr_image())

    process = _started(folder)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 0, err
    assert b"1 de-identified" in out
    assert b"2 of 2 files" in err
    assert sum(output is not None for output in folder.map.values()) == 1


@pytest.fixture(scope="module")
def many():
    return [ct_slice(number=number) for number in range(1_500)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_or_killed_it_leaves_whole_files_only(folder, many, number):
    for place, content in enumerate(many):
        folder.put_at(f"{place}", content)

    process = _started(folder)
    _wait_for_an_output(folder, process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)

    assert 0 < len(folder.outputs()) < len(many)
    for name in folder.outputs():
        assert pydicom.dcmread(folder.destination / name).pixel_array.shape == (64, 64)
    assert not (folder.root / "map.json").exists()
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert err.count(b"\n") == 1
        assert b"Stopped." in err
