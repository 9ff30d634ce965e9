"""The library's work in the background."""

from celery import shared_task
from django.utils import timezone

from audit.actors import Actor
from library import publication, services
from library.models import Edition
from library.search import indexing


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def publish_edition(edition_id: int) -> None:
    """Copy an approved edition for the public, then publish it. Run again, it finds it done."""
    edition = Edition.objects.to_publish().filter(pk=edition_id).first()
    if edition is None:
        return
    actor = Actor.of_task("publish_edition")
    try:
        publication.copy_edition(edition)
        services.complete_publication(edition=edition, at=timezone.now(), actor=actor)
    except (services.NotForTeaching, publication.CopyNotWhole) as problem:
        services.abandon_publication(edition=edition, problem=str(problem), actor=actor)


@shared_task
def resume_publications() -> None:
    """Ring again for every approved edition that is not public yet."""
    for edition in Edition.objects.to_publish():
        publish_edition.delay(edition.pk)


@shared_task
def refresh_search() -> None:
    """Bring the search in line with what is public and what the panel says of it."""
    indexing.refresh(at=timezone.now())


@shared_task
def sweep_public() -> None:
    """Delete what stands in the public bucket without a public edition."""
    publication.sweep_public_objects()
