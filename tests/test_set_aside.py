"""Setting aside takes a case's images from every page, picture and answer of the whole site."""

from collections.abc import Iterable, Iterator

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from library.models import PublishedImage
from review import services
from review.models import Case
from tests.access.addresses import ADDRESSES
from tests.access.world import World, make_world
from uploads.addresses import short_uid
from uploads.models import Instance

pytestmark = pytest.mark.django_db

PICTURES = ("image/", "application/octet-stream", "multipart/related")
# of an upload that is held, which no case has
NOT_OF_A_CASE = "uploads:preview"


def names_of_images() -> set[str]:
    """What a page or an answer calls an image of a case, within and before the public."""
    uids = {
        *Instance.objects.filter(
            series__study__in=Case.objects.values("case_studies__study")
        ).values_list("sop_instance_uid", flat=True),
        *PublishedImage.objects.values_list("sop_instance_uid", flat=True),
    }
    return uids | {short_uid(uid) for uid in uids}


def showing(world: World, visitors: Iterable[str], names: set[str]) -> Iterator[str]:
    """Every address whose answer names or is an image of a case, and to whom."""
    for address in ADDRESSES:
        if address.method != "GET" or address.name == NOT_OF_A_CASE:
            continue
        path = reverse(address.name, args=address.place(world)) + address.query
        for visitor in visitors:
            with transaction.atomic():
                answer = world.visitors[visitor].get(path)
                text = answer.getvalue().decode("latin-1")
                transaction.set_rollback(True)
            kind = answer.get("Content-Type", "")
            is_picture = answer.status_code < 300 and (
                kind.startswith(PICTURES) or kind == "application/dicom"
            )
            if is_picture or any(name in text for name in names):
                yield f"{address} to {visitor}"


@pytest.mark.timeout(600)
def test_no_address_shows_an_image_of_a_case_that_was_set_aside():
    world = make_world()
    names = names_of_images()
    before = list(showing(world, ("anonymous", "chair", "editor"), names))
    # the walk meets images of each kind
    for place in ("library:dicom-web", "library:case ", "review:dicom-web", "library:edit "):
        assert any(place in each for each in before), place

    panellist = Actor.of_member(world.members["panellist"])
    for case in Case.objects.exclude(status__in=["set_aside", "erased"]):
        services.set_aside(case=case, actor=panellist, reason="face", where="", at=timezone.now())

    everybody = ("anonymous", "submitter", "reader", "chair", "publisher", "editor", "curator")
    assert list(showing(world, everybody, names)) == []
