"""De-identifying a CT of 100 slices on one core, beside others' engines on the same files.

Target: 300 files a second with verification and SHA-256 of each output on, OCR off, and at least 3
times as fast as plain pydicom, dicognito and dicom-anonymizer, which do neither.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence

from bsti_db.devserver.folder import PROJECT, data_folder
from tests import datasets
from tests.bench.upload_to_accepted import SIDE, ct_of
from tests.datasets.building import item

SLICES = 100
ELEMENTS = 240
TARGET_FILES_A_SECOND = 300
TARGET_MULTIPLE = 3
_ROUNDS = 3
_OURS = "ours, verified"
_ON_THE_SITE = "ours, letters and digest"

_ENVIRONMENT = ("dicognito==0.19.0", "dicom-anonymizer==2.1.0", f"pydicom=={pydicom.__version__}")
# runs one engine over all files on one core and prints its processor time: a busy machine distorts
# it less than the clock's time. What was imported is gone through for garbage before, not in
# between
_TIMED = """
import gc, os, pathlib, sys, time
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
PREPARATION
source, destination = map(pathlib.Path, sys.argv[1:3])
paths = sorted(source.iterdir())
gc.collect()
start = time.process_time()
for path in paths:
    out = destination / path.name
    WORK
print(time.process_time() - start)
"""
_WITH_PYDICOM = "dataset = dcmread(path); {}; dataset.save_as(out)"
_PREPARATION = (
    "import hashlib; from uploads.dicom.deid import Pseudonyms, deidentify; "
    "keys = Pseudonyms(bytes(range(32)), 'bench', 'organisation', 'upload')"
)
# a file that a person has cleared is not searched for letters: none of the others does that, nor a
# digest of the pixels alone; the site asks for both
_WORK = (
    "result = deidentify(path.read_bytes(), pseudonyms=keys{}); "
    "hashlib.sha256(result.data).hexdigest(); out.write_bytes(result.data)"
)
_ENGINES = {
    _OURS: (
        _PREPARATION,
        _WORK.format(", is_cleared=True"),
    ),
    _ON_THE_SITE: (_PREPARATION, _WORK.format(", reads_text=False") + "; result.pixel_digest"),
    "pydicom read-convert-save": (
        "from pydicom import dcmread",
        _WITH_PYDICOM.format("[element.value for element in dataset.iterall()]"),
    ),
    "dicognito": (
        "from pydicom import dcmread; from dicognito.anonymizer import Anonymizer; "
        "anonymizer = Anonymizer()",
        _WITH_PYDICOM.format("anonymizer.anonymize(dataset)"),
    ),
    "dicom-anonymizer": (
        "from pydicom import dcmread; from dicomanonymizer import anonymize_dataset",
        _WITH_PYDICOM.format("anonymize_dataset(dataset)"),
    ),
}


def measure() -> None:
    python = _python_of_others()
    if python is None:
        print("  The other engines cannot be installed here, so they are left out.")
    with tempfile.TemporaryDirectory(dir=data_folder()) as name:
        folder = Path(name)
        contents = ct_of_many_elements()
        _print_files(contents)
        for number, content in enumerate(contents):
            (folder / "source").mkdir(exist_ok=True)
            (folder / "source" / f"{number:04}.dcm").write_bytes(content)
        engines = list(_ENGINES) if python else [_OURS, _ON_THE_SITE]
        best = dict.fromkeys(engines, 0.0)
        # in turn, so that a busy minute meets them all
        for _ in range(_ROUNDS):
            for engine in engines:
                interpreter = sys.executable if engine in (_OURS, _ON_THE_SITE) else python
                speed = _files_a_second(engine, folder, str(interpreter))
                best[engine] = max(best[engine], speed)
        _print_speeds(best)


def _print_speeds(best: dict[str, float]) -> None:
    for engine, speed in best.items():
        told = f"; ours is {best[_OURS] / speed:.1f} times as fast (target {TARGET_MULTIPLE})"
        if engine in (_OURS, _ON_THE_SITE):
            told = f" (target {TARGET_FILES_A_SECOND})" if engine == _OURS else ""
        print(f"  {engine:<26} {speed:6.0f} files/s{told}")


def _print_files(contents: list[bytes]) -> None:
    with pydicom.dcmread(pydicom.filebase.DicomBytesIO(contents[0])) as dataset:
        count = elements_of(dataset)
    size = sum(map(len, contents)) / 1e6
    busy = os.getloadavg()[0]
    print(
        f"  {len(contents)} slices, {size:.0f} MB, {count} elements each, one core, "
        f"the best of {_ROUNDS} rounds, each a process of its own; load before: {busy:.1f}"
    )


def _files_a_second(engine: str, folder: Path, python: str) -> float:
    preparation, work = _ENGINES[engine]
    program = _TIMED.replace("PREPARATION", preparation).replace("WORK", work)
    (folder / "out").mkdir(exist_ok=True)
    printed = subprocess.run(
        [python, "-c", program, str(folder / "source"), str(folder / "out")],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return len(list((folder / "source").iterdir())) / float(printed.split()[-1])


def _python_of_others() -> Path | None:
    """The interpreter of an environment that has the other engines, or None."""
    environment = data_folder() / "engines"
    python = environment / "bin" / "python"
    uv = [sys.executable, "-m", "uv"]
    try:
        if not python.exists():
            _run([*uv, "venv", "--quiet", "--python", sys.executable, str(environment)])
        _run([*uv, "pip", "install", "--quiet", "--python", str(python), *_ENVIRONMENT])
        _run([str(python), "-c", "import dicognito, dicomanonymizer"])
    except (OSError, subprocess.SubprocessError):
        return None
    return python


def _run(command: Iterable[str]) -> None:
    subprocess.run(list(command), check=True, capture_output=True, timeout=120)


# --- The files ------------------------------------------------------------------------


def ct_of_many_elements(count: int = SLICES) -> list[bytes]:
    """Slices as a scanner sends them: private blocks, nested sequences, noise in the pixels."""
    contents = []
    for number, plain in enumerate(ct_of(count), start=1):
        dataset = datasets.ct_dataset(
            number=number, Rows=SIDE, Columns=SIDE, PixelData=plain[-2 * SIDE * SIDE :]
        )
        _add_sequences(dataset, number)
        _add_private_blocks(dataset, number)
        contents.append(datasets.written(dataset))
    return contents


def elements_of(dataset: Dataset) -> int:
    """How many elements a data set has at every depth, sequences among them."""
    count = 0
    for element in dataset:
        count += 1
        if element.VR == "SQ":
            count += sum(map(elements_of, element.value))
    return count


def _add_sequences(dataset: FileDataset, number: int) -> None:
    code = item(
        CodeValue="36.5", CodingSchemeDesignator="99LOCAL", CodeMeaning="PETTIFOGGER THORAX"
    )
    dataset.ProcedureCodeSequence = [code]
    dataset.RequestAttributesSequence[0].RequestedProcedureCodeSequence = [code]
    dataset.ReferencedImageSequence = [
        item(
            ReferencedSOPClassUID=datasets.CT_IMAGE,
            ReferencedSOPInstanceUID=datasets.uid("A", "scout", place),
            PurposeOfReferenceCodeSequence=[
                item(CodeValue="121311", CodingSchemeDesignator="DCM", CodeMeaning="Localizer")
            ],
        )
        for place in range(2)
    ]
    dataset.SourceImageSequence = [
        item(
            ReferencedSOPClassUID=datasets.CT_IMAGE,
            ReferencedSOPInstanceUID=datasets.uid("A", "raw", number),
        )
    ]
    dataset.PerformedProcedureStepID = "PPS88142"
    dataset.AcquisitionDateTime = f"20200311101502.{number:06d}"


def _add_private_blocks(dataset: FileDataset, number: int) -> None:
    missing = ELEMENTS - elements_of(dataset) - 1
    kinds = ("LO", "DS", "SH", "IS", "US", "FL", "OB", "UN")
    values = {
        "LO": "HIDDENPRIVATE",
        "DS": f"{number}.25",
        "SH": "GEMS",
        "IS": str(number),
        "US": number,
        "FL": 0.5,
        "OB": bytes(64),
        "UN": b"HIDDENPRIVATE ",
    }
    for group in (0x0019, 0x0021, 0x0027, 0x0043, 0x0045):
        block = dataset.private_block(group, f"GEMS_BLOCK_{group:02X}", create=True)
        share = missing // 5 - 1
        for place in range(share):
            kind = kinds[place % len(kinds)]
            block.add_new(place, kind, values[kind])
    block.add_new(0xF0, "SQ", Sequence([item(PatientName="QUILLFEATHER^ADA")]))
