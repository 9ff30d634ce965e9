"""Whole sites lose their broker or everything at once: what was submitted ends accepted."""

import time
from collections.abc import Callable

import psycopg

from tests.sites import Site

SLICES = 60
SERVICES = ("postgresql", "valkey", "seaweedfs", "seaweedfs-volume")

# an upload as a submitter sends it, by a process that has the site's own settings
_SUBMIT = f"""
from tests import datasets
from tests.uploads.sending import submitted
from uploads import tasks
upload = submitted(datasets.ct_series({SLICES}))
tasks.ring(tasks.process_upload, str(upload.pk))
print("SUBMITTED", upload.pk)
"""


def submit(site: Site) -> str:
    printed = site.manage("shell", "-c", _SUBMIT)
    return next(line for line in printed.splitlines() if line.startswith("SUBMITTED")).split()[1]


def ask(site: Site, query: str, upload_id: str) -> object:
    with site.database() as database:
        return database.execute(query, [upload_id]).fetchone()[0]


def status(site: Site, upload_id: str) -> object:
    return ask(site, "SELECT status FROM uploads_upload WHERE id = %s", upload_id)


def images(site: Site, upload_id: str) -> object:
    query = """
        SELECT count(*) FROM uploads_instance i
        JOIN uploads_series s ON s.id = i.series_id JOIN uploads_study t ON t.id = s.study_id
        WHERE t.upload_id = %s
    """
    return ask(site, query, upload_id)


def leases_run_out(site: Site) -> None:
    """As if a minute and a half had passed."""
    with site.database() as database:
        for table in ("uploads_upload", "uploads_uploadedfile"):
            database.execute(
                f"UPDATE {table} SET leased_until = now() - interval '1 second' "  # noqa: S608 — our own names
                "WHERE leased_until IS NOT NULL"
            )


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.2)


def test_an_upload_submitted_while_the_broker_is_down_is_accepted_when_it_is_back(private_site):
    private_site.kill("valkey")

    upload_id = submit(private_site)
    assert status(private_site, upload_id) == "submitted"
    private_site.start("valkey")

    # no message was ever sent: the sweep rings
    wait_until(lambda: status(private_site, upload_id) == "accepted", "acceptance")
    assert images(private_site, upload_id) == SLICES


def test_everything_killed_at_once_and_started_again_loses_nothing(private_site):
    upload_id = submit(private_site)
    wait_until(lambda: images(private_site, upload_id) != 0, "the first batch")

    everything = [name for name in private_site.children if name != "web"]
    private_site.kill("web", *everything)
    private_site.start(*[name for name in everything if name in SERVICES])
    wait_until_database(private_site)
    leases_run_out(private_site)
    private_site.start("web", *[name for name in everything if name not in SERVICES])

    wait_until(lambda: status(private_site, upload_id) == "accepted", "acceptance")
    assert images(private_site, upload_id) == SLICES


def wait_until_database(site: Site) -> None:
    def answers() -> bool:
        try:
            with site.database() as database:
                return database.execute("SELECT true").fetchone()[0]
        except psycopg.OperationalError:
            return False

    wait_until(answers, "the database's start", 30)
