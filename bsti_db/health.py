"""Whether the services behind the site answer, within short limits."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError

from bsti_db.celery import app

_SECONDS = 1.5


def readiness() -> dict[str, bool]:
    """Which of database, broker and store answer now."""
    return {"database": _database(), "broker": _broker(), "store": _store()}


def queue_lengths() -> dict[str, int]:
    """How many messages wait in each queue; none when the broker does not answer."""
    return _asked(lambda client: {name: client.llen(name) for name in ("dicom", "default")}) or {}


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() == (1,)
    except DatabaseError:
        return False


def _broker() -> bool:
    return bool(_asked(lambda client: client.ping()))


def _asked(ask: Callable[[Any], Any]) -> Any:
    options = {"socket_timeout": _SECONDS, "socket_connect_timeout": _SECONDS}
    try:
        with app.connection_for_read(transport_options=options) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=_SECONDS)
            return ask(broker.default_channel.client)
    # the transport's own errors differ from broker to broker
    except (OSError, OperationalError, *app.connection_for_read().connection_errors):
        return None


def _store() -> bool:
    try:
        _client().head_bucket(Bucket=settings.S3_BUCKETS["studies"])
    except ClientError as problem:
        # refused: it answers, and knows this identity has nothing to list
        return problem.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    except (BotoCoreError, ValueError):
        return False
    return True


@lru_cache(maxsize=1)
def _client() -> Any:
    options = settings.STORAGES["studies"]["OPTIONS"]
    return boto3.client(
        "s3",
        endpoint_url=options["endpoint_url"] or None,
        region_name=options["region_name"],
        aws_access_key_id=options["access_key"] or "none",
        aws_secret_access_key=options["secret_key"] or "none",
        config=Config(
            connect_timeout=_SECONDS,
            read_timeout=_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 1},
            s3={"addressing_style": "path"},
        ),
    )
