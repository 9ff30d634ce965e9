"""The embedded services start, stop, and keep what they were given."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from bsti_db.devserver import seaweedfs
from bsti_db.devserver.application import process_environment
from bsti_db.devserver.environment import development_environment
from bsti_db.devserver.execute import temporary_folder
from bsti_db.devserver.folder import PROJECT, CannotStart, prepare, read_json, socket_folder
from bsti_db.devserver.services import running_services
from bsti_db.devserver.supervisor import ChildFailed, Program, check, start, stop


@pytest.fixture
def folder():
    with temporary_folder() as folder:
        yield folder


def devserver(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bsti_db.devserver", *arguments],
        cwd=PROJECT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_second_start_finds_everything_still_there(folder):
    with running_services(folder, site="http://127.0.0.1") as (first, children):
        with psycopg.connect(first["database"]["owner"]) as owner:
            owner.execute("CREATE TABLE kept (text text)")
            owner.execute("INSERT INTO kept VALUES ('row')")
        redis.Redis.from_url(first["broker"]).lpush("dicom", "message")
        put(first, "web", "quarantine", "kept", b"object")
        processes = [psutil.Process(child.process.pid) for child in children]

    assert not any(process.is_running() for process in processes)
    assert not (folder / "services.json").exists()

    with running_services(folder, site="http://127.0.0.1") as (second, _):
        with psycopg.connect(second["database"]["web"]) as web:
            assert web.execute("SELECT text FROM kept").fetchone() == ("row",)
        assert redis.Redis.from_url(second["broker"]).lrange("dicom", 0, -1) == [b"message"]
        assert get(second, "dicom", "quarantine", "kept") == b"object"


def test_services_that_the_environment_names_are_used_and_not_started(folder):
    second = folder / "second"
    second.mkdir()
    prepare(second, free_bytes=1)
    with running_services(folder, site="http://127.0.0.1") as (first, _):
        keys = read_json(folder / "secrets.json")["identities"]
        given = {
            "DATABASE_URL": first["database"]["superuser"],
            "BROKER_URL": first["broker"],
            "S3_ENDPOINT_URL": first["s3"]["endpoint_url"],
            **{f"S3_{name.upper()}_KEY": known["access_key"] for name, known in keys.items()},
            **{f"S3_{name.upper()}_SECRET": known["secret_key"] for name, known in keys.items()},
        }
        with running_services(second, site="http://127.0.0.1", given=given) as (places, children):
            assert children == []
            assert (places["broker"], places["s3"]) == (first["broker"], first["s3"])
            with psycopg.connect(places["database"]["worker"]) as worker:
                assert worker.execute("SELECT current_user").fetchone() == ("bsti_worker",)
        # what somebody else runs goes on running
        assert redis.Redis.from_url(first["broker"]).ping()


def test_a_given_store_without_its_keys_is_named_before_anything_starts(folder):
    given = {"S3_ENDPOINT_URL": "http://127.0.0.1:1", "S3_WEB_KEY": "web"}

    with (
        pytest.raises(CannotStart, match=r"S3_ADMINISTRATOR_KEY, .*S3_SEALER_SECRET"),
        running_services(folder, site="http://127.0.0.1", given=given),
    ):
        pass


def put(services, identity, bucket, key, body):
    client_of(services, identity).put_object(Bucket=bucket, Key=key, Body=body)


def get(services, identity, bucket, key):
    return client_of(services, identity).get_object(Bucket=bucket, Key=key)["Body"].read()


def client_of(services, identity):
    known = services["s3"]["identities"][identity]
    return seaweedfs.connect(
        services["s3"]["endpoint_url"], known["access_key"], known["secret_key"]
    )


def test_credentials_are_for_this_user_alone(folder):
    with running_services(folder, site="http://127.0.0.1"):
        for path in ("secrets.json", "services.json", "seaweedfs/s3.json", "valkey/valkey.conf"):
            assert (folder / path).stat().st_mode & 0o077 == 0, path


def test_every_service_listens_on_the_loopback_alone(folder):
    with running_services(folder, site="http://127.0.0.1") as (_, children):
        listening = [
            connection.laddr.ip
            for child in children
            for process in (child.process.pid,)
            for connection in psutil.Process(process).net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        ]

    assert set(listening) == {"127.0.0.1"}


def test_the_broker_refuses_who_has_no_password(folder):
    with running_services(folder, site="http://127.0.0.1") as (services, _):
        address = services["broker"].partition("@")[2]
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(f"redis://{address}").ping()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_or_killed_supervisor_leaves_no_process(how):
    command = [sys.executable, "-m", "bsti_db.devserver", "exec", "--"]
    show = "import os, time; print(os.environ['BSTI_DATA_DIR'], flush=True); time.sleep(600)"
    supervisor = subprocess.Popen(
        [*command, sys.executable, "-c", show],
        cwd=PROJECT,
        env={name: value for name, value in os.environ.items() if name != "BSTI_SERVICES"},
        stdout=subprocess.PIPE,
        text=True,
    )
    folder = Path(supervisor.stdout.readline().strip())
    family = psutil.Process(supervisor.pid).children(recursive=True)
    assert len(family) > 4

    supervisor.send_signal(how)
    supervisor.wait(20)

    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
    # what a kill leaves on the disk is removed by the next run
    with temporary_folder():
        assert not folder.exists()


def test_exec_gives_the_exit_code_of_its_command():
    check_code = "import os, sys; sys.exit(7 if os.environ['DATABASE_OWNER_URL'] else 1)"
    assert devserver("exec", "--", sys.executable, "-c", check_code).returncode == 7


# --- What stops a start -------------------------------------------------------


def test_a_port_in_use_is_one_sentence_and_exit_2(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = devserver("run", BSTI_DATA_DIR=f"{folder}/site", PORT=str(port))

    assert done.returncode == 2
    assert done.stderr.startswith(f"Port {port} is in use.")
    assert done.stderr.count("\n") == 1


def test_a_second_run_on_the_same_folder_is_one_sentence_and_exit_2(folder):
    # the fixture holds the folder, as a running site does
    done = devserver("run", BSTI_DATA_DIR=str(folder))

    assert done.returncode == 2
    assert done.stderr.startswith("The site is already running on the data folder")


def test_a_folder_that_cannot_be_written_is_one_sentence_and_exit_2(tmp_path):
    (tmp_path / "file").touch()

    done = devserver("run", BSTI_DATA_DIR=str(tmp_path / "file" / "var"))

    assert done.returncode == 2
    assert "cannot be written to" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_wrong_port_is_one_sentence_and_exit_2(folder):
    done = devserver("run", BSTI_DATA_DIR=f"{folder}/site", PORT="eight")

    assert done.returncode == 2
    assert done.stderr == "PORT=eight is not a port number from 1 to 65535.\n"


def test_a_full_disk_is_said_before_anything_starts(tmp_path):
    with pytest.raises(CannotStart, match="Free some space"):
        prepare(tmp_path / "var", free_bytes=10**18)


def test_a_socket_path_stays_short_for_any_data_folder(tmp_path):
    sockets = socket_folder(tmp_path / ("long" * 40))
    try:
        assert len(str(sockets / "postgresql" / ".s.PGSQL.5432.lock")) < 107
    finally:
        sockets.rmdir()


# --- Children -----------------------------------------------------------------


def program(folder: Path, text: str, **given) -> Program:
    return Program(
        name="The example",
        command=[sys.executable, "-c", text],
        environment=dict(os.environ),
        log=folder / "logs" / "example.log",
        folder=folder,
        **given,
    )


def test_a_child_that_dies_is_named_with_its_last_words(folder):
    child = start(program(folder, "print('no room'); raise SystemExit(3)"))
    child.process.wait()

    with pytest.raises(ChildFailed) as problem:
        check([child])

    assert str(problem.value).startswith("The example ended unexpectedly (exit 3)")
    assert "no room" in str(problem.value)


def test_a_child_that_ignores_its_signals_is_killed_with_its_own_children(folder):
    stubborn = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "print('started', flush=True); time.sleep(600)"
    )
    child = start(program(folder, stubborn, stop=((signal.SIGTERM, 0.3),)))
    while "started" not in child.program.log.read_text():
        time.sleep(0.05)
    family = psutil.Process(child.process.pid).children(recursive=True)

    stop([child])

    assert child.process.returncode == -signal.SIGKILL
    assert family
    assert psutil.wait_procs(family, timeout=5)[1] == []


def test_a_child_ends_on_its_signal_though_we_are_told_to_ignore_it(folder):
    # as a shell does to what it starts in the background
    before = signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    try:
        child = start(program(folder, "import time; time.sleep(600)"))
    finally:
        signal.signal(signal.SIGQUIT, before)

    child.process.send_signal(signal.SIGQUIT)

    assert child.process.wait(20) == -signal.SIGQUIT


# --- Who is given what --------------------------------------------------------


@pytest.fixture
def described(folder):
    """A data folder whose services are only written down, not run."""
    services = json.loads(Path(os.environ["BSTI_SERVICES"]).read_text())
    (folder / "services.json").write_text(json.dumps(services))
    return folder


@pytest.mark.parametrize(
    ("process", "given", "withheld"),
    [
        (
            "web",
            {"S3_WEB_KEY", "OTP_SEED_KEY", "PSEUDONYM_KEY_ID"},
            {"PSEUDONYM_KEYS", "PUBLIC_UID_KEY", "AUDIT_KEYS", "S3_DICOM_KEY", "S3_PUBLISHER_KEY"},
        ),
        ("dicom", {"S3_DICOM_KEY", "PSEUDONYM_KEYS"}, {"OTP_SEED_KEY", "S3_PUBLISHER_KEY"}),
        (
            "default",
            {"S3_PUBLISHER_KEY", "S3_JANITOR_KEY", "S3_SEALER_KEY", "PUBLIC_UID_KEY", "AUDIT_KEYS"},
            {"PSEUDONYM_KEYS", "OTP_SEED_KEY", "S3_DICOM_KEY", "S3_WEB_KEY"},
        ),
        ("beat", {"BROKER_URL"}, {"PSEUDONYM_KEYS", "S3_JANITOR_KEY", "OTP_SEED_KEY"}),
        ("migrate", {"DATABASE_OWNER_URL"}, {"DATABASE_URL", "S3_WEB_KEY"}),
    ],
)
def test_a_process_is_given_the_credentials_of_its_class_alone(
    described, process, given, withheld, monkeypatch
):
    monkeypatch.setenv("PSEUDONYM_KEYS", "of-the-shell")
    monkeypatch.setenv("OTP_SEED_KEY", "of-the-shell")

    environment = process_environment(process, described)

    assert given <= environment.keys()
    assert not withheld & environment.keys()
    assert "of-the-shell" not in environment.values()
    if process != "migrate":
        assert "DATABASE_OWNER_URL" not in environment


def test_web_and_worker_use_their_own_database_roles(described):
    assert "bsti_web:" in development_environment("web", described)["DATABASE_URL"]
    assert "bsti_worker:" in development_environment("dicom", described)["DATABASE_URL"]
    assert "bsti_worker:" in development_environment("default", described)["DATABASE_URL"]


def test_secrets_are_made_once_and_without_services_there_are_no_addresses():
    with tempfile.TemporaryDirectory() as empty:
        first = development_environment("manage", Path(empty))
        second = development_environment("manage", Path(empty))

    assert first == second
    assert len(bytes.fromhex(first["OTP_SEED_KEY"])) == 32
    assert not {"DATABASE_URL", "BROKER_URL", "S3_ENDPOINT_URL"} & first.keys()
