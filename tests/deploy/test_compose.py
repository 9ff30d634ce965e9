import json
import re
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import jsonschema
import pytest
import yaml

from bsti_db.devserver import environment
from bsti_db.devserver.folder import PROJECT

OURS = {"web": "web", "dicom-worker": "dicom", "default-worker": "default", "beat": "beat"}
ONCE = {"store-access", "prepare", "migrate"}
SERVICES = {"nginx", "database", "broker", "store", "store-gateway"}
SECRET = re.compile(r"(_SECRET|_PASSWORD|_KEY|_KEYS|_TOKEN|^SECRET_KEY|_URL)$")


@lru_cache(maxsize=1)
def compose() -> dict:
    return yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))


def every_service():
    return pytest.mark.parametrize(
        ("name", "service"), compose()["services"].items(), ids=compose()["services"]
    )


def variables(text: str) -> list[str]:
    """What compose fills in: the inside of each `${…}`."""
    return re.findall(r"(?<!\$)\$\{([^}]*)\}", text)


def new_secrets() -> str:
    script = PROJECT / "deploy" / "init" / "new-secrets"
    return subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True
    ).stdout


def test_the_file_is_one_that_compose_reads():
    # the Compose Specification's own schema, which the linter's package carries
    carried = PROJECT / "viewer" / "node_modules" / "dclint" / "schemas" / "compose.schema.json"
    schema = json.loads(carried.read_text(encoding="utf-8"))

    problems = jsonschema.Draft7Validator(schema).iter_errors(compose())

    assert [(list(problem.path), problem.validator) for problem in problems] == []


def test_every_process_and_service_is_there():
    assert set(compose()["services"]) == {*OURS, *ONCE, *SERVICES}


