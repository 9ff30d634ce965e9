"""What an edition says beside its teaching points: written, screened, dated, compared."""

import json
from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from audit.lifecycles import IllegalMove
from library import completeness, differences, schedule, services, tasks
from library.lifecycle import EditionStatus
from library.models import Edition
from tests.library import making
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db
NOW = timezone.now()
TODAY = timezone.localdate()
PROSE = services.Prose(
    key_points="- Look at the *bases*",
    differential="Organising pneumonia. See [these septa](#image=1/2&window=lung).",
    discussion="The pattern spreads from below.",
    references="A study. doi:10.1148/ryct.2020200152",
)


def save(edition, *, prose=PROSE, points=None):
    series = services.series_of(edition.teaching_case.case)
    point = services.PointDraft(
        "Look here.", series[0].instances.all()[1], 1, "lung", alt_text="Septa in a lobe"
    )
    services.save_draft(
        edition=edition,
        version=edition.version,
        title=edition.title,
        summary=edition.summary,
        series=series,
        points=[point] if points is None else points,
        prose=prose,
        actor=Actor.of_member(edition.author),
        at=NOW,
    )
    return edition


def written():
    return save(making.draft())


def page_of(client, edition, name="case", *more):
    case = edition.teaching_case
    return client.get(reverse(f"library:{name}", args=[case.number, case.slug, *more]))


def test_the_public_page_shows_each_part_and_links_to_image_and_reference(client):
    edition = making.publish(written())

    page = page_of(client, edition).content.decode()

    assert "<li>Look at the <em>bases</em></li>" in page
    assert '<a href="#image=1/2&amp;window=lung" rel="noopener noreferrer">these septa</a>' in page
    assert "https://doi.org/10.1148/ryct.2020200152" in page
    assert "The image: Septa in a lobe" in page


def test_the_json_of_a_case_says_the_same(client):
    edition = making.publish(written())

    said = json.loads(page_of(client, edition, "case-json", edition.number).content)

    assert said["discussion"] == PROSE.discussion
    assert said["references"] == [
        {"text": "A study.", "urls": ["https://doi.org/10.1148/ryct.2020200152"]}
    ]
    assert said["teaching_points"][0]["alt_text"] == "Septa in a lobe"


def test_an_editor_writes_all_of_it_in_the_form(client):
    edition = making.draft()
    client = sign_in(client, edition.author)
    series = services.series_of(edition.teaching_case.case)

    answer = client.post(
        reverse("library:edit", args=[edition.pk]),
        {
            "version": edition.version,
            "title": "T",
            "summary": "S",
            "key_points": "K",
            "differential": "D",
            "discussion": "W",
            "references": "R",
            "series": [series[0].pk],
            "points": 1,
            "point-0-text": "Look.",
            "point-0-series": series[0].pk,
            "point-0-slice": 1,
            "point-0-window": "lung",
            "point-0-alt_text": "A lobe",
        },
    )

    assert answer.status_code == 302
    edition.refresh_from_db()
    assert [getattr(edition, name) for name in services.WRITTEN] == ["T", "S", "K", "D", "W", "R"]
    assert edition.teaching_points.get().alt_text == "A lobe"


@pytest.mark.parametrize("part", ["key_points", "differential", "discussion"])
def test_no_part_names_a_date(part):
    edition = save(making.draft(), prose=services.Prose(**{part: "Seen on 12/04/2020"}))

    with pytest.raises(services.NotReady, match="looks like a date"):
        services.propose_edition(edition=edition, actor=Actor.of_member(edition.author), at=NOW)


def test_references_may_name_authors_and_years():
    edition = save(making.draft(), prose=services.Prose(references="Smith J. Radiology 2020"))

    assert completeness.missing(edition) == []


def test_a_doi_that_is_none_is_told_before_proposing():
    edition = save(making.draft(), prose=services.Prose(references="doi:none"))

    assert completeness.missing(edition) == ["Reference 1: a DOI begins with 10. and has a slash."]


def test_the_meter_counts_what_a_perfect_case_has(client):
    edition = making.draft()
    before = {part.name for part in completeness.parts(edition) if part.is_there}
    save(edition)
    after = {part.name for part in completeness.parts(edition) if part.is_there}

    assert after - before == {
        "Key points",
        "A differential diagnosis",
        "A discussion",
        "A reference",
        "What each teaching point's image shows, in words",
    }
    page = sign_in(client, edition.author).get(reverse("library:edit", args=[edition.pk]))
    assert f"{len(after)} of 11 things that a perfect case has" in page.content.decode()


def test_a_new_edition_begins_with_the_text_of_the_one_before():
    first = making.publish(written())

    second = services.start_edition(
        case=first.teaching_case.case, actor=Actor.of_member(making.editor()), at=NOW
    )

    assert [getattr(second, name) for name in services.WRITTEN] == [
        getattr(first, name) for name in services.WRITTEN
    ]
    assert second.teaching_points.get().alt_text == "Septa in a lobe"


def test_what_changed_between_editions_is_shown_word_by_word(client):
    first = making.publish(written())
    case = first.teaching_case.case
    actor = Actor.of_member(making.editor())
    second = services.start_edition(case=case, actor=actor, at=NOW)
    second = save(second, prose=services.Prose(discussion="The pattern spreads from above."))
    making.publish(second)

    newest, oldest = differences.history(Edition.objects.readable())

    assert oldest.changes == []
    (discussion,) = (change for change in newest.changes if change.name == "Discussion")
    assert [(piece.kind, piece.text) for piece in discussion.pieces] == [
        ("kept", "The pattern spreads from "),
        ("removed", "below"),
        ("added", "above"),
        ("kept", "."),
    ]
    page = page_of(client, second, "history").content.decode()
    assert "<ins>" in page
    assert "below<" in page


