"""What David Clunie's dciodvfy finds wrong with a file."""

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

DCIODVFY = shutil.which("dciodvfy")
needs_dciodvfy = pytest.mark.skipif(
    DCIODVFY is None, reason="dciodvfy is not installed (Debian's dicom3tools)"
)


def errors_of(data: bytes, folder: Path) -> Counter[str]:
    path = folder / "one.dcm"
    path.write_bytes(data)
    done = subprocess.run(
        [str(DCIODVFY), str(path)], capture_output=True, text=True, errors="replace", check=False
    )
    lines = (done.stdout + done.stderr).splitlines()
    # a file that cannot be read at all gives no errors either
    assert any("Warning" in line or "Error" in line or "IOD" in line for line in lines) or not lines
    return Counter(line for line in lines if line.startswith("Error"))
