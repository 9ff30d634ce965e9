"""The Nu Html Checker, over files of pages."""

import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from tests import npm_packages

PACKAGE = "vnu-jar"
VERSION = "26.9.27"
SHA512 = "TkQd5DFfOaWC9ebtvozTsrH2Vaod3jYg+vrOeREzIXxBexLz9+rS2DNtjn7+RPUiZhgli0SghgBX6RJRNea0KA=="
_JAR = "package/build/dist/vnu.jar"


def complaints(folder: Path) -> list[str]:
    """What is not valid in the HTML files of a folder: file, line and message of each error."""
    java = shutil.which("java")
    assert java, "Java is not there"
    done = subprocess.run(
        [java, "-jar", str(_jar()), "--errors-only", "--format", "json", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    messages = json.loads(done.stderr or done.stdout)["messages"]
    return [
        f"{each.get('url', '').rpartition('/')[2]}:{each.get('lastLine')} {each['message']}"
        for each in messages
    ]


def _jar() -> Path:
    jar = npm_packages.kept() / f"vnu-{VERSION}.jar"
    if not jar.exists():
        jar.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=jar.parent) as place:
            package = npm_packages.fetched(
                Path(place), package=PACKAGE, version=VERSION, sha512=SHA512
            )
            with tarfile.open(package) as members:
                content = members.extractfile(_JAR)
                assert content, "the package holds no checker"
                draft = Path(place) / "vnu.jar"
                draft.write_bytes(content.read())
            # another process of the same tests may have been first: the same bytes
            draft.replace(jar)
    return jar
