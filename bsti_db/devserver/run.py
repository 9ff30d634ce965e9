"""`make run`: everything, in order, until Ctrl-C."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from bsti_db.devserver import application
from bsti_db.devserver.folder import PROJECT, CannotStart, data_folder, held, prepare, read_json
from bsti_db.devserver.left_overs import remember
from bsti_db.devserver.services import is_free, running_services
from bsti_db.devserver.supervisor import (
    Child,
    StopRequested,
    check,
    signals_stop,
    start,
    stop,
    wait_until,
)

_FREE_BYTES = 2_000_000_000


def run() -> int:
    """Start services, migrate, start the site, seed the demonstration, and watch until told."""
    folder, port = data_folder(), _port()
    _require_development()
    try:
        with signals_stop():
            prepare(folder, free_bytes=_FREE_BYTES)
            with held(folder):
                if not is_free(port):
                    raise CannotStart(
                        f"Port {port} is in use. Stop the program that uses it, "
                        f"or choose another port: PORT={port + 1} make run"
                    )
                _run(folder, port)
    except StopRequested:
        _say("Stopped.")
    return 0


def _run(folder: Path, port: int) -> None:
    site = f"http://127.0.0.1:{port}"
    ours: list[Child] = []

    def migrate() -> None:
        ours.append(start(application.manage(folder, "migrate", "--noinput")))

    _say("Starting PostgreSQL, Valkey and SeaweedFS, and migrating the database …")
    # the database is ready first, and is migrated while the store still starts
    with running_services(folder, site=site, given=os.environ, database_ready=migrate) as (
        _,
        services,
    ):
        try:
            application.wait_for_end(ours.pop(), services)
            _say("Starting the site, its workers and its scheduler …")
            ours.extend(start(program) for program in application.programs(folder, port))
            everything = [*services, *ours]
            remember(folder / "processes.json", everything)
            wait_until("The site", lambda: application.is_ready(site), everything, 90)
            _seed(folder, everything)
            _announce(folder, site)
            while True:
                check(everything)
                time.sleep(0.2)
        except StopRequested:
            _say("\nStopping …")
            raise
        finally:
            stop(ours)


def _seed(folder: Path, running: Sequence[Child]) -> None:
    """Make the demonstration, once in the life of the data folder."""
    made = folder / "demonstration-made"
    if made.exists():
        return
    _say("Making the demonstration, once: this takes a minute or two …")
    seeding = start(application.manage(folder, "seed_demo"))
    application.wait_for_end(seeding, running, shown=True)
    made.touch()


def _announce(folder: Path, site: str) -> None:
    _say(f"Ready: {site}/")
    for name, path in (("Library", "library"), ("Upload", "uploads"), ("Panel", "review")):
        _say(f"  {name:<9}{site}/{path}/")
    people = read_json(folder / "demo.json")
    if people:
        _say("\n  Demonstration sign-ins (e-mail, password, secret for the authenticator app):")
        for role, person in people.items():
            _say(f"    {role:<20}" + "  ".join(str(value) for value in person.values()))
    _say(f"\n  Mail is written to {folder / 'mail'}, logs to {folder / 'logs'}.")
    _say("  Ctrl-C stops everything; what is there stays.")


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise CannotStart(f"PORT={text} is not a port number from 1 to 65535.")
    return int(text)


def _require_development() -> None:
    if not (PROJECT / ".env").exists():
        raise CannotStart(
            "This machine is not marked for development: there is no .env. Run `make setup`."
        )


def _say(text: str) -> None:
    print(text, flush=True)
