"""Settings: one file, from the environment, production's values as defaults.

No secret has a default: what is forgotten fails closed, with its name.
"""

import os
from datetime import timedelta
from pathlib import Path

import environ
from botocore.config import Config
from celery.schedules import crontab

from bsti_db import required, static_headers

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# Only the git-ignored .env of `make setup` sets this: it is what marks a laptop.
DEVELOPMENT = env.bool("DEVELOPMENT", False)

# web | dicom | default | beat | migrate | manage: decides which credentials are read.
PROCESS = env.str("BSTI_PROCESS", "manage")

if DEVELOPMENT:
    from bsti_db.devserver.environment import development_environment

    for _name, _value in development_environment(PROCESS).items():
        os.environ.setdefault(_name, _value)


if not DEVELOPMENT:
    required.check(PROCESS)

# a process computes on one core: there are as many processes as cores, and more would wait
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

DEBUG = False
SECRET_KEY = required.secret("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
SITE_URL = env.str("SITE_URL", "https://localhost")

# --- Apps -------------------------------------------------------------------

INSTALLED_APPS = [
    "bsti_db.apps.ProjectConfig",
    "bsti_db.accounts.apps.AccountsConfig",
    "audit.apps.AuditConfig",
    "uploads.apps.UploadsConfig",
    "review.apps.ReviewConfig",
    "library.apps.LibraryConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "auditlog",
    "axes",
    "django_otp",
    "django_htmx",
    "csp",
    "storages",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "bsti_db.accounts.middleware.ActorMiddleware",
    "bsti_db.accounts.middleware.SessionLimitsMiddleware",
    "bsti_db.accounts.middleware.SignInRequiredMiddleware",
    "bsti_db.accounts.middleware.SecondFactorMiddleware",
    "bsti_db.accounts.middleware.RefusalMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "bsti_db.urls"
WSGI_APPLICATION = "bsti_db.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "bsti_db.context.page",
            ],
        },
    },
]
FORM_RENDERER = "bsti_db.forms.NhsFormRenderer"

# --- Database ---------------------------------------------------------------
# Three roles: the owner migrates, web and worker may not change the audit trail.

_database_variable = "DATABASE_OWNER_URL" if PROCESS == "migrate" else "DATABASE_URL"
_database_url = os.environ.get(_database_variable, "postgres:///bsti")
DATABASES = {"default": env.db_url_config(_database_url, engine="bsti_db.database")}
DATABASES["default"]["CONN_MAX_AGE"] = 60  # seconds
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

# --- Time and language ------------------------------------------------------

TIME_ZONE = "Europe/London"
LANGUAGE_CODE = "en-gb"
USE_I18N = False
FORMAT_MODULE_PATH = ["bsti_db.formats"]

# --- People -----------------------------------------------------------------

AUTH_USER_MODEL = "accounts.Member"
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "home"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "bsti_db.accounts.backends.MemberBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "bsti_db.accounts.passwords.ContextValidator"},
    {"NAME": "bsti_db.accounts.passwords.HistoryValidator", "OPTIONS": {"remembered": 12}},
]
PASSWORD_MAX_AGE_DAYS = env.int("PASSWORD_MAX_AGE_DAYS", 90)
PASSWORD_NOTICE_DAYS = [14, 7, 1]  # before its end, by mail; from the first on, on every page
# hexadecimal, 32 bytes; only web and manage.py read second factors
OTP_SEED_KEY = env.str("OTP_SEED_KEY", "")
OTP_TOTP_ISSUER = "BSTI COVID-19 imaging"
IDLE_TIMEOUT = timedelta(minutes=20)
ABSOLUTE_TIMEOUT = timedelta(hours=10)
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SESSION_ENGINE = "bsti_db.accounts.session_store"
SESSION_COOKIE_AGE = int(ABSOLUTE_TIMEOUT.total_seconds())

AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
# axes would look for the name of the model's field, "email", find none and count nobody
AXES_USERNAME_FORM_FIELD = "username"
AXES_CLIENT_IP_CALLABLE = "bsti_db.accounts.addresses.client_address"
# nothing typed into the page is kept or logged by axes: our trail and SignIn say what happened
AXES_SENSITIVE_PARAMETERS = ["username", "email", "password", "next", "csrfmiddlewaretoken"]
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# --- Audit ------------------------------------------------------------------

# The trail holds no content: record() is the one way in, so no model is tracked by itself.
AUDITLOG_INCLUDE_ALL_MODELS = False

# "id:seed" of the key that signs anchors, then "id:public key" of each that signed before
_audit_keys = [pair.partition(":") for pair in env.list("AUDIT_KEYS", default=[])]
_audit_keys = [(key_id, bytes.fromhex(value)) for key_id, _, value in _audit_keys]
AUDIT_SIGNING_KEY = _audit_keys[0] if _audit_keys else None
AUDIT_VERIFYING_KEYS = dict(_audit_keys[1:])

