"""The guarded child: what it writes, and what it cannot take with it when it dies."""

import dataclasses
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import JPEGExtended12Bit, JPEGLSLossless

from tests.datasets import (
    PLANTED,
    ct_slice,
    enhanced_ct,
    held_xray,
    in_transfer_syntax,
    mr_image,
    not_dicom,
    xray_dataset,
)
from tests.uploads.dicom.children import children_at_work
from tests.uploads.dicom.keys import KEYS, deidentified, planted_in
from tests.uploads.dicom.stored import stored
from uploads.dicom import batch
from uploads.dicom.batch import Item, Limits, Outcome, Status, run_batch
from uploads.dicom.masks import RAISED_CONTRAST, Mask
from uploads.dicom.reasons import Reason


@pytest.fixture
def folder(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    return work


@pytest.fixture
def put(tmp_path):
    """`put(a=bytes, …)` are items of files that lie outside the work folder."""

    def items(**files: bytes) -> list[Item]:
        for name, content in files.items():
            (tmp_path / f"{name}.source").write_bytes(content)
        return [Item(name, tmp_path / f"{name}.source", wants_thumbnail=True) for name in files]

    return items


def run(folder: Path, items: list[Item], **limits) -> dict[str, Outcome]:
    outcomes = run_batch(folder, items, pseudonyms=KEYS, limits=Limits(**limits))
    return {outcome.id: outcome for outcome in outcomes}


# --- What it writes -----------------------------------------------------------------


def test_each_file_gets_its_outcome(folder, put):
    items = put(ct=ct_slice(), xray=held_xray(), mr=mr_image(), text=not_dicom(), empty=b"")

    outcomes = run(folder, items)

    assert {name: (outcome.status, outcome.reason) for name, outcome in outcomes.items()} == {
        "ct": (Status.ACCEPTED, None),
        "xray": (Status.HELD, Reason.BURNED_IN_ANNOTATION),
        "mr": (Status.REFUSED, Reason.SOP_CLASS_MR),
        "text": (Status.REFUSED, Reason.NOT_DICOM),
        "empty": (Status.REFUSED, Reason.EMPTY_FILE),
    }


def test_an_accepted_file_is_there_as_it_is_stored_with_its_facts(folder, put):
    source = enhanced_ct(3)

    outcome = run(folder, put(a=source))["a"]

    data = batch.output_path(folder, "a").read_bytes()
    assert (data, outcome.frame_ranges) == stored(deidentified(source))
    assert outcome.source_sha256 == hashlib.sha256(source).hexdigest()
    assert outcome.output_sha256 == hashlib.sha256(data).hexdigest()
    assert outcome.output_bytes == len(data)
    assert outcome.attributes == deidentified(source).attributes
    assert outcome.header["00280010"] == {"vr": "US", "Value": [64]}
    with Image.open(batch.thumbnail_path(folder, "a")) as picture:
        assert max(picture.size) <= 256


@pytest.mark.parametrize(
    ("syntax", "said"), [(JPEGExtended12Bit, "01"), (JPEGLSLossless, "00")], ids=["lossy", "not"]
)
def test_a_stored_file_still_tells_what_compression_had_lost(folder, put, syntax, said):
    # a file that is wrong of itself, and one that is right
    source = in_transfer_syntax(xray_dataset(LossyImageCompression="00"), syntax)

    outcome = run(folder, put(a=source))["a"]

    assert outcome.status is Status.ACCEPTED
    file = pydicom.dcmread(batch.output_path(folder, "a"))
    assert file.LossyImageCompression == said
    assert ("LossyImageCompressionMethod" in file) is (said == "01")
    assert outcome.header["00282110"]["Value"] == [said]


def test_a_held_file_leaves_a_preview_and_nothing_else(folder, put):
    outcome = run(folder, put(a=held_xray()))["a"]

    assert outcome.picture.shown == (1, RAISED_CONTRAST)
    with Image.open(batch.preview_path(folder, "a", 1)) as picture:
        assert picture.size == (64, 96)
        assert not picture.info
    left = {path.name for path in folder.iterdir()}
    assert left == {"job.json", "a.json", "a.preview.1.png", f"a.preview.{RAISED_CONTRAST}.png"}


def test_a_cleared_file_is_held_no_more(folder, put):
    item = dataclasses.replace(put(a=held_xray())[0], is_cleared=True)

    assert run(folder, [item])["a"].status is Status.ACCEPTED


def test_a_file_that_is_not_for_the_store_keeps_its_transfer_syntax(folder, put):
    source = ct_slice()
    items = [
        dataclasses.replace(item, wants_stored=False, wants_thumbnail=False)
        for item in put(a=source, b=held_xray())
    ]

    outcomes = run(folder, items)

    assert batch.output_path(folder, "a").read_bytes() == deidentified(source).data
    assert outcomes["a"].frame_ranges == []
    assert {path.name for path in folder.iterdir()} == {"job.json", "a.dcm", "a.json", "b.json"}


def test_no_identity_and_no_secret_is_written_anywhere(folder, put):
    items = put(a=ct_slice(), b=held_xray(), c=mr_image(), d=ct_slice()[:5000])

    run(folder, items)

    for path in folder.iterdir():
        content = path.read_bytes()
        assert not planted_in(content), path.name
        assert KEYS.secret not in content, path.name
        assert KEYS.secret.hex().encode() not in content, path.name


def test_an_outcome_survives_its_file(folder, put):
    outcome = run(folder, put(a=ct_slice()))["a"]

    assert Outcome.from_json(json.loads(json.dumps(outcome.to_json()))) == outcome


def test_files_of_two_patients_have_two_keys(folder, put):
    items = put(a=ct_slice(), b=ct_slice(number=2), other=ct_slice(patient="B"), held=held_xray())

    keys = {name: outcome.patient_key for name, outcome in run(folder, items).items()}

    assert keys["a"] == keys["b"] == keys["held"] != keys["other"]
    assert not any(name.lower() in "".join(keys.values()) for name in PLANTED)


def test_what_was_finished_is_not_done_again(folder, put):
    items = put(a=ct_slice(), b=ct_slice(number=2))
    first = run(folder, items)
    for item in items:
        item.path.unlink()

    assert run(folder, items) == first


# --- Bounds --------------------------------------------------------------------------


def test_a_file_that_needs_too_much_memory_costs_itself_alone(folder, put):
    big = ct_slice(Rows=3000, Columns=4000, PixelData=bytes(2 * 3000 * 4000))

    outcomes = run(
        folder, put(a=ct_slice(), big=big, c=ct_slice(number=2)), memory_bytes=150 * 1024 * 1024
    )

    assert outcomes["a"].status is Status.ACCEPTED
    assert outcomes["c"].status is Status.ACCEPTED
    assert outcomes["big"].status is Status.INTERRUPTED
    assert outcomes["big"].reason is Reason.NEEDED_TOO_MUCH_MEMORY
    assert not batch.output_path(folder, "big").exists()


def test_a_file_that_takes_too_long_costs_itself_alone(folder, put, tmp_path):
    # a pipe that nobody writes to: reading it never ends
    os.mkfifo(tmp_path / "slow.source")
    items = [*put(a=ct_slice()), Item("slow", tmp_path / "slow.source"), *put(c=ct_slice())]

    outcomes = run(folder, items, seconds=2)

    assert outcomes["slow"].status is Status.INTERRUPTED
    assert outcomes["slow"].reason is Reason.TOOK_TOO_LONG
    assert outcomes["c"].status is Status.ACCEPTED


def test_a_child_that_dies_at_its_birth_costs_one_file_a_time_and_ends(folder, put):
    # it cannot even note what it has in hand
    outcomes = run(folder, put(a=ct_slice(), b=ct_slice()), output_bytes=0)

    assert {outcome.status for outcome in outcomes.values()} == {Status.INTERRUPTED}
    assert len(outcomes) == 2


def test_a_caller_that_stops_leaves_no_child_and_no_part(folder, put):
    outcomes = run_batch(
        folder, put(**{f"f{n}": ct_slice(number=n) for n in range(200)}), pseudonyms=KEYS
    )
    next(outcomes)
    outcomes.close()

    assert not children_at_work()
    finished = {path.stem for path in folder.glob("f*.json")}
    assert len(finished) < 200
    for item_id in finished:
        assert pydicom.dcmread(batch.output_path(folder, item_id)).Rows == 64


def test_ids_cannot_name_another_place():
    for name in ("../a", "a/b", "", "a.b", "é"):
        with pytest.raises(ValueError, match="letters"):
            Item(name, Path("x"))


def test_a_masked_file_is_held_until_a_person_has_seen_it_again(folder, put):
    masks = (Mask(0, 0, 64, 12),)
    item = dataclasses.replace(put(a=held_xray())[0], masks=masks)

    outcome = run(folder, [item])["a"]

    assert (outcome.status, outcome.reason) == (Status.HELD, Reason.MASKED)
    with Image.open(batch.preview_path(folder, "a", 1)) as picture:
        assert not np.asarray(picture)[:12].any()
        assert np.asarray(picture)[12:].any()


def test_a_cleared_masked_file_is_stored_without_what_was_masked(folder, put):
    masks = (Mask(0, 0, 64, 12),)
    item = dataclasses.replace(put(a=held_xray())[0], masks=masks, is_cleared=True)

    outcome = run(folder, [item])["a"]

    assert outcome.status is Status.ACCEPTED
    pixels = pydicom.dcmread(batch.output_path(folder, "a")).pixel_array
    assert len(np.unique(pixels[:12])) == 1
    assert len(np.unique(pixels[12:])) > 1


def test_a_mask_outside_the_picture_never_lets_the_file_go(folder, put):
    item = dataclasses.replace(put(a=held_xray())[0], masks=(Mask(500, 0, 5, 5),), is_cleared=True)

    assert run(folder, [item])["a"].status is Status.HELD


def test_files_of_one_series_share_a_key_that_is_no_source_uid(folder, put):
    outcomes = run(folder, put(a=held_xray(number=1), b=held_xray(number=2), c=ct_slice(series=2)))

    keys = {name: outcome.series_key for name, outcome in outcomes.items()}
    assert keys["a"] == keys["b"] != keys["c"]
    assert keys["c"] == outcomes["c"].attributes.series_instance_uid
