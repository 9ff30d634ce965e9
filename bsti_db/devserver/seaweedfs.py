"""The embedded SeaweedFS: an S3 store with one identity for each process (decision 23)."""

import json
import shutil
import signal
import sys
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bsti_db.devserver.environment import BUCKETS
from bsti_db.devserver.folder import CannotStart, write_private
from bsti_db.devserver.supervisor import Program

REGION = "eu-west-2"
PORT_NAMES = (
    *("s3.port", "s3.port.grpc", "master.port", "master.port.grpc"),
    *("volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc"),
)
AUDIT_RETENTION_YEARS = 8

_READ = ("s3:GetObject",)
_READ_VERSIONS = ("s3:GetObject", "s3:GetObjectVersion")
# S3 has no right to add that is not also one to overwrite: the writers say If-None-Match: *
_ADD = ("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
_DELETE = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload")
_LIST = ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads")

# identity → bucket → actions: the table of decision 23
RIGHTS = {
    "web": {"quarantine": _ADD, "previews": _READ, "studies": _READ, "public": _READ},
    "dicom": {
        "quarantine": _READ + _DELETE,
        "previews": _ADD + _DELETE,
        "studies": _ADD + _DELETE,
    },
    "publisher": {"studies": _READ, "public": _ADD + _DELETE},
    "janitor": dict.fromkeys(("quarantine", "previews", "studies", "public"), _LIST + _DELETE),
    # a verifier sees every version: one that was replaced is no proof
    "sealer": {"audit": _ADD + _READ_VERSIONS + _LIST},
}

# so many volumes grow at once; the store's own default, 7 for each bucket, is for racks of disks
_MASTER = "[master.volume_growth]\ncopy_1 = 1\n"


@dataclass(frozen=True)
class Store:
    """Where the store's files, sockets and ports are, and who may do what."""

    folder: Path
    sockets: Path
    ports: dict[str, int]
    identities: dict[str, dict[str, str]]
    # then also for the buckets of test workers, quarantine-gw0 and so on
    for_tests: bool

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['s3.port']}"


@dataclass(frozen=True)
class Elsewhere:
    """A store that runs already, with the same identities."""

    endpoint_url: str
    identities: dict[str, dict[str, str]]


