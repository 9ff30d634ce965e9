"""A reader who has still to read learns nothing of the other: neither what, nor that, nor when."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from bsti_db import celery_app
from bsti_db.accounts.models import Member
from review import services
from review.models import Case, Finding, FindingCode
from tests.factories import member
from tests.library import making as library_making
from tests.review import making
from tests.signing_in import sign_in
from uploads.addresses import short_uid

pytestmark = pytest.mark.django_db

CANARY = "CANARY of the other reader"
EVERY_ROLE = ("panellist", "chair", "auditor", "editor", "publisher", "curator", "administrator")
# what changes at each look, whoever does what: tokens of forms and policies
_TOKENS = re.compile(
    r'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": ?"\w+"|nonce-[\w+/=]+|data-csrf="\w+"'
)
# when a page that is kept nowhere was answered
_TIMED = ("Date", "Expires")
# one's own looks are in them, so they are compared by their rows
_OF_ONES_OWN_LOOKS = ("audit:", "accounts:activity", "accounts:sessions")
# signing out would end the walk
_PAGES_OF_ACTS = ("audit:trail", "accounts:activity")
NOT_WALKED = {"accounts:sign-out", "live", "ready"}
WITH_TIME_OF_MAKING = "docx"


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """It stands still while somebody looks around: pages that show the time differ in nothing."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture
def reader(client) -> Member:
    """Somebody with every role at once, who has a case to read."""
    reader = member(EVERY_ROLE)
    sign_in(client, reader)
    return reader


@pytest.fixture
def case(reader) -> Case:
    upload = making.accepted_upload(slices=2)
    case = making.given_case(reader, upload)
    library_making._store(upload.studies.get().series.get())
    making.decided_case()
    return case


