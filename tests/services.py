"""The services of a test run: started once by the controlling process, shared by its workers."""

import atexit
import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bsti_db.devserver import seaweedfs
from bsti_db.devserver.environment import BUCKETS
from bsti_db.devserver.execute import temporary_services
from bsti_db.devserver.folder import read_json

# the worker's name under pytest-xdist: gw0, gw1, …
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_number = 0 if WORKER == "main" else 1 + int(WORKER.removeprefix("gw"))

# Valkey's 64 databases: one for each of 16 workers, and three for the sites of each
_WORKERS = 16
BROKERS_OF_SITES = range(
    _WORKERS + 3 * (_number % _WORKERS), _WORKERS + 3 * (_number % _WORKERS) + 3
)


def prepare_environment() -> None:
    """Start the services unless they run, and give this worker buckets of its own.

    The settings of the tests call this before they read the environment. Everything ends with
    the process that started it.
    """
    if "BSTI_SERVICES" not in os.environ:
        services = ExitStack()
        os.environ |= services.enter_context(temporary_services())
        atexit.register(services.close)
    for bucket in BUCKETS:
        os.environ[f"S3_BUCKET_{bucket.upper()}"] = f"{bucket}-{WORKER}"
    os.environ["BROKER_URL"] = broker(_number % _WORKERS)
    endpoint_url, keys = store_of_tests()
    seaweedfs.make_buckets(
        seaweedfs.connect(endpoint_url, *keys), [f"{bucket}-{WORKER}" for bucket in BUCKETS]
    )


def services() -> dict[str, Any]:
    """The content of services.json of this test run."""
    return json.loads(Path(os.environ["BSTI_SERVICES"]).read_text())


def broker(number: int) -> str:
    """The address of one of the broker's databases."""
    return f"{services()['broker'].rpartition('/')[0]}/{number}"


def store_of_tests() -> tuple[str, tuple[str, str]]:
    """The S3 address, and the keys of the identity that may do everything."""
    secrets = read_json(Path(os.environ["BSTI_SERVICES"]).with_name("secrets.json"))
    administrator = secrets["identities"]["administrator"]
    keys = (administrator["access_key"], administrator["secret_key"])
    return services()["s3"]["endpoint_url"], keys
