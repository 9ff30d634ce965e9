"""OHIF, a viewer that nobody here wrote: its built files, and a front that serves it beside a site.

Its own worker needs what our policy forbids, so it stands on a server of the tests, which passes
the site's addresses on: one origin, and the site's policy stays as it is.
"""

import json
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import npm_packages
from tests.fronts import Front, front_of
from tests.sites import Site
from tests.visiting import Visitor

PACKAGE = "@ohif/app"
VERSION = "3.12.0"
SHA512 = "D+SyPEOhW7E+P+ZfzFO1C3n8qwTfKSXExNEt2DPB5QHoLjSnUVTqEE+xaWX2B9p53boJfKWEM4b4SIVmz0qmOA=="
_BUILT = "package/dist/"
# models and a microscope that no CT asks for, four fifths of it
_LEFT_OUT = ("package/dist/ort/", "package/dist/dicom-microscopy-viewer/")


def built_files() -> Path:
    """The folder of its built page; fetched once, and kept outside the project."""
    folder = npm_packages.kept() / f"ohif-{VERSION}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            unpacked = Path(place) / "dist"
            package = npm_packages.fetched(
                Path(place), package=PACKAGE, version=VERSION, sha512=SHA512
            )
            _unpack(package, unpacked)
            unpacked.chmod(0o755)
            try:
                unpacked.rename(folder)
            except OSError:
                # another process of the same tests was first
                if not folder.exists():
                    raise
    return folder


@contextmanager
def ohif_beside(site: str, *, dicom_web: str) -> Iterator[Front]:
    """A front whose root is OHIF, reading the DICOMweb at a path of `site`."""
    config = f"window.config = {json.dumps(_config(dicom_web))};".encode()
    with front_of(
        site,
        files=built_files(),
        # it looks after updates of itself, which a test has no use for
        instead={
            "/app-config.js": ("application/javascript", config),
            "/init-service-worker.js": ("application/javascript", b""),
        },
    ) as front:
        yield front


def only_study(site: Site, case: str) -> tuple[str, str]:
    """The DICOMweb path of a published case of one study, and that study's public UID."""
    visitor = Visitor(site)
    found = re.search(r'data-dicomweb-root="([^"]+)"', visitor.get(case).text)
    assert found, "the page names no DICOMweb"
    (study,) = json.loads(visitor.get(f"{found[1]}studies").body)
    return found[1], study["0020000D"]["Value"][0]


def viewer_path(study_instance_uid: str) -> str:
    return f"/viewer?StudyInstanceUIDs={study_instance_uid}"


def _config(dicom_web: str) -> dict[str, object]:
    root = dicom_web.rstrip("/")
    source = {
        "friendlyName": "A published edition",
        "name": "edition",
        "qidoRoot": root,
        "wadoRoot": root,
        "qidoSupportsIncludeField": False,
        "supportsReject": False,
        "imageRendering": "wadors",
        "thumbnailRendering": "wadors",
        "enableStudyLazyLoad": True,
        "supportsFuzzyMatching": False,
        "supportsWildcard": True,
        "omitQuotationForMultipartRequest": True,
    }
    return {
        "routerBasename": None,
        "extensions": [],
        "modes": [],
        "showStudyList": True,
        "investigationalUseDialog": {"option": "never"},
        "defaultDataSourceName": "edition",
        "dataSources": [
            {
                "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
                "sourceName": "edition",
                "configuration": source,
            }
        ],
    }


def _unpack(package: Path, folder: Path) -> None:
    with tarfile.open(package) as members:
        for member in members:
            if not member.isfile() or not member.name.startswith(_BUILT):
                continue
            path = (folder / member.name.removeprefix(_BUILT)).resolve()
            if member.name.startswith(_LEFT_OUT) or not path.is_relative_to(folder.resolve()):
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            content = members.extractfile(member)
            assert content
            with path.open("wb") as file:
                shutil.copyfileobj(content, file)
