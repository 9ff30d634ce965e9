"""The curators' list: what waits in uploads and, as only review knows, what was set aside."""

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from review.models import Case, CaseStudy
from uploads.views.held import for_curators, held_page


@require_safe
@never_cache
@for_curators
def held(request: HttpRequest) -> HttpResponse:
    return held_page(request, set_aside=set_aside_rows())


def set_aside_rows() -> list[dict[str, object]]:
    """The cases whose images are on no page because they identify somebody, oldest first."""
    studies = CaseStudy.objects.select_related("study__upload__organisation")
    cases = Case.objects.set_aside().prefetch_related(Prefetch("case_studies", studies))
    return [
        {
            "number": case.number,
            "at": case.set_aside_at,
            "why": case.get_set_aside_reason_display(),
            "where": case.set_aside_where,
            "uploads": sorted(
                {row.study.upload for row in case.case_studies.all()},
                key=lambda upload: upload.reference,
            ),
        }
        for case in cases
    ]
