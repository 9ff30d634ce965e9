import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.actors import Actor
from audit.lifecycles import IllegalMove
from library import services
from library.lifecycle import EditionStatus
from library.models import Edition
from tests.library import making
from tests.review.making import decided_case
from uploads.lifecycle import UploadStatus
from uploads.models import Upload

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def test_only_a_case_of_teaching_value_is_written_up():
    with pytest.raises(services.NotForTeaching):
        services.start_edition(
            case=decided_case(teaching_value=1), actor=Actor.of_member(making.editor()), at=NOW
        )


def test_a_case_is_written_up_once_at_a_time():
    edition = making.draft()

    with pytest.raises(IllegalMove):
        services.start_edition(
            case=edition.teaching_case.case, actor=Actor.of_member(making.editor()), at=NOW
        )


def test_a_stale_version_is_told_and_changes_nothing():
    edition = making.draft()

    with pytest.raises(services.StaleEdition):
        services.save_draft(
            edition=edition,
            version=edition.version - 1,
            title="Other",
            summary="",
            series=[],
            points=[],
            actor=Actor.of_member(making.editor()),
            at=NOW,
        )

    edition.refresh_from_db()
    assert edition.title == "Ground-glass opacity"
    assert edition.teaching_points.count() == 1


def test_an_edition_without_teaching_point_is_not_proposed():
    edition = making.draft()
    edition.teaching_points.all().delete()

    with pytest.raises(services.NotReady, match="at least one teaching point"):
        services.propose_edition(edition=edition, actor=Actor.of_member(edition.author), at=NOW)


def test_a_title_with_a_date_is_not_proposed():
    edition = making.draft()
    edition.title = "Seen on 12/04/2020"
    edition.save()

    with pytest.raises(services.NotReady, match="date"):
        services.propose_edition(edition=edition, actor=Actor.of_member(edition.author), at=NOW)


def test_nobody_publishes_what_they_wrote():
    edition = making.proposed()

    with pytest.raises(services.OwnWriting):
        services.approve_edition(
            edition=edition,
            answers=making.ALL_TRUE,
            actor=Actor.of_member(edition.author),
            at=NOW,
        )


def test_the_database_refuses_an_author_as_publisher():
    edition = making.proposed()

    with pytest.raises(IntegrityError, match="not_published_by_its_author"), transaction.atomic():
        Edition.objects.filter(pk=edition.pk).update(publisher=edition.author)


@pytest.mark.parametrize("code", list(making.ALL_TRUE))
def test_every_line_of_the_checklist_must_be_true(code):
    edition = making.proposed()

    with pytest.raises(services.ChecklistNotComplete):
        services.approve_edition(
            edition=edition,
            answers=making.ALL_TRUE | {code: False},
            actor=Actor.of_member(making.publisher()),
            at=NOW,
        )


def test_a_returned_edition_is_a_draft_with_the_comment():
    edition = making.proposed()

    services.return_edition(
        edition=edition,
        comment="Shorten it.",
        actor=Actor.of_member(making.publisher()),
        at=NOW,
    )

    edition.refresh_from_db()
    assert (edition.status, edition.returned_comment) == (EditionStatus.DRAFT, "Shorten it.")


def test_a_published_edition_is_public():
    edition = making.published()

    assert list(Edition.objects.public()) == [edition]


def test_a_withdrawn_upload_takes_its_case_from_the_public_at_once():
    edition = making.published()
    Upload.objects.update(status=UploadStatus.WITHDRAWN)

    assert not Edition.objects.public().exists()
    assert not Edition.objects.readable().filter(pk=edition.pk).exists()


def test_an_upload_withdrawn_while_images_are_copied_stops_the_publication():
    edition = making.approved()
    Upload.objects.update(status=UploadStatus.WITHDRAWN)

    with pytest.raises(services.NotForTeaching):
        services.complete_publication(edition=edition, at=NOW, actor=Actor.of_task("test"))

    assert not Edition.objects.public().exists()


def test_publishing_twice_publishes_once():
    edition = making.published()

    assert not services.complete_publication(
        edition=edition, at=NOW, actor=Actor.of_task("publish_edition")
    )


def test_a_new_edition_replaces_the_old_one_which_keeps_its_address():
    first = making.published()
    second = making.published(first.teaching_case.case)

    first.refresh_from_db()
    assert second.number == 2
    assert first.status == EditionStatus.SUPERSEDED
    assert set(Edition.objects.readable()) == {first, second}


def test_suspending_takes_every_edition_from_the_public():
    first = making.published()
    making.published(first.teaching_case.case)

    services.suspend_teaching_case(
        teaching_case=first.teaching_case, actor=Actor.of_member(making.publisher()), at=NOW
    )

    assert not Edition.objects.readable().exists()


def test_a_suspended_case_comes_back_only_when_its_copies_are_rebuilt():
    edition = making.published()
    services.suspend_teaching_case(
        teaching_case=edition.teaching_case, actor=Actor.of_member(making.publisher()), at=NOW
    )

    asked = services.ask_reinstatement(
        teaching_case=edition.teaching_case, actor=Actor.of_member(making.publisher()), at=NOW
    )
    assert not Edition.objects.public().exists()
    assert services.complete_publication(edition=asked, at=NOW, actor=Actor.of_task("test"))
    assert list(Edition.objects.public()) == [edition]