def patterns(
    resolver: URLResolver, prefix: str = "", above: dict[str, Any] | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of every address below, with the converters of its parts."""
    for each in resolver.url_patterns:
        converters = (above or {}) | each.pattern.converters
        if isinstance(each, URLResolver):
            space = f"{each.namespace}:" if each.namespace else ""
            yield from patterns(each, prefix + space, converters)
        elif isinstance(each, URLPattern) and each.name:
            yield prefix + each.name, converters


def addresses(case: Case) -> dict[str, str]:
    """Every address of the site, about this case where it is about a case."""
    study = case.case_studies.get().study
    series = study.series.get()
    of_series = f"studies/{study.study_instance_uid}/series/{series.series_instance_uid}"
    found = {}
    for name, converters in patterns(get_resolver()):
        filled = {
            key: {"uuid": study.upload_id, "int": case.number}.get(_kind(converter), "x")
            for key, converter in converters.items()
        }
        if name == "review:dicom-web":
            filled["resource"] = f"{of_series}/metadata"
        found[name] = reverse(name, kwargs=filled)
    image = f"{of_series}/instances/{series.instances.first().sop_instance_uid}"
    for resource in (
        "studies",
        f"studies/{study.study_instance_uid}/series",
        f"{of_series}/instances",
        image,
        f"{image}/metadata",
        f"{image}/frames/1",
        f"{image}/rendered",
        f"{of_series}/instances/1.2.3/metadata",
    ):
        found[f"DICOMweb {resource}"] = reverse("review:dicom-web", args=[resource])
    for show in ("to-read", "to-adjudicate", "mine", "settled", "to-open", "open", "discordant"):
        found[f"worklist {show}"] = f"{reverse('review:worklist')}?show={show}"
    return {
        name: address
        for name, address in found.items()
        if name not in NOT_WALKED and not name.endswith(WITH_TIME_OF_MAKING)
    }


def _kind(converter: Any) -> str:
    return type(converter).__name__.removesuffix("Converter").lower()


def words(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    head = [f"{name}: {value}" for name, value in answer.items() if name not in _TIMED]
    return _TOKENS.sub("", "\n".join([str(answer.status_code), *head, body.decode("latin-1")]))


def answered_to_empty_forms(client, case: Case) -> dict[str, str]:
    """What every address says to a form without fields. Nothing that it does stays."""
    found = {}
    for name, address in addresses(case).items():
        cookies = client.cookies.copy()
        with transaction.atomic():
            answer = client.post(address, follow=True)
            transaction.set_rollback(True)
        client.cookies = cookies
        ends_with_own_looks = answer.resolver_match and answer.resolver_match.view_name
        if not (ends_with_own_looks or name).startswith(_OF_ONES_OWN_LOOKS):
            found[f"empty form to {name}"] = words(answer)
    return found


def mails_to(reader: Member) -> int:
    """How many mails a member has, when all that is due at the panel's was sent."""
    for row in settings.CELERY_BEAT_SCHEDULE.values():
        if row["task"].startswith("review."):
            celery_app.tasks[row["task"]].apply(throw=True)
    return sum(reader.email in each.to for each in mail.outbox)


def seen(client, case: Case, reader: Member) -> dict[str, str]:
    """All that the reader can get to see, of every address, and of every act that is refused."""
    found = {}
    for name, address in addresses(case).items():
        answer = client.get(address)
        if name.startswith(_OF_ONES_OWN_LOOKS):
            continue
        found[name] = words(answer)
        if name.startswith("review:"):
            found[f"fragment {name}"] = words(client.get(address, headers={"HX-Request": "true"}))
    found |= answered_to_empty_forms(client, case)
    number = case.number
    seat = case.assignments.exclude(member=reader).first().pk
    refused = {
        "decide": {"decision-outcome": "declined", "decision-reason": "x"},
        "adjudicate": {"decision-outcome": "declined", "decision-reason": "x"},
        "take-back": {"take-back-assignment": seat, "take-back-reason": "x"},
        "assign": {"assign-member": making_spare().pk},
        "hand-back": {},
        "submit": {"version": "0"},
        "save-draft": {"version": "7"},
        "addendum": {"addendum-text": "x"},
        "reopen": {},
        "set-aside": {},
    }
    for act, form in refused.items():
        answer = client.post(reverse(f"review:{act}", args=[number]), form, follow=True)
        found[f"refused {act}"] = words(answer)
    answer = client.post(reverse("review:open"), {"patient": case.patient_id}, follow=True)
    found["refused open"] = words(answer)
    return found


def placed_canary(case: Case) -> dict[int, services.StudyAnswer]:
    """A finding of the other reader on an image, of a code that no list offers."""
    study = case.case_studies.get().study
    image = study.series.get().instances.first()
    place = services.Placement(
        f"{short_uid(image.sop_instance_uid)}-1", "arrow", ((0.5, 0.75), (2.25, 3.0))
    )
    # not the canary's words: an administrator sees every code there is, chosen or not
    code = FindingCode.objects.create(kind="finding", meaning="Odd sign", is_active=False)
    found = services.CodedFinding(code, placement=place)
    return {study.pk: services.StudyAnswer(making.category(case), 2, findings=(found,))}


def making_spare() -> Member:
    return Member.objects.get_or_create(
        email="spare@example.test", defaults={"name": "Spare", "is_active": False}
    )[0]


def rows_of_pages(client, address: str) -> list[dict[str, Any]]:
    """All rows of a list that has pages: one's own acts push others' off the first."""
    first = client.get(address).context
    rest = range(2, first["page"].paginator.num_pages + 1)
    pages = [first, *(client.get(address, {"page": number}).context for number in rest)]
    return [row for page in pages for row in page["rows"]]


def of_others_in_the_trail(client, reader: Member) -> list[tuple[str, str, str]]:
    export = client.get(reverse("audit:export"))
    lines = b"".join(export.streaming_content).decode().splitlines()[1:]
    trail, own = (rows_of_pages(client, reverse(name)) for name in _PAGES_OF_ACTS)
    rows = [(row["verb"], row["actor_key"], row["subject_key"]) for row in trail]
    rows += [(row["words"], str(row["who"].pk), row["subject"]) for row in own if row["who"]]
    exported = [tuple(line.split(",")[i] for i in (1, 3, 5)) for line in lines if "," in line]
    return [row for row in rows + exported if row[1] != str(reader.pk)]


def test_nothing_of_anothers_reading_reaches_who_has_still_to_read(client, reader, case, clock):
    other = making.assigned(case, making.panellist()).assignments.last().member
    making.accepted_upload(case.patient)  # it waits to join the case
    making_spare()
    said = {"comment": CANARY, "studies": placed_canary(case)}
    before, trail = seen(client, case, reader), of_others_in_the_trail(client, reader)
    mails, now = mails_to(reader), timezone.now()

    # a time of its own, so that it would be seen
    clock.shift(timedelta(minutes=17))
    services.save_draft(
        case=case,
        actor=making.actor(other),
        version=0,
        answers=making.answers(case, **said),
        at=timezone.now(),
    )
    assert Finding.objects.exclude(instance=None).get().reading.reader == other
    services.submit_reading(
        case=case,
        actor=making.actor(other),
        version=1,
        answers=making.answers(case, include=False, **said),
        at=timezone.now(),
    )
    services.add_addendum(
        reading=case.readings.get(), actor=making.actor(other), text=CANARY, at=timezone.now()
    )
    services.record_opening(
        studies=[case.case_studies.get().study],
        actor=making.actor(other),
        sitting="other",
        at=timezone.now(),
    )

    clock.move_to(now)
    after = seen(client, case, reader)
    for name in before:
        assert after[name] == before[name], name
        assert CANARY not in after[name]
    assert of_others_in_the_trail(client, reader) == trail
    assert mails_to(reader) == mails


def test_the_walk_meets_the_case_and_would_find_the_other_reading(client, reader, case):
    """The same walk by a chair who has nothing left to read does find it."""
    other = making.assigned(case, making.panellist()).assignments.last().member
    making_spare()
    sign_in(client, watcher := member(EVERY_ROLE))
    before = seen(client, case, watcher)
    trail = of_others_in_the_trail(client, watcher)

    making.submitted_reading(case, other, include=False, studies=placed_canary(case))

    after = seen(client, case, watcher)
    assert after["review:case"] != before["review:case"]
    assert after["refused take-back"] != before["refused take-back"]
    assert len(of_others_in_the_trail(client, watcher)) > len(trail)


def test_rt_pcr_and_outcome_are_shown_when_the_reading_is_locked(client, reader, case):
    address = reverse("review:case", args=[case.number])
    page = client.get(address).content.decode()
    assert page.count("Shown when your reading is locked") == 2
    assert "Positive" not in page
    assert "Discharged" not in page

    making.submitted_reading(case, reader)

    page = client.get(address).content.decode()
    assert "Shown when your reading is locked" not in page
    assert "Positive" in page
    assert "Discharged" in page


def test_the_settings_say_what_is_hidden(client, reader, case, settings):
    settings.READING_HIDES = ["outcome"]

    page = client.get(reverse("review:case", args=[case.number])).content.decode()

    assert "Positive" in page
    assert "Discharged" not in page
