import json

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from audit.actors import Actor
from library import publication, services, storage
from library.models import PublishedImage
from tests.library import making
from uploads.dicom.transcoding import decode_frame

pytestmark = pytest.mark.django_db


def keys(edition) -> set[str]:
    return set(storages["janitor-public"].keys(storage.prefix(edition)))


def test_every_image_is_copied_bit_for_bit_under_a_fresh_uid():
    edition = making.published(making.case_with_images(slices=3))

    images = list(edition.images.all())
    private = {image.instance.sop_instance_uid for image in images}
    assert len(images) == 3
    assert not private & {image.sop_instance_uid for image in images}
    for number, image in enumerate(images, start=1):
        pixels = decode_frame(storage.read(storage.frame_key(edition, image, 1)))
        assert (pixels == number).all()


def test_nothing_public_holds_a_private_identifier():
    edition = making.published()

    private = {"PSEUDONYM1", "20200301"}
    for image in edition.images.all():
        private |= {
            image.instance.sop_instance_uid,
            image.instance.series.series_instance_uid,
            image.instance.series.study.study_instance_uid,
        }
    key = storage.metadata_key(edition, edition.images.first().series_instance_uid)
    public = json.dumps(storage.read_metadata(key)) + " ".join(keys(edition))
    assert not [value for value in private if value in public]


def test_copying_twice_leaves_the_same_objects_and_rows():
    edition = making.published()
    before, rows = keys(edition), PublishedImage.objects.count()

    publication.copy_edition(edition)

    assert keys(edition) == before
    assert PublishedImage.objects.count() == rows


def test_an_edition_that_comes_back_with_another_title_is_copied_as_well():
    edition = making.approved()
    publication.copy_edition(edition)
    series = edition.images.values_list("series_instance_uid", flat=True).first()
    edition.title = "Crazy paving"

    publication.copy_edition(edition)

    # other tests have used the numbers of this case and edition
    begins = f"{storage.prefix(edition)}{series}/preview-"
    assert len({key for key in keys(edition) if key.startswith(begins)}) == 2


def test_an_image_keeps_its_public_uid_from_edition_to_edition():
    first = making.published()
    second = making.published(first.teaching_case.case)

    assert [image.sop_instance_uid for image in first.images.all()] == [
        image.sop_instance_uid for image in second.images.all()
    ]


def test_the_sweep_deletes_the_objects_of_a_suspended_case_and_no_other():
    gone, kept = making.published(), making.published()
    services.suspend_teaching_case(
        teaching_case=gone.teaching_case,
        actor=Actor.of_member(making.publisher()),
        at=timezone.now(),
    )

    publication.sweep_public_objects()

    assert not keys(gone)
    assert keys(kept)


def test_the_sweep_deletes_objects_whose_keys_are_none_of_ours(s3, bucket):
    kept = making.published()
    strays = {"stray", "stray/1", "1/stray", storage.prefix(kept).rstrip("/")}
    for key in strays:
        s3("publisher").put_object(Bucket=bucket("public"), Key=key, Body=b"nobody's")

    publication.sweep_public_objects()

    assert not strays & set(storages["janitor-public"].keys(""))
    assert keys(kept)


def test_the_sweep_leaves_what_is_being_copied():
    edition = making.approved()
    publication.copy_edition(edition)

    publication.sweep_public_objects()

    assert keys(edition)


def test_public_objects_say_that_caches_keep_them_a_minute_at_most(s3, bucket):
    edition = making.published()

    head = s3("web").head_object(Bucket=bucket("public"), Key=min(keys(edition)))

    assert "s-maxage=60" in head["CacheControl"]
