"""Fixtures of real services. `tests/settings.py` starts them when the settings are read."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from bsti_db.devserver import seaweedfs
from tests.services import services as running_services


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