# The number of proxies whose X-Forwarded-For entry is believed (nginx in deploy/).
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)

# --- Security ---------------------------------------------------------------

SECURE_COOKIES = not DEVELOPMENT
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # asks for the redirect that nginx does
SECURE_HSTS_SECONDS = 0 if DEVELOPMENT else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEVELOPMENT
SECURE_HSTS_PRELOAD = not DEVELOPMENT
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# WebKit drops Secure cookies on http://127.0.0.1, so a laptop uses plain names.
SESSION_COOKIE_NAME = "__Host-session" if SECURE_COOKIES else "session"
SESSION_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# messages in a cookie of their own would be the one cookie without the prefix
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE_COOKIES else "csrf"
CSRF_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "bsti_db.views.csrf_failure"
if not DEVELOPMENT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "worker-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "manifest-src": ["'self'"],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 9 * 1024 * 1024  # bytes; one part of a file is at most 8 MiB
DATA_UPLOAD_MAX_NUMBER_FILES = 2_000

# --- Storage ----------------------------------------------------------------
# One S3 identity a process (decision 23); a bucket refuses what its identity may not do.

S3_ENDPOINT_URL = env.str("S3_ENDPOINT_URL", "")
S3_REGION = env.str("S3_REGION", "eu-west-2")
S3_BUCKETS = {
    name: env.str(f"S3_BUCKET_{name.upper()}", name)
    for name in ("quarantine", "previews", "studies", "public", "audit")
}
S3_IDENTITY = {"web": "web", "manage": "web", "migrate": "web", "dicom": "dicom"}.get(
    PROCESS, "publisher"
)
S3_ATTEMPTS = 2 if S3_IDENTITY == "web" else 3


# A take-down reaches shared caches within a minute; revalidating costs next to nothing.
PUBLIC_CACHING = "public, max-age=0, must-revalidate, s-maxage=60"


def bucket_storage(bucket: str, identity: str) -> dict:
    """The STORAGES entry of `bucket` as one identity sees it."""
    return {
        "BACKEND": "uploads.storage.BucketStorage",
        "OPTIONS": {
            "bucket_name": S3_BUCKETS[bucket],
            "access_key": env.str(f"S3_{identity.upper()}_KEY", ""),
            "secret_key": env.str(f"S3_{identity.upper()}_SECRET", ""),
            "endpoint_url": S3_ENDPOINT_URL,
            "region_name": S3_REGION,
            "default_acl": None,
            "querystring_auth": True,
            "object_parameters": {"CacheControl": PUBLIC_CACHING} if bucket == "public" else {},
            "client_config": Config(
                connect_timeout=3,  # seconds
                read_timeout=15,  # seconds
                retries={"mode": "standard", "total_max_attempts": S3_ATTEMPTS},
                s3={"addressing_style": "path"},
                signature_version="s3v4",
                max_pool_connections=32,
                tcp_keepalive=True,
            ),
        },
    }


STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
    **{
        bucket: bucket_storage(bucket, S3_IDENTITY)
        for bucket in ("quarantine", "previews", "studies", "public")
    },
    # what the sweeps and erasure use, in the default worker only
    **{
        f"janitor-{bucket}": bucket_storage(bucket, "janitor")
        for bucket in ("quarantine", "previews", "studies", "public")
    },
    "audit": bucket_storage("audit", "sealer"),
}

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static" / "collected"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEVELOPMENT
WHITENOISE_AUTOREFRESH = DEVELOPMENT
# names that change with the content, by Vite or by collectstatic
WHITENOISE_IMMUTABLE_FILE_TEST = r"/build/assets/|\.[0-9a-f]{12}\."
WHITENOISE_ADD_HEADERS_FUNCTION = static_headers.add_policy

# --- Pseudonyms -------------------------------------------------------------
# Only the dicom workers and `manage.py deidentify` hold the keys; ids are stored, keys never.

PSEUDONYM_KEYS = {
    key_id: bytes.fromhex(value)
    for key_id, _, value in (pair.partition(":") for pair in env.list("PSEUDONYM_KEYS", default=[]))
}
PSEUDONYM_KEY_ID = env.str("PSEUDONYM_KEY_ID", "")
PUBLIC_UID_KEY = bytes.fromhex(env.str("PUBLIC_UID_KEY", ""))

# --- Uploads ----------------------------------------------------------------

UPLOAD_MAX_FILES = 2_000
UPLOAD_MAX_BYTES = 2 * 1024**3
UPLOAD_PART_BYTES = 8 * 1024**2
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

