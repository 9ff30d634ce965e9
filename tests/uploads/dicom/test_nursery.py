"""Where guarded children are born: whatever dies, no child outlives who asked for it."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from tests.datasets import ct_slice, held_xray
from tests.uploads.dicom.children import children_at_work, nurseries_of
from tests.uploads.dicom.keys import KEYS, planted_in
from uploads.dicom import nursery
from uploads.dicom.batch import Item, Limits, Status, outcome_path, run_batch

SECRET = json.dumps(
    {
        "secret": KEYS.secret.hex(),
        "key_id": "k",
        "organisation_key": "o",
        "upload_key": "u",
    }
).encode()


@pytest.fixture
def folder(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    return work


@pytest.fixture
def item(tmp_path) -> Item:
    (tmp_path / "source").write_bytes(ct_slice())
    return Item("a", tmp_path / "source")


@pytest.fixture
def endless(tmp_path) -> Item:
    """A pipe that nobody writes to: reading it never ends."""
    os.mkfifo(tmp_path / "endless")
    return Item("endless", tmp_path / "endless")


def wait_until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_children_of_two_batches_have_one_nursery(folder, item, tmp_path):
    other = tmp_path / "other"
    other.mkdir()

    list(run_batch(folder, [item], pseudonyms=KEYS))
    (first,) = nurseries_of(os.getpid())
    list(run_batch(other, [item], pseudonyms=KEYS))

    assert nurseries_of(os.getpid()) == [first]
    wait_until(lambda: not first.children())


def test_a_killed_nursery_is_followed_by_another(folder, item):
    nursery.prepare()
    (before,) = nurseries_of(os.getpid())
    before.kill()

    (outcome,) = run_batch(folder, [item], pseudonyms=KEYS)

    assert outcome.status is Status.ACCEPTED
    (after,) = nurseries_of(os.getpid())
    assert after.pid != before.pid


def test_where_no_child_can_be_started_no_file_is_blamed(folder, item, monkeypatch):
    nursery.forget()
    monkeypatch.setattr(nursery, "_ROOT", folder)

    with pytest.raises(nursery.NoChild):
        list(run_batch(folder, [item], pseudonyms=KEYS))


def test_children_end_with_who_asked_for_them(folder, endless):
    script = f"""
from pathlib import Path
from uploads.dicom.batch import Item, run_batch
from uploads.dicom.deid.pseudonyms import Pseudonyms
keys = Pseudonyms(secret=bytes(32), key_id="k", organisation_key="o", upload_key="u")
list(run_batch(Path({str(folder)!r}), [Item("e", Path({str(endless.path)!r}))], pseudonyms=keys))
"""
    asker = subprocess.Popen([sys.executable, "-c", script], cwd=settings.BASE_DIR)
    wait_until(lambda: (folder / "working.json").exists())
    (loaded,), (born,) = nurseries_of(asker.pid), children_at_work(asker.pid)

    asker.kill()
    asker.wait()

    wait_until(lambda: not (loaded.is_running() or born.is_running()))


def test_a_child_inherits_nothing_but_its_own_ends(folder, endless):
    working = threading.Thread(
        target=lambda: list(run_batch(folder, [endless], pseudonyms=KEYS, limits=Limits(seconds=5)))
    )
    working.start()
    wait_until(lambda: (folder / "working.json").exists())
    (child,) = children_at_work()

    held = {os.readlink(entry) for entry in Path(f"/proc/{child.pid}/fd").iterdir()}
    told = set(child.environ())
    working.join()

    # its secret and its words are pipes, its errors go nowhere
    assert not [target for target in held if not target.startswith(("pipe:", "/dev/null"))]
    assert told == {
        *("PATH", "LANG", "PYTHONDONTWRITEBYTECODE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    }


def test_a_child_says_nothing_of_a_file_and_starts_without_the_web(folder, tmp_path):
    items = []
    for name, content in {"a": ct_slice(), "b": held_xray(), "c": ct_slice()[:5000]}.items():
        (tmp_path / f"{name}.source").write_bytes(content)
        items.append(Item(name, tmp_path / f"{name}.source"))
    list(run_batch(folder, items, pseudonyms=KEYS))
    for item in items:
        outcome_path(folder, item.id).unlink()

    said, errors = _told_and_imported(folder)

    assert set(said.split("\n")) == {
        *(f"{word} {item.id}" for word in ("started", "finished") for item in items),
        "",
    }
    assert "uploads.dicom.deid" in errors
    assert not planted_in(errors.encode())
    for package in ("django", "boto3", "celery", "psycopg"):
        assert package not in errors


def _told_and_imported(folder: Path) -> tuple[str, str]:
    """What a child writes, and all that its nursery and it import or write as errors."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-X", "importtime", "-m", "uploads.dicom.nursery"]
    with ours, theirs:
        started = subprocess.Popen(
            [*command, str(theirs.fileno())],
            cwd=settings.BASE_DIR,
            pass_fds=(theirs.fileno(),),
            stderr=subprocess.PIPE,
            text=True,
        )
        reads_secret, secret_end = os.pipe()
        output, writes_words = os.pipe()
        socket.send_fds(ours, [os.fsencode(folder)], [reads_secret, writes_words])
        os.write(secret_end, SECRET)
        for end in (reads_secret, secret_end, writes_words):
            os.close(end)
        with open(output) as words:
            said = words.read()
    return said, started.communicate(timeout=30)[1]
