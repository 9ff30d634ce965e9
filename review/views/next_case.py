"""The next case of the list is sent ahead, so that it opens at once.

Browsers that know speculation rules fetch its page and keep it in memory for some minutes, never on
disk; others fetch it when it is asked for. Images are not sent ahead: they are asked for, and put
into the trail as seen, when the page is opened.
"""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from review import services
from review.models import MAY_READ, Case
from review.views import images
from uploads.models import Study

RULES = {
    "prefetch": [{"where": {"selector_matches": "a[data-next-case]"}, "eagerness": "immediate"}]
}


@require_safe
@permission_required(MAY_READ, raise_exception=True)
def rules(request: HttpRequest) -> JsonResponse:
    return JsonResponse(RULES, content_type="application/speculationrules+json")


def asked_for(response: HttpResponse) -> HttpResponse:
    response["Speculation-Rules"] = f'"{reverse("review:next-case")}"'
    return response


def audit_page(request: HttpRequest, case: Case, studies: list[Study]) -> None:
    """Write into the trail that the page goes to a member: opened, or ahead of that."""
    if request.method == "GET" and "prefetch" in request.headers.get("Sec-Purpose", ""):
        services.record_sent_ahead(case=case, actor=request.actor)
    else:
        images.audit_opening(request, studies)
