import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest
import yaml
from botocore.exceptions import BotoCoreError, ClientError

from bsti_db.devserver import seaweedfs
from bsti_db.devserver.folder import PROJECT, read_json
from bsti_db.devserver.services import free_ports

INIT = PROJECT / "deploy" / "init"
IDENTITIES = ("administrator", *seaweedfs.RIGHTS)
KEYS = {
    f"S3_{name.upper()}_{part}": f"{name}-{part.lower()}-0123456789"
    for name in IDENTITIES
    for part in ("KEY", "SECRET")
}


def run(script, *arguments, **environment):
    return subprocess.run(
        [sys.executable, str(INIT / script), *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_store_gets_the_rights_of_development_with_the_keys_of_production(tmp_path):
    done = run("store_access.py", str(tmp_path / "s3.json"), **KEYS)
    written = json.loads((tmp_path / "s3.json").read_text())

    assert done.returncode == 0, done.stderr
    assert {policy["name"] for policy in written["policies"]} == {*seaweedfs.RIGHTS, "anonymous"}
    keys = {
        identity["name"]: identity["credentials"][0]
        for identity in written["identities"]
        if "credentials" in identity
    }
    assert set(keys) == set(IDENTITIES)
    assert keys["dicom"]["secretKey"] == "dicom-secret-0123456789"


@pytest.mark.parametrize("script", ["store_access.py", "prepare.py"])
def test_a_missing_setting_ends_a_command_with_its_name(script, tmp_path):
    done = run(script, str(tmp_path / "s3.json"))

    assert done.returncode == 2
    assert "is missing" in done.stderr


def test_roles_database_and_buckets_are_prepared_and_may_be_again(services):
    address = urlsplit(services["database"]["superuser"])
    secrets = read_json(services_folder() / "secrets.json")
    administrator = secrets["identities"]["administrator"]
    environment = {
        "DATABASE_HOST": parse_qs(address.query)["host"][0],
        "DATABASE_SUPERUSER_PASSWORD": address.password,
        "S3_ENDPOINT_URL": services["s3"]["endpoint_url"],
        "S3_ADMINISTRATOR_KEY": administrator["access_key"],
        "S3_ADMINISTRATOR_SECRET": administrator["secret_key"],
        **{
            f"DATABASE_{role.upper()}_URL": f"postgres://bsti_{role}:{password}@database/bsti"
            for role, password in secrets["database_passwords"].items()
            if role != "superuser"
        },
    }

    for _ in range(2):
        done = run("prepare.py", **environment)
        assert done.returncode == 0, done.stderr

    with psycopg.connect(services["database"]["web"]) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("bsti_web",)
    s3 = seaweedfs.connect(
        services["s3"]["endpoint_url"], administrator["access_key"], administrator["secret_key"]
    )
    known = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    assert set(seaweedfs.BUCKETS) <= known


def services_folder():
    return Path(os.environ["BSTI_SERVICES"]).parent


@pytest.fixture
def store(tmp_path):
    """SeaweedFS started as docker-compose.yml says, on this machine's folders and ports."""
    run("store_access.py", str(tmp_path / "s3.json"), **KEYS)
    (tmp_path / "data").mkdir()
    (tmp_path / "master.toml").write_text(
        (PROJECT / "deploy" / "seaweedfs" / "master.toml").read_text()
    )
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    ports = dict(
        zip(
            [*seaweedfs.PORT_NAMES],
            free_ports(len(seaweedfs.PORT_NAMES)),
            strict=True,
        )
    )
    arguments = [
        argument.replace("/data", str(tmp_path / "data"))
        .replace("/access", str(tmp_path))
        .replace("/socket", str(tmp_path))
        for argument in compose["services"]["store"]["command"]
        if not argument.startswith("-s3.port=")
    ]
    arguments += [f"-{name}={port}" for name, port in ports.items()]
    process = subprocess.Popen(
        [seaweedfs._binary(), *arguments, "-master.electionTimeout=1s"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        stderr=open(tmp_path / "log", "w"),  # noqa: SIM115 — it is open as long as the store runs
    )
    try:
        yield process, ports["s3.port"]
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        for left in Path("/tmp").glob("seaweedfs-*.sock"):  # noqa: S108 — SeaweedFS chooses it
            if any(f"-{port}." in left.name for port in ports.values()):
                left.unlink(missing_ok=True)


def test_only_the_socket_leads_to_the_store_and_it_is_closed(store, tmp_path):
    process, port = store
    s3 = seaweedfs.connect(
        f"http://127.0.0.1:{port}", KEYS["S3_ADMINISTRATOR_KEY"], KEYS["S3_ADMINISTRATOR_SECRET"]
    )
    for _ in range(120):
        try:
            seaweedfs.make_buckets(s3)
            break
        except (BotoCoreError, ClientError):
            time.sleep(0.25)
    s3.put_object(Bucket="studies", Key="probe", Body=b"kept")
    addresses = {
        each.laddr.ip
        for each in psutil.Process(process.pid).net_connections(kind="inet")
        if each.status == psutil.CONN_LISTEN
    }
    with socket.socket(socket.AF_UNIX) as gateway:
        gateway.settimeout(5)
        gateway.connect(str(tmp_path / "s3.sock"))
        gateway.sendall(b"GET /studies/probe HTTP/1.1\r\nHost: store\r\n\r\n")
        answer = gateway.recv(4096)

    assert addresses == {"127.0.0.1"}
    assert answer.startswith(b"HTTP/1.1 403")
