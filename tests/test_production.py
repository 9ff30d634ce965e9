"""The settings as a server has them: no .env, every value from the environment."""

import json
import os
import subprocess
import sys

import pytest

from bsti_db import required
from bsti_db.devserver.folder import PROJECT

COMPLETE = {
    "DEVELOPMENT": "0",
    "BSTI_PROCESS": "web",
    "SECRET_KEY": "q4v7Lx0mZ2pRw9sT1yU3bN5cD8eF6gHjKaQoWiErTyUpSdFgHjKl",
    "OTP_SEED_KEY": "00112233445566778899aabbccddeeff" * 2,
    "ALLOWED_HOSTS": "db.example",
    "SITE_URL": "https://db.example",
    "BROKER_URL": "rediss://:secret@broker.example:6379/0",
    "DATABASE_URL": "postgres://web@database.example/bsti",
    "S3_ENDPOINT_URL": "https://store.example",
    "S3_WEB_KEY": "web",
    "S3_WEB_SECRET": "of-the-store",
}
DICOM = {
    "BSTI_PROCESS": "dicom",
    "PSEUDONYM_KEYS": "k1:" + "ab" * 32,
    "PSEUDONYM_KEY_ID": "k1",
    "S3_DICOM_KEY": "dicom",
    "S3_DICOM_SECRET": "of-the-store",
}
DEFAULT = {
    "BSTI_PROCESS": "default",
    "PUBLIC_UID_KEY": "cd" * 32,
    "S3_PUBLISHER_KEY": "publisher",
    "S3_PUBLISHER_SECRET": "of-the-store",
    "S3_JANITOR_KEY": "janitor",
    "S3_JANITOR_SECRET": "of-the-store",
    "AUDIT_KEYS": "k1:" + "ef" * 32,
    "S3_SEALER_KEY": "sealer",
    "S3_SEALER_SECRET": "of-the-store",
}
OF_CLASS = {"web": {}, "dicom": DICOM, "default": DEFAULT, "beat": {"BSTI_PROCESS": "beat"}}
SHOWN = (
    "SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE", "CSRF_COOKIE_HTTPONLY",
    "MESSAGE_STORAGE", "SECURE_HSTS_SECONDS", "DEBUG", "SESSION_COOKIE_DOMAIN",
    "SESSION_COOKIE_PATH",
)  # fmt: skip


def run(*command: str, without: str = "", **changed: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = kept | COMPLETE | changed
    environment.pop(without, None)
    return subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_checks_for_deployment_find_nothing():
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("process", "name"),
    [
        (process, name)
        for process, names in required.REQUIRED.items()
        if process in OF_CLASS
        for name in ("SECRET_KEY", *names)
    ],
)
def test_a_missing_secret_ends_the_process_with_its_name(process, name):
    done = run("-c", "import bsti_db.settings", without=name, **OF_CLASS[process])

    assert done.returncode == 2
    assert name in done.stderr


@pytest.mark.parametrize("process", OF_CLASS)
def test_a_process_starts_with_the_secrets_of_its_class_alone(process):
    done = run("-c", "import bsti_db.settings", **OF_CLASS[process])

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("rediss://broker.example:6379/0", "no password"),
        ("redis://:secret@broker.example:6379/0", "not encrypted"),
    ],
)
def test_a_broker_without_password_or_tls_is_refused(address, said):
    done = run("-c", "import bsti_db.settings", BROKER_URL=address)

    assert done.returncode == 2
    assert said in done.stderr
    assert "secret" not in done.stderr


def test_a_broker_without_tls_is_taken_where_the_network_is_said_to_be_private():
    private = {"BROKER_URL": "redis://:secret@broker:6379/0", "BROKER_NETWORK_IS_PRIVATE": "yes"}

    assert run("-c", "import bsti_db.settings", **private).returncode == 0


def test_a_worker_does_without_the_key_of_second_factors():
    done = run("-c", "import bsti_db.settings", without="OTP_SEED_KEY", **DICOM)

    assert done.returncode == 0, done.stderr


def test_cookies_are_bound_to_this_host_and_to_https():
    program = (
        "import json; from bsti_db import settings; "
        f"print(json.dumps({{n: getattr(settings, n, None) for n in {SHOWN!r}}}))"
    )

    found = json.loads(run("-c", program).stdout)

    assert found["SESSION_COOKIE_NAME"] == "__Host-session"
    assert found["CSRF_COOKIE_NAME"] == "__Host-csrf"
    assert found["SESSION_COOKIE_SECURE"]
    assert found["CSRF_COOKIE_SECURE"]
    assert found["SESSION_COOKIE_HTTPONLY"]
    assert found["CSRF_COOKIE_HTTPONLY"]
    # what the prefix asks for: no domain, the whole path
    assert found["SESSION_COOKIE_DOMAIN"] is None
    assert found["SESSION_COOKIE_PATH"] in (None, "/")
    # no cookie of messages beside them
    assert found["MESSAGE_STORAGE"].endswith("SessionStorage")
    assert found["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert found["DEBUG"] is False
