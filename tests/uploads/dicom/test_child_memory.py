"""What a child has done takes no memory: many slices need no more than a few."""

from tests.datasets import ct_slice
from tests.uploads.dicom.keys import KEYS
from uploads.dicom.batch import Item, Limits, Status, run_batch
from uploads.dicom.deid import walker

SIDE = 512
SLICES = 60


def test_many_slices_need_no_more_memory_than_a_few(tmp_path):
    # all of them together are longer than what the child may take
    pixels = bytes(2 * SIDE * SIDE)
    items = []
    for number in range(1, SLICES + 1):
        path = tmp_path / f"{number}.source"
        path.write_bytes(ct_slice(number=number, Rows=SIDE, Columns=SIDE, PixelData=pixels * 4))
        items.append(Item(str(number), path, is_cleared=True, wants_stored=False))
    limits = Limits(memory_bytes=SLICES * len(pixels) * 4)
    work = tmp_path / "work"
    work.mkdir()

    outcomes = list(run_batch(work, items, pseudonyms=KEYS, limits=limits))

    assert {outcome.status for outcome in outcomes} == {Status.ACCEPTED}


def test_the_walker_remembers_no_more_than_a_few_megabytes():
    for number in range(40):
        walker.walked(ct_slice(number=number, ImageComments="x" * 4000, StudyID=str(number)))

    known = walker._remembered.cache_info()
    assert known.currsize <= known.maxsize
    assert known.maxsize * walker._MAX_REMEMBERED_BYTES <= 4 * 1024**2