# --- Workers ----------------------------------------------------------------
# A task is acknowledged when it ends, so a killed worker's task runs again:
# every task must be safe to run twice.

CELERY_BROKER_URL = env.str("BROKER_URL", "redis://127.0.0.1:1/0")
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# a process makes its client of the store first, on a machine that may be busy
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 30  # seconds
CELERY_TASK_TIME_LIMIT = 600  # seconds
CELERY_TASK_SOFT_TIME_LIMIT = 570  # seconds
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "uploads.tasks.process_upload": {"queue": "dicom"},
    "uploads.tasks.process_files": {"queue": "dicom"},
    "uploads.tasks.settle_upload": {"queue": "dicom"},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": int(CELERY_TASK_TIME_LIMIT * 1.1),  # seconds
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 10,
    "socket_timeout": 2 if PROCESS in ("web", "manage") else 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "retry_on_timeout": False,
}
# The database row is the queue of record: a broker that does not answer costs no request.
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "resume-stalled": {"task": "uploads.tasks.resume_stalled", "schedule": 30.0},
    "purge-quarantine": {"task": "uploads.tasks.purge_quarantine", "schedule": 300.0},
    "resume-publications": {"task": "library.tasks.resume_publications", "schedule": 30.0},
    "sweep-public": {"task": "library.tasks.sweep_public", "schedule": 60.0},
    "refresh-search": {"task": "library.tasks.refresh_search", "schedule": 60.0},
    "resume-question-mails": {
        "task": "review.tasks.resume_question_mails",
        "schedule": 300.0,
    },
    "tell-of-discussions": {"task": "review.tasks.tell_of_discussions", "schedule": 900.0},
    "resume-telling-curators": {
        "task": "review.tasks.resume_telling_curators",
        "schedule": 300.0,
    },
    "remind-readers": {"task": "review.tasks.remind_readers", "schedule": 3_600.0},
    "return-cases-of-closed-accounts": {
        "task": "review.tasks.return_cases_of_closed_accounts",
        "schedule": 300.0,
    },
    "send-renewal-notices": {
        "task": "bsti_db.accounts.tasks.send_renewal_notices",
        "schedule": 3_600.0,
    },
    "anchor-trail": {"task": "audit.tasks.anchor_trail", "schedule": crontab(minute="7")},
    "verify-trail": {
        "task": "audit.tasks.verify_trail",
        "schedule": crontab(minute="20", hour="3"),
    },
    "clear-expired": {"task": "bsti_db.accounts.tasks.clear_expired", "schedule": 86_400.0},
}
# A file's processing is leased for this long; a stale lease is taken over by the sweep.
UPLOAD_LEASE = timedelta(seconds=90)
UPLOAD_FILE_ATTEMPTS = 3
# what one child is given: a kill costs an attempt of each; its fork is cheap
UPLOAD_BATCH_FILES = 50
UPLOAD_BATCH_BYTES = 128 * 1024**2
WORK_DIR = env.str("WORK_DIR", "")  # where dicom workers unpack; empty: the system's own

# --- The panel --------------------------------------------------------------

READING_DUE = timedelta(days=14)  # from the day a case is given to its reader
READING_REMINDED_BEFORE = timedelta(days=3)  # that day; once more when it is past
# draws among equally loaded readers; changing it changes who is drawn, not how fairly
ASSIGNMENT_SEED = env.str("ASSIGNMENT_SEED", "2020")

REMARK_CHANGEABLE = timedelta(minutes=15)  # then others may have answered it, and mail goes out
DISCUSSION_MAIL_EVERY = timedelta(hours=20)  # one mail a day at most tells what was discussed

QUESTION_REMINDED_AFTER = timedelta(days=7)  # a submitter who has not answered the panel, once
# what the panel asks about an upload, for the upload's own page
PANEL_QUESTIONS = "bsti_db.questions.asked_about"

# what of the clinical context a reader is shown only when their reading is locked
READING_HIDES = env.list("READING_HIDES", default=["rt_pcr", "outcome"])
# nobody who has still to read a case sees in the trail what others do with it
TRAIL_VEIL = "bsti_db.veil.hidden_from"

# --- Mail -------------------------------------------------------------------

DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "no-reply@localhost")
if DEVELOPMENT:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = Path(env.str("BSTI_DATA_DIR", str(BASE_DIR / "var"))) / "mail"
else:
    vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))
EMAIL_TIMEOUT = 10  # seconds

# --- Logs -------------------------------------------------------------------
# One JSON object a line, so that no value can forge a line.

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "botocore": {"level": "WARNING"},
        "boto3": {"level": "WARNING"},
        "s3transfer": {"level": "WARNING"},
        "axes": {"level": "ERROR"},
    },
}

# --- Demonstration ----------------------------------------------------------

IS_DEMONSTRATION = DEVELOPMENT
