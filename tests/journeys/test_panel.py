"""The panel at work in several browsers at once, by keys alone: to publication, or set aside."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from bsti_db.accounts.models import Member
from library.models import Edition
from review.models import Case, Seat
from tests.factories import member
from tests.journeys import keys
from tests.journeys.accessibility import check_page
from tests.library import making as library_making
from tests.review import making
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

Opened = Callable[[Member | None], Page]


@pytest.fixture
def opened(browser: Browser, live_server) -> Iterator[Opened]:
    """A browser of its own for each person; all stay open at once."""
    contexts = []

    def open_for(person: Member | None) -> Page:
        context = browser.new_context(base_url=live_server.url)
        contexts.append(context)
        client = sign_in(Client(), person) if person else Client()
        for name, morsel in client.cookies.items():
            context.add_cookies([{"name": name, "value": morsel.value, "url": live_server.url}])
        return context.new_page()

    yield open_for
    for context in contexts:
        context.close()


def case_of(*readers: Member) -> Case:
    """A case with images in the store, given to these readers."""
    upload = making.accepted_upload(slices=3)
    library_making._store(upload.studies.get().series.get())
    case = making.open_case(upload)
    for reader in readers:
        making.assigned(case, reader)
    # the chairs who gave it, so that they are not drawn
    Member.objects.filter(groups__name="chair").update(is_active=False)
    return case


def go_to_case(page: Page, case: Case) -> None:
    page.goto(reverse("review:worklist"))
    keys.activate(page, page.get_by_role("link", name=f"Case {case.number}", exact=True))
    page.wait_for_url(f"**{reverse('review:case', args=[case.number])}**")


def read(page: Page, *, include: str) -> None:
    """A whole reading of a case on screen, without a pointer."""
    category = page.locator("form[data-reading] [name^='category_']").first
    study = (category.get_attribute("name") or "").partition("_")[2]
    keys.choose(page, f"category_{study}", category.get_attribute("value") or "")
    keys.choose(page, f"severity_{study}", "2")
    keys.choose(page, "include", include)
    if include == "yes":
        keys.choose(page, "teaching_value", "4")
    keys.activate(page, page.get_by_role("button", name="Submit reading"))
    expect(page.get_by_role("button", name="Submit reading")).to_have_count(0)


@pytest.mark.timeout(600)
def test_two_readers_and_an_adjudicator_take_a_discordant_case_to_the_public_by_keys_alone(
    opened: Opened,
) -> None:
    readers = [making.panellist(), making.panellist()]
    case, adjudicator = case_of(*readers), making.panellist()
    first, second, third = (opened(each) for each in (*readers, adjudicator))

    # all three have the panel open before anybody has read
    go_to_case(first, case)
    go_to_case(second, case)
    third.goto(reverse("review:worklist"))
    expect(third.get_by_role("link", name=f"Case {case.number}", exact=True)).to_have_count(0)
    read(first, include="yes")
    read(second, include="no")
    case.refresh_from_db()
    assert case.status == Case.Status.DISCORDANT

    # the rule draws the only one left who may decide it
    assert case.assignments.get(seat=Seat.ADJUDICATOR).member == adjudicator
    third.goto(reverse("review:worklist"))
    keys.activate(third, third.get_by_role("link", name="To adjudicate (1)"))
    keys.activate(third, third.get_by_role("link", name=f"Case {case.number}", exact=True))
    for letter in ("A", "B"):
        expect(third.get_by_text(f"Reader {letter}").first).to_be_visible()
    for reader in readers:
        assert reader.name not in third.content()
    check_page(third, "case-to-adjudicate")
    keys.choose(third, "decision-outcome", "accepted")
    keys.tab_to(third, third.locator("[name='decision-teaching_value']"))
    third.keyboard.press("4")
    keys.write(third, third.locator("[name='decision-reason']"), "Typical under the pleura.")
    keys.activate(third, third.get_by_role("button", name="Settle the case"))
    expect(third.get_by_text(f"Case {case.number} is accepted.")).to_be_visible()

    write_up(opened(library_making.editor()))
    publish(opened(library_making.publisher()))

    anybody = opened(None)
    anybody.goto(reverse("library:cases"))
    keys.activate(anybody, anybody.get_by_role("link", name="Ground-glass opacity").first)
    expect(anybody.get_by_role("heading", level=1)).to_contain_text("Ground-glass opacity")
    assert Edition.objects.public().get().teaching_case.case == case


def write_up(page: Page) -> None:
    page.goto(reverse("library:desk"))
    keys.activate(page, page.get_by_role("button", name=re.compile("^Write up case")))
    page.wait_for_url(re.compile(r"/library/desk/\d+/$"))
    keys.write(page, page.get_by_label("Title", exact=True), "Ground-glass opacity")
    keys.write(page, page.get_by_label("Summary"), "Patches under the pleura.")
    point = page.locator("[data-point]").first
    keys.write(page, point.get_by_label("Teaching point"), "Look here.")
    keys.activate(page, point.get_by_role("button", name=re.compile("Use the image on screen")))
    keys.activate(page, page.get_by_role("button", name="Save and propose"))
    page.wait_for_url(re.compile("/library/desk/(#|$)"))


def publish(page: Page) -> None:
    page.goto(reverse("library:desk"))
    keys.activate(page, page.get_by_role("link", name=re.compile("^Teaching case")).first)
    button = page.get_by_role("button", name="Publish", exact=True)
    expect(button).to_be_visible()
    for box in page.locator("form[action$='/publish/'] input[type=checkbox]").all():
        keys.activate(page, box, "Space")
        expect(box).to_be_checked()
    keys.activate(page, button)
    expect(page.get_by_text("copied").first).to_be_visible()


def test_a_reader_reports_a_name_in_the_image_and_it_leaves_every_page(opened: Opened) -> None:
    reader, other = making.panellist(), making.panellist()
    case = case_of(reader, other)
    study = case.case_studies.get().study
    images = reverse("review:dicom-web", args=[f"studies/{study.study_instance_uid}/series"])
    first, second = opened(reader), opened(other)
    for page in (first, second):
        go_to_case(page, case)
    assert second.request.get(images).status == 200

    keys.activate(first, first.locator("summary", has_text="I can see who this is"))
    keys.choose(first, "set-aside-reason", "text_in_image")
    where = first.locator("[name='set-aside-where']")
    keys.write(first, where, "Series 1, image 2")
    check_page(first, "case-set-aside-form")
    keys.activate(first, first.get_by_role("button", name="Set aside now"))
    expect(first.get_by_text(f"Case {case.number} is set aside.")).to_be_visible()

    # the other reader, whose page was open, gets neither the case nor an image of it
    assert second.request.get(images).status == 404
    second.reload()
    expect(second.get_by_role("heading", level=1)).to_contain_text("not found", ignore_case=True)
    second.goto(reverse("review:worklist"))
    expect(second.get_by_role("link", name=f"Case {case.number}", exact=True)).to_have_count(0)

    curator = opened(member(("curator",)))
    curator.goto("/")
    keys.activate(curator, curator.get_by_role("link", name=re.compile("set aside")))
    expect(curator.get_by_text("Set aside by the panel")).to_be_visible()
    expect(curator.get_by_text("Series 1, image 2")).to_be_visible()
    expect(curator.get_by_text(study.upload.reference)).to_be_visible()
    check_page(curator, "held-set-aside")
