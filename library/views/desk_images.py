"""The private images of cases that editors and publishers work on."""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from review.days import studies_of
from review.models import Case, CaseStudy
from review.views.images import answer_audited
from uploads import stacks
from uploads.addresses import short_uid
from uploads.models import Study

DESK = ("accounts.library_edit", "accounts.library_publish")


@require_safe
def dicom_web(request: HttpRequest, resource: str) -> HttpResponse:
    """The desk's DICOMweb: accepted cases, for editors and publishers (decision 4)."""
    if not any(request.user.has_perm(permission) for permission in DESK):
        raise PermissionDenied
    return answer_audited(request, _studies_of_the_desk(), resource)


def _studies_of_the_desk() -> QuerySet[Study]:
    shown = CaseStudy.objects.shown().filter(case__in=Case.objects.accepted())
    return Study.objects.filter(pk__in=shown.values("study"))


def dicom_web_root() -> str:
    return reverse("library:desk-dicom-web", args=["studies"]).removesuffix("studies")


def stack_series(case: Case, shown: Collection[str] | None = None) -> list[dict[str, Any]]:
    """The series list of components/stack.html; `shown` leaves only these SeriesInstanceUIDs."""
    series = stacks.series_list(studies_of(case), root=dicom_web_root())
    if shown is None:
        return series
    names = {short_uid(uid) for uid in shown}
    return [row for row in series if row["uid"] in names]