def program(store: Store, *, log: Path) -> Program:
    """Master, filer and S3 gateway in one process, on the loopback only."""
    (store.folder / "data").mkdir(parents=True, exist_ok=True)
    store.sockets.mkdir(exist_ok=True)
    (store.folder / "master.toml").write_text(_MASTER)
    write_private(store.folder / "s3.json", access(store))
    return _program(
        store,
        "SeaweedFS",
        log,
        *("server", f"-dir={store.folder / 'data'}", "-filer", "-s3", "-volume=false"),
        f"-s3.config={store.folder / 's3.json'}",
        *("-s3.iam=false", "-s3.autoCreateBucket=false", "-s3.encryptVolumeData"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0"),
        # the filer's own HTTP port serves and deletes every object without a password
        "-filer.disableHttp",
        *("-master.telemetry=false", "-master.electionTimeout=1s"),
        # small volumes, or a small disk holds two
        *("-master.heartbeatInterval=100ms", "-master.volumeSizeLimitMB=256"),
        *(f"-{name}={port}" for name, port in store.ports.items() if "volume" not in name),
    )


def volume_program(store: Store, *, log: Path) -> Program:
    """Where the bytes are.

    A process of its own, started when the master leads: one that asks too early asks again
    after five seconds.
    """
    return _program(
        store,
        "SeaweedFS's volume server",
        log,
        # as many volumes as the disk holds
        *("volume", f"-dir={store.folder / 'data'}", "-max=0"),
        # SeaweedFS's own way to write an address with both its ports
        f"-master=127.0.0.1:{store.ports['master.port']}.{store.ports['master.port.grpc']}",
        f"-port={store.ports['volume.port']}",
        f"-port.grpc={store.ports['volume.port.grpc']}",
    )


def _program(store: Store, name: str, log: Path, *arguments: str) -> Program:
    return Program(
        name=name,
        command=[
            *(_binary(), "-logtostderr=true", *arguments),
            *("-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
        ],
        environment={
            "PATH": "/usr/bin:/bin",
            "HOME": str(store.folder),
            "TMPDIR": str(store.sockets),
            "GOMEMLIMIT": "300MiB",
        },
        log=log,
        folder=store.folder,
        # on TERM alone it takes 15 seconds; what it has acknowledged is on disk
        stop=((signal.SIGTERM, 2),),
        orphaned=signal.SIGKILL,
    )


def leads(store: Store) -> bool:
    """Whether the master has been elected, by itself, and takes a volume server."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    address = f"http://127.0.0.1:{store.ports['master.port']}/cluster/status"
    try:
        with direct.open(address, timeout=2) as answer:
            return bool(json.load(answer).get("IsLeader"))
    except (OSError, ValueError):
        return False


def remove_sockets(store: Store | Elsewhere) -> None:
    """Remove what the store leaves in /tmp, wherever its temporary directory is."""
    if isinstance(store, Elsewhere):
        return
    for port in store.ports.values():
        for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108 — SeaweedFS chooses the place
            socket.unlink(missing_ok=True)


def client(store: Store | Elsewhere, identity: str) -> Any:
    """A boto3 client as one identity; `administrator` is the start-up's own."""
    known = store.identities[identity]
    return connect(store.endpoint_url, known["access_key"], known["secret_key"])


def connect(endpoint_url: str, access_key: str, secret_key: str) -> Any:
    """A boto3 client with short limits: everything is on this machine."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(
            connect_timeout=3,
            read_timeout=15,
            retries={"mode": "standard", "total_max_attempts": 1},
            s3={"addressing_style": "path"},
            signature_version="s3v4",
        ),
    )


def answers(store: Store | Elsewhere) -> bool:
    """Whether an object can be written and read: `/healthz` says yes some seconds too early."""
    s3 = client(store, "administrator")
    try:
        with suppress(s3.exceptions.BucketAlreadyExists, s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket="readiness")
        s3.put_object(Bucket="readiness", Key="probe", Body=b"ready")
        return s3.get_object(Bucket="readiness", Key="probe")["Body"].read() == b"ready"
    except (BotoCoreError, ClientError):
        return False


def make_buckets(s3: Any, buckets: Sequence[str] = BUCKETS) -> None:
    """Make those of `buckets` that do not exist yet; what begins with audit is locked.

    `s3` is a client of the administrator.
    """
    known = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    for bucket in buckets:
        if bucket in known:
            continue
        locked = bucket.startswith("audit")
        s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=locked)
        if locked:
            retention = {"Mode": "COMPLIANCE", "Years": AUDIT_RETENTION_YEARS}
            s3.put_object_lock_configuration(
                Bucket=bucket,
                ObjectLockConfiguration={
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {"DefaultRetention": retention},
                },
            )


def access(store: Store) -> dict[str, Any]:
    """The store's own configuration of identities and their rights."""
    names = ("", "-*") if store.for_tests else ("",)

    def identity(name: str, **rights: Any) -> dict[str, Any]:
        known = store.identities[name]
        keys = {"accessKey": known["access_key"], "secretKey": known["secret_key"]}
        return {"name": name, "credentials": [keys], **rights}

    return {
        "identities": [
            identity("administrator", actions=["Admin"]),
            *(identity(name, policyNames=[name]) for name in RIGHTS),
            # anybody may read a public object, and list nothing
            {"name": "anonymous", "policyNames": ["anonymous"]},
        ],
        "policies": [
            {"name": name, "content": json.dumps(_policy(rights, names))}
            for name, rights in {**RIGHTS, "anonymous": {"public": _READ}}.items()
        ],
    }


def _policy(rights: dict[str, tuple[str, ...]], names: Sequence[str]) -> dict[str, Any]:
    statements = []
    for bucket, actions in rights.items():
        for name in names:
            arn = f"arn:aws:s3:::{bucket}{name}"
            of_bucket = [action for action in actions if action in _LIST]
            of_objects = [action for action in actions if action not in _LIST]
            statements += [
                {"Effect": "Allow", "Action": chosen, "Resource": resource}
                for chosen, resource in ((of_bucket, arn), (of_objects, f"{arn}/*"))
                if chosen
            ]
    return {"Version": "2012-10-17", "Statement": statements}


def _binary() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if not found:
        raise CannotStart("SeaweedFS's package is missing. Run `make setup`.")
    return found
