"""What is made to break us ends in a code; only the guarded child crashes, grows or waits."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from tests.datasets import ct_slice
from tests.uploads.dicom.hostile import harmful, harmless, largest_frame
from tests.uploads.dicom.keys import KEYS
from tests.uploads.dicom.test_mutations import outcome_of
from uploads.dicom.batch import Item, Outcome, Status, run_batch
from uploads.dicom.reasons import REASONS, Reason

HARMLESS = harmless()

# run in a process of its own, whose memory is that of a worker's parent
_PARENT = """
import json, sys
from pathlib import Path
from uploads.dicom.batch import Item, run_batch
from uploads.dicom.deid.pseudonyms import Pseudonyms
keys = Pseudonyms(secret=bytes(32), key_id="k", organisation_key="o", upload_key="u")
folder, names = Path(sys.argv[1]), json.loads(sys.argv[2])
items = [Item(name, folder / f"{name}.source", reads_text=False) for name in names]
found = {o.id: [o.status, o.reason] for o in run_batch(folder, items, pseudonyms=keys)}
status = Path("/proc/self/status").read_text()
peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
print(json.dumps({"outcomes": found, "peak_mb": peak}))
"""


@pytest.mark.parametrize("name", HARMLESS)
def test_a_hostile_file_is_taken_or_refused_with_its_reason_and_soon(name):
    start = time.process_time()

    outcome = outcome_of(HARMLESS[name])

    if isinstance(outcome, Reason):
        assert outcome is not Reason.PROCESSING_FAILED
    else:
        assert outcome.data[:132] == bytes(128) + b"DICM"
    # the slowest, of a million items, takes a tenth of it on an idle machine
    assert time.process_time() - start < 10


def test_the_guarded_child_takes_every_harmful_file_and_its_parent_stays_small(tmp_path):
    files = {f"f{number}": source for number, source in enumerate(harmful().values())}
    files |= {"good": ct_slice()}
    for name, source in files.items():
        (tmp_path / f"{name}.source").write_bytes(source)

    child = subprocess.run(
        [sys.executable, "-c", _PARENT, str(tmp_path), json.dumps(list(files))],
        cwd=settings.BASE_DIR,
        capture_output=True,
        check=True,
    )

    told = json.loads(child.stdout)
    assert told["peak_mb"] < 300
    assert told["outcomes"].keys() == files.keys()
    assert told["outcomes"]["good"] == [Status.ACCEPTED, None]
    names = dict(zip(files, [*harmful(), "good"], strict=True))
    for name, (status, reason) in told["outcomes"].items():
        # a decoder that crashed took nothing with it but the file in hand
        assert status == Status.ACCEPTED or reason in REASONS, names[name]
        assert reason != Reason.PROCESSING_FAILED or status == Status.INTERRUPTED, names[name]
    assert not any(path.suffix == ".part" for path in tmp_path.iterdir())


@pytest.mark.parametrize("is_ht", [True, False])
def test_the_largest_frame_that_a_small_file_may_claim_stays_within_the_limits(tmp_path, is_ht):
    source = largest_frame(is_ht=is_ht)
    (tmp_path / "large").write_bytes(source)
    start = time.monotonic()

    (outcome,) = _run(tmp_path, [Item("large", tmp_path / "large", reads_text=False)])

    assert len(source) < 10_000
    assert outcome.status is Status.ACCEPTED or outcome.reason in REASONS
    assert outcome.reason is not Reason.PROCESSING_FAILED
    # on an idle machine 5 seconds, most of them for writing it
    assert time.monotonic() - start < 60


def _run(folder: Path, items: list[Item]) -> list[Outcome]:
    work = folder / "work"
    work.mkdir()
    return list(run_batch(work, items, pseudonyms=KEYS))
