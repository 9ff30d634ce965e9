"""The settings of the tests: the project's own, on real services started for them."""

# ruff: noqa: E402, F403, F405 — the services must run before the settings read the environment
import os

from tests.services import prepare_environment, store_of_tests

prepare_environment()

from bsti_db.settings import *

# --- Database ---------------------------------------------------------------
# The owner makes the test databases; only there may it empty the audit trail between tests.

DATABASES["default"] = env.db_url_config(
    os.environ["DATABASE_OWNER_URL"], engine="bsti_db.database"
)
DATABASES["default"]["OPTIONS"]["options"] = "-c bsti.tests_may_truncate=on"

# --- Storage ----------------------------------------------------------------
# One process plays every part here, so it holds the rights of all identities. What each may do
# is tested on its own keys (tests/devserver), and in journeys by real processes.

_endpoint_url, (_access_key, _secret_key) = store_of_tests()
for _alias, _storage in STORAGES.items():
    if "bucket_name" in _storage.get("OPTIONS", {}):
        _storage["OPTIONS"] |= {"access_key": _access_key, "secret_key": _secret_key}

# --- Tasks and people -------------------------------------------------------

CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# a password costs 0.1 s with the real one
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
