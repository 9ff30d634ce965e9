"""A case on a running site, from its files to the public library, by the site's own processes."""

import re
from collections.abc import Sequence

from tests.bench.upload_to_accepted import prepare, send, wait_until_accepted
from tests.sites import Site

# shares of the image's width and height
ARROW_HEAD = (0.25, 0.75)
_READ_AND_WRITE = """
from pathlib import Path
from uploads.models import Upload
from library.models import Edition
from library.showing import edition_url
from bsti_db.demonstration import seed
from bsti_db.demonstration.patients import DemoArrow, DemoPatient, DemoPoint
patient = DemoPatient(
    seed=1, ods_code="R0A", studies=[], category="{category}", severity=2, findings={findings},
    title="Ground-glass opacity", summary="Seen under the pleura of both lower lobes.",
    points=[
        DemoPoint(
            "Look at this slice.", depth={depth}, window="mediastinum",
            arrow=DemoArrow({head}, (0.5, 0.1), "Opacity"),
        )
    ],
)
upload = Upload.objects.get(pk="{upload}")
members = seed.seed_members(Path("{folder}"))
seed.read_and_write(patient, upload, members)
seed.wait_until(lambda: not Edition.objects.to_publish().exists(), "the case to be published")
edition = Edition.objects.public().get(teaching_case__case__patient=upload.patient)
print("PUBLISHED", edition_url(edition))
"""


def publish(
    site: Site,
    contents: Sequence[bytes],
    *,
    depth: float = 0.25,
    category: str = "classic",
    findings: tuple[str, ...] = (),
) -> str:
    """Send files, have them accepted, read, written up and published; gives the case's address.

    The case has one teaching point, at `depth` of its first series from the head down, with an
    arrow that ends at `ARROW_HEAD`.
    """
    upload_id, browser = prepare(site)
    send(browser, upload_id, contents)
    browser("POST", f"/uploads/{upload_id}/submit/", b"", {})
    wait_until_accepted(site, upload_id)
    script = _READ_AND_WRITE.format(
        upload=upload_id,
        folder=site.folder,
        depth=depth,
        head=ARROW_HEAD,
        category=category,
        findings=findings,
    )
    printed = site.manage("shell", "-c", script)
    found = re.search(r"^PUBLISHED (\S+)$", printed, re.MULTILINE)
    assert found, "the case was not published"
    return found[1]
