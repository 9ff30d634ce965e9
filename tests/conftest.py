"""Fixtures of real services. `tests/settings.py` starts them when the settings are read."""

import importlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import redis
from django.apps import apps
from django.conf import settings
from django.db import connection
from pytest_django.plugin import blocking_manager_key

from bsti_db import celery_app
from bsti_db.devserver import seaweedfs
from bsti_db.devserver.services import free_ports
from tests.services import services as running_services
from tests.sites import (
    Site,
    migrated_database,
    places_of,
    site_on_own_services,
    site_on_shared_services,
    workers_on,
)

_SEEDS = (
    ("bsti_db.accounts.migrations.0002_organisations", "add"),
    ("bsti_db.accounts.migrations.0003_roles", "make_roles"),
    ("review.migrations.0002_vocabulary", "seed"),
    ("review.migrations.0006_frozen", "seed"),
    ("library.migrations.0005_synonyms", "seed"),
)


# a busy machine is no error of a test
hypothesis.settings.register_profile(
    "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")

# sites and browsers are waited for while other tests compute
_WAITING = frozenset({"deploy", "devserver", "faults", "frontend", "journeys"})


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a run on several processes, spread the files that wait over the first half."""
    if not hasattr(config, "workerinput"):
        return
    waiting: dict[Path, list[pytest.Item]] = {}
    computing: dict[Path, list[pytest.Item]] = {}
    for item in items:
        folder = item.path.relative_to(config.rootpath / "tests").parts[0]
        files = waiting if folder in _WAITING else computing
        files.setdefault(item.path, []).append(item)
    others = iter(computing.values())
    spread = [[file, *itertools.islice(others, 1)] for file in waiting.values()]
    items[:] = [item for files in (*spread, others) for file in files for item in file]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Put back what migrations put into tables, after a test whose end empties them all."""
    yield
    marker = item.get_closest_marker("django_db")
    is_emptied = marker is not None and marker.kwargs.get("transaction")
    is_emptied = is_emptied or "transactional_db" in getattr(item, "fixturenames", ())
    if not is_emptied or nextitem is None:
        return  # after the last test there is no database any more
    with item.config.stash[blocking_manager_key].unblock():
        for module, name in _SEEDS:
            getattr(importlib.import_module(module), name)(apps, None)
        connection.close()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The test database is a copy of one that is migrated already."""
    connection.settings_dict["TEST"]["TEMPLATE"] = migrated_database()


@pytest.fixture(scope="session")
def services() -> dict[str, Any]:
    """The addresses and credentials of the services, as in services.json."""
    return running_services()


@pytest.fixture(scope="session")
def s3(services) -> Callable[[str], Any]:
    """`s3("dicom")` is a boto3 client with one identity's keys.

    This worker's buckets are `settings.S3_BUCKETS["quarantine"]` and so on.
    """

    def client(identity: str) -> Any:
        known = services["s3"]["identities"][identity]
        return seaweedfs.connect(
            services["s3"]["endpoint_url"], known["access_key"], known["secret_key"]
        )

    return client


@pytest.fixture
def bucket() -> Callable[[str], str]:
    """`bucket("quarantine")` is the name of this worker's bucket."""
    return lambda name: settings.S3_BUCKETS[name]


@pytest.fixture(scope="module")
def live_site() -> Iterator[Site]:
    """A whole site on an empty, migrated database: web, both workers and the scheduler."""
    with site_on_shared_services() as site:
        yield site


@pytest.fixture
def private_site() -> Iterator[Site]:
    """A whole site with services of its own, so that a test may kill those too."""
    with site_on_own_services() as site:
        yield site


@pytest.fixture
def workers(transactional_db) -> Iterator[Site]:
    """Real worker processes on this test's own database, buckets and queue.

    Tasks are sent to them by the test's own process instead of running at once.
    """
    places = places_of(
        running_services(),
        database=connection.settings_dict["NAME"],
        buckets=settings.S3_BUCKETS,
        number=int(settings.CELERY_BROKER_URL.rpartition("/")[2]),
        port=free_ports(1)[0],
    )
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as queue:
        queue.flushdb()
    celery_app.conf.task_always_eager = False
    try:
        with workers_on(places) as site:
            yield site
    finally:
        celery_app.conf.task_always_eager = True