def test_no_variable_has_a_default():
    text = (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")

    assert [name for name in variables(text) if not name.endswith(":?")] == []
    # the short form $NAME is empty without a word when it is not set
    assert re.findall(r"(?<!\$)\$(?![{$])\w+", text) == []


@every_service()
def test_every_secret_comes_from_the_environment(name, service):
    for key, value in service.get("environment", {}).items():
        # the address of a store without credentials in it is no secret
        if SECRET.search(key) and key not in ("SITE_URL", "S3_ENDPOINT_URL"):
            assert variables(str(value)), f"{name} has a fixed {key}"


@every_service()
def test_every_service_says_whether_it_is_healthy(name, service):
    check = service["healthcheck"]
    if name in ONCE:
        assert check == {"disable": True}
        assert service["restart"] == "no"
    else:
        assert check["test"][0] in ("CMD", "CMD-SHELL")
        assert check["interval"]
        assert check["timeout"]
        assert service["restart"] == "unless-stopped"


@every_service()
def test_no_service_has_more_rights_than_it_needs(name, service):
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    for forbidden in ("privileged", "network_mode", "pid", "ipc", "devices"):
        assert forbidden not in service
    # one, with nothing around it, hands root's new volumes to the store's user and ends
    is_first = name == "store-access"
    assert (service["user"] == "0:0") == is_first
    assert service.get("cap_add", []) == (["CHOWN", "DAC_OVERRIDE"] if is_first else [])
    assert not is_first or service["networks"] == ["nowhere"]


@every_service()
def test_every_service_has_limits(name, service):
    assert {"mem_limit", "cpus", "pids_limit"} <= set(service)


@every_service()
def test_every_image_is_pinned_to_a_full_version(name, service):
    _, _, tag = service["image"].rpartition(":")

    assert re.match(r"\d+\.\d+", tag)


def test_only_nginx_can_be_reached_from_outside():
    published = {name for name, service in compose()["services"].items() if service.get("ports")}

    assert published == {"nginx"}


def test_what_holds_patients_data_has_no_way_to_the_world():
    networks = compose()["networks"]
    for name in (
        "dicom-worker",
        "beat",
        "migrate",
        "prepare",
        "database",
        "broker",
        "store",
        "store-gateway",
    ):
        for network in compose()["services"][name]["networks"]:
            assert networks[network]["internal"] is True


@pytest.mark.parametrize(("service", "process"), OURS.items())
def test_each_process_holds_its_own_credentials_and_no_others(service, process):
    given = compose()["services"][service]["environment"]
    identities = environment._IDENTITIES.get(process, ())
    expected = {f"S3_{name.upper()}_{part}" for name in identities for part in ("KEY", "SECRET")}
    expected |= set(environment._SECRETS.get(process, ()))
    ours = environment.variable_names()
    shared = {
        "BROKER_URL",
        "S3_ENDPOINT_URL",
        "SITE_URL",
        "BSTI_PROCESS",
        "ALLOWED_HOSTS",
        "SECRET_KEY",
        "PSEUDONYM_KEY_ID",
        "DATABASE_URL",
    }

    assert set(given) & ours == expected | shared
    assert given["BSTI_PROCESS"] == process
    assert f"bsti_{environment._ROLES[process]}:" in given["DATABASE_URL"]


def test_the_database_logs_neither_statements_nor_the_rows_it_refused():
    command = compose()["services"]["database"]["command"]

    assert {"log_error_verbosity=terse", "log_min_error_statement=panic"} <= set(command)


def test_only_the_migration_holds_the_owner_of_the_database():
    holders = {
        name
        for name, service in compose()["services"].items()
        if "DATABASE_OWNER_URL" in service.get("environment", {})
    }

    # prepare makes the role itself
    assert holders == {"migrate", "prepare"}


def test_what_must_come_first_comes_first():
    services = compose()["services"]
    for name in OURS:
        assert services[name]["depends_on"]["migrate"] == {
            "condition": "service_completed_successfully"
        }
    for service in services.values():
        for other, how in service.get("depends_on", {}).items():
            is_once = how["condition"] == "service_completed_successfully"
            assert is_once == (other in ONCE)


def test_every_volume_network_and_file_named_exists():
    whole = compose()
    for service in whole["services"].values():
        assert set(service["networks"]) <= set(whole["networks"])
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            if source.startswith("./"):
                assert Path(PROJECT, source).is_file()
            elif not source.startswith("$"):
                assert source in whole["volumes"]


def test_new_secrets_names_everything_that_compose_asks_for():
    text = (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")
    asked = {name.removesuffix(":?") for name in variables(text)}
    given = dict(
        line.split("=", 1) for line in new_secrets().splitlines() if not line.startswith("#")
    )

    assert asked == set(given)


def test_new_secrets_are_new_each_time_and_fit_into_an_address():
    first, second = (set(new_secrets().splitlines()) for _ in range(2))
    for line in first:
        if "PASSWORD=" in line:
            assert re.fullmatch(r"\w+=[0-9a-f]{48}", line)
    same = {line.partition("=")[0] for line in first & second if not line.startswith("#")}

    assert same == {
        "SITE_HOST",
        "TLS_DIRECTORY",
        "EMAIL_URL",
        "DEFAULT_FROM_EMAIL",
        "PSEUDONYM_KEY_ID",
    }


def has_compose() -> bool:
    docker = shutil.which("docker")
    return (
        bool(docker)
        and not subprocess.run(
            [docker, "compose", "version"], capture_output=True, check=False
        ).returncode
    )


@pytest.mark.skipif(not has_compose(), reason="there is no docker compose to ask")
def test_docker_itself_understands_the_file(tmp_path):
    filled = re.sub(r"^(\w+)=$", r"\1=/tmp", new_secrets(), flags=re.MULTILINE)
    (tmp_path / "environment").write_text(filled)
    done = subprocess.run(
        [
            shutil.which("docker"),
            "compose",
            "--env-file",
            str(tmp_path / "environment"),
            "config",
            "--quiet",
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
