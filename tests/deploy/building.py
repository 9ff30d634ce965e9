"""Runs the steps of the Dockerfile in a folder: without an engine, but with its own commands."""

import fnmatch
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from bsti_db.devserver.folder import PROJECT

DOCKERFILE = PROJECT / "deploy" / "Dockerfile"
_OURS = re.compile(r"(?<![\w.-])/(app|build|opt/venv)(?=[/\s:\"']|$)")


@dataclass
class Stage:
    """One stage: its root folder, and what it was told so far."""

    root: Path
    folder: str = "/"
    environment: dict[str, str] = field(default_factory=dict)


def instructions(text: str) -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined."""
    lines = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    joined = re.sub(r"\\\n\s*", "", lines)
    return [tuple(line.split(" ", 1)) for line in joined.splitlines() if line.strip()]


def make_context(target: Path) -> None:
    """Copy what `docker build` would be sent: what .dockerignore lets through."""
    lines = (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    allowed = [rule[1:] for rule in rules if rule.startswith("!")]
    ignored = [rule for rule in rules if rule != "*" and not rule.startswith("!")]
    for name in allowed:
        source = PROJECT / name
        destination = target / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        if source.is_file():
            shutil.copy2(source, destination)
        else:
            shutil.copytree(source, destination, ignore=_ignoring(ignored))


def _ignoring(rules: list[str]):
    def ignore(folder: str, names: list[str]) -> set[str]:
        inside = Path(folder).relative_to(PROJECT)
        return {
            name
            for name in names
            for rule in rules
            if fnmatch.fnmatch(str(inside / name), rule)
            or (rule.startswith("**/") and fnmatch.fnmatch(name, rule[3:]))
        }

    return ignore


def build(roots: Path, context: Path, path: str) -> Stage:
    """Run every stage below `roots`; gives the last. `path` finds python, node and npm."""
    stages: dict[str, Stage] = {}
    stage = Stage(roots)
    for word, rest in instructions(DOCKERFILE.read_text()):
        if word == "FROM":
            name = rest.rpartition(" AS ")[2] if " AS " in rest else "final"
            stage = stages[name] = Stage(roots / name, environment={"PATH": path})
            stage.root.mkdir(parents=True)
        elif word == "WORKDIR":
            stage.folder = rest
            _inside(stage, rest).mkdir(parents=True, exist_ok=True)
        elif word == "ENV":
            given = dict(pair.split("=", 1) for pair in shlex.split(rest))
            given["PATH"] = f"{stage.root}/opt/venv/bin:{path}" if "PATH" in given else path
            stage.environment |= given
        elif word == "COPY":
            _copy(stage, stages, context, rest)
        elif word == "RUN" and not rest.startswith("groupadd"):
            _run(stage, rest)
    return stage


def _inside(stage: Stage, path: str) -> Path:
    return stage.root / (path if path.startswith("/") else f"{stage.folder}/{path}").lstrip("/")


def _copy(stage: Stage, stages: dict[str, Stage], context: Path, rest: str) -> None:
    *sources, target = rest.split()
    origin, copy = context, shutil.copy2
    if sources[0].startswith("--from="):
        # thousands of files of a stage that is done: links are copies enough
        origin, copy = stages[sources.pop(0).removeprefix("--from=")].root, os.link
    for name in sources:
        source = origin / name.lstrip("/")
        destination = _inside(stage, target)
        destination.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(
                source, destination, dirs_exist_ok=True, symlinks=True, copy_function=copy
            )
        elif target.endswith("/"):
            destination.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, destination / source.name)
        else:
            shutil.copy2(source, destination)


def _run(stage: Stage, command: str) -> None:
    here = _OURS.sub(rf"{stage.root}/\1", command)
    done = subprocess.run(
        ["/bin/sh", "-euc", here],
        cwd=_inside(stage, stage.folder),
        env=_bare() | stage.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def _bare() -> dict[str, str]:
    """What an engine's build has: nothing of this machine but the way to the registries."""
    kept = re.compile(r"^(HOME|LANG|PIP_.*|NPM_.*|npm_.*|.*_proxy|.*_PROXY|SSL_.*|.*_CERTS?)$")
    return {name: value for name, value in os.environ.items() if kept.match(name)}
