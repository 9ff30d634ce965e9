"""The sites that journeys and faults stand on."""

import time

from bsti_db.celery import app
from bsti_db.devserver.application import is_ready


def test_a_live_site_answers_on_a_database_of_its_own(live_site):
    assert is_ready(live_site.url)
    with live_site.database("web") as web:
        assert web.execute("SELECT current_database()").fetchone()[0].startswith("test_journey_")
    assert live_site.mails() == []


def test_a_process_of_a_live_site_is_killed_and_started_again(live_site):
    live_site.kill("web")
    assert not is_ready(live_site.url)

    live_site.start("web")
    live_site.wait_until_ready()


def test_a_private_site_survives_the_death_of_all_its_services(private_site):
    everything = tuple(private_site.children)
    private_site.kill(*everything)
    assert not is_ready(private_site.url)

    private_site.start(*everything)
    private_site.wait_until_ready()
    with private_site.database("web") as web:
        assert web.execute("SELECT count(*) FROM django_migrations").fetchone()[0] > 10


def test_workers_take_tasks_that_the_test_sends(workers):
    app.send_task("celery.backend_cleanup", queue="default")

    deadline = time.monotonic() + 60
    while "Task celery.backend_cleanup[" not in workers.logs():
        assert time.monotonic() < deadline
        time.sleep(0.1)
