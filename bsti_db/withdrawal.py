"""Withdrawing an upload crosses the stages: whether it is published, only the library knows."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from library.lifecycle import EditionStatus
from library.models import Edition
from uploads.entrance import submitter_required
from uploads.models import Upload
from uploads.views.intake import own_upload
from uploads.views.withdrawal import withdrawal

_OUT = (EditionStatus.PUBLISHED, EditionStatus.SUPERSEDED, EditionStatus.SUSPENDED)


def is_published(upload: Upload) -> bool:
    """Whether images of the upload are, or were, in the public's hands."""
    return Edition.objects.filter(
        status__in=_OUT, shown_series__series__study__upload=upload
    ).exists()


@require_http_methods(["GET", "HEAD", "POST"])
@submitter_required
def withdraw(request: HttpRequest, upload_id: Any) -> HttpResponse:
    upload = own_upload(request, upload_id)
    return withdrawal(request, upload, is_published=is_published(upload))
