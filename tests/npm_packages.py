"""Packages of npm that only tests need: fetched once, of pinned bytes, outside the project."""

import base64
import hashlib
import os
import subprocess
from pathlib import Path

from bsti_db.devserver.setup import node_and_npm


def kept() -> Path:
    """A cache that outlives the test run and is shared by every copy of the project."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bsti-db"


def fetched(folder: Path, *, package: str, version: str, sha512: str) -> Path:
    """The package as the registry has it, of exactly the pinned bytes; none of its scripts runs."""
    node, npm = node_and_npm()
    done = subprocess.run(
        [*map(str, npm), "pack", f"{package}@{version}", "--silent", "--ignore-scripts"],
        cwd=folder,
        env=os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"npm could not fetch {package} {version}:\n{done.stderr}")
    (found,) = folder.glob("*.tgz")
    digest = base64.b64encode(hashlib.sha512(found.read_bytes()).digest()).decode()
    if digest != sha512:
        raise RuntimeError(f"{package} {version} is not the package whose digest is pinned here.")
    return found
