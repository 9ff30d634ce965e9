"""Pages of what was found, and the warnings that belong to them (PS3.18 8.3.4, 10.6.3)."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse

from uploads.dicomweb.question import BadRequest

MAX_RESULTS = 1000


def window(request: HttpRequest) -> tuple[int, int]:
    """Where the page begins, and how many rows it has at most."""
    try:
        limit = int(request.GET.get("limit") or MAX_RESULTS)
        offset = int(request.GET.get("offset") or 0)
    except ValueError:
        raise BadRequest("limit and offset are whole numbers.") from None
    if limit < 0 or offset < 0:
        raise BadRequest("limit and offset are not negative.")
    return offset, min(limit, MAX_RESULTS)


def warn(response: HttpResponse, request: HttpRequest, *, left: int, others: Sequence[str]) -> None:
    """Say in the standard's way what was not done as it was asked."""
    said = []
    if left > 0:
        said.append(f"There are {left} additional results that can be requested")
    if request.GET.get("fuzzymatching", "").lower() == "true":
        said.append(
            "The fuzzymatching parameter is not supported. "
            "Only literal matching has been performed."
        )
    if others:
        said.append("Some of the attributes asked for cannot be matched and were ignored")
    if said:
        service = request.build_absolute_uri(request.path)
        response["Warning"] = ", ".join(f'299 {service} "{sentence}"' for sentence in said)