def test_a_suspended_case_has_no_history(client):
    edition = making.publish(written())
    services.suspend_teaching_case(
        teaching_case=edition.teaching_case, actor=Actor.of_member(making.publisher()), at=NOW
    )

    assert page_of(client, edition, "history").status_code == 404


def approve(edition, publish_on):
    services.approve_edition(
        edition=edition,
        answers=making.ALL_TRUE,
        publish_on=publish_on,
        actor=Actor.of_member(making.publisher()),
        at=NOW,
    )
    edition.refresh_from_db()


def test_an_edition_with_a_day_waits_for_it():
    edition = making.proposed()
    approve(edition, TODAY + timedelta(days=1))

    tasks.publish_edition(edition.pk)

    edition.refresh_from_db()
    assert edition.status == EditionStatus.PROPOSED

    Edition.objects.update(publish_on=TODAY)
    tasks.publish_edition(edition.pk)

    edition.refresh_from_db()
    assert edition.status == EditionStatus.PUBLISHED


def test_an_edition_that_waits_can_be_stopped_and_is_checked_again(client):
    edition = making.proposed()
    approve(edition, TODAY + timedelta(days=1))

    client = sign_in(client, making.publisher())
    answer = client.post(reverse("library:stop-publication", args=[edition.pk]), follow=True)

    assert "The edition waits for a check again." in answer.content.decode()
    edition.refresh_from_db()
    assert (edition.publication_asked_at, edition.publish_on) == (None, None)
    assert LogEntry.objects.filter(additional_data__verb="edition.publication_stopped").exists()


def test_what_is_being_published_cannot_be_stopped():
    edition = making.approved()

    with pytest.raises(IllegalMove):
        schedule.stop_publication(edition=edition, actor=Actor.of_member(making.publisher()))


@pytest.mark.parametrize("days", [-1, 0, 400])
def test_a_day_that_has_come_or_is_far_away_is_refused_with_a_sentence(client, days):
    edition = making.proposed()
    day = TODAY + timedelta(days=days)
    said = {"publish_on_0": day.day, "publish_on_1": day.month, "publish_on_2": day.year}

    answer = sign_in(client, making.publisher()).post(
        reverse("library:publish", args=[edition.pk]), dict.fromkeys(making.ALL_TRUE, "on") | said
    )

    assert answer.status_code == 422
    assert "Choose a day within a year from tomorrow." in answer.content.decode()
    edition.refresh_from_db()
    assert edition.publication_asked_at is None


def test_two_years_on_the_page_says_so_and_the_desk_is_asked(client):
    edition = making.publish(written())
    assert edition.review_by == TODAY + timedelta(days=730)
    assert "Due to be looked at again" not in page_of(client, edition).content.decode()

    Edition.objects.update(review_by=TODAY)

    assert "Due to be looked at again" in page_of(client, edition).content.decode()
    editor = sign_in(client, making.editor())
    assert "To look at again" in editor.get(reverse("library:desk")).content.decode()
    editor.post(reverse("library:confirm", args=[edition.pk]))
    edition.refresh_from_db()
    assert edition.review_by == TODAY + timedelta(days=730)
    assert "To look at again" not in editor.get(reverse("library:desk")).content.decode()


# --- Saved as it is written ------------------------------------------------------------


def form_of(edition, **changes):
    series = services.series_of(edition.teaching_case.case)
    return {
        "version": edition.version,
        "title": "Half a title",
        "series": [series[0].pk],
        "points": 0,
    } | changes


def keep(client, edition, **changes):
    return client.post(reverse("library:save", args=[edition.pk]), form_of(edition, **changes))


def test_the_form_is_kept_as_it_is_written_and_says_when(client):
    edition = making.draft()

    answer = keep(sign_in(client, edition.author), edition)

    assert answer.json()["message"].startswith("Saved at ")
    edition.refresh_from_db()
    assert (edition.title, edition.version) == ("Half a title", answer.json()["version"])


def test_a_second_window_is_told_and_changes_nothing(client):
    edition = making.draft()

    answer = keep(sign_in(client, edition.author), edition, version=edition.version - 1)

    assert answer.status_code == 409
    assert answer.json()["is_stale"]
    assert answer.json()["version"] == edition.version
    edition.refresh_from_db()
    assert edition.title == "Ground-glass opacity"


def test_what_is_not_whole_yet_is_said_and_not_kept(client):
    edition = making.draft()

    answer = keep(
        sign_in(client, edition.author), edition, **{"points": 1, "point-0-text": "About what?"}
    )

    assert answer.status_code == 400
    assert "Say which image this point is about." in answer.json()["message"]


def test_a_proposed_edition_is_not_changed_by_a_window_left_open(client):
    edition = making.proposed()

    answer = keep(sign_in(client, edition.author), edition)

    assert answer.status_code == 409
    assert answer.json() == {"message": "This edition is no longer a draft, so it was not changed."}


def test_what_is_written_in_one_go_is_one_row_of_the_trail(client):
    edition = making.draft()
    client = sign_in(client, edition.author)

    for _ in range(3):
        keep(client, edition)
        edition.refresh_from_db()

    assert LogEntry.objects.filter(additional_data__verb="edition.saved").count() == 1
