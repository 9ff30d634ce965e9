"""The submitter's session: a key of its own in Django's, with an idle limit a long upload meets."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache

from audit.actors import Actor
from bsti_db.accounts.addresses import client_address
from bsti_db.accounts.middleware import is_background
from uploads.models import Submitter

SUBMITTER = "submitter_id"
SINCE = "submitter_since"
SEEN = "submitter_seen"
NEXT = "submitter_next"
DRAFTS = "clinical_drafts"
IDLE_LIMIT = timedelta(hours=4)
_WRITTEN_EVERY = 60  # seconds; the parts of a file need no write each
ENDED = "Your upload session has ended. Ask for a new code; nothing you sent is lost."

View = Callable[..., HttpResponse]


def open_session(request: HttpRequest, submitter: Submitter, *, at: datetime) -> str:
    """Begin a submitter's session under a new id; gives the address that was asked for before."""
    request.session.cycle_key()
    request.session[SUBMITTER] = str(submitter.pk)
    request.session[SINCE] = request.session[SEEN] = int(at.timestamp())
    return request.session.pop(NEXT, "")


def close_session(request: HttpRequest) -> None:
    for key in (SUBMITTER, SINCE, SEEN, NEXT, DRAFTS):
        request.session.pop(key, None)
    request.session.cycle_key()


def current_submitter(request: HttpRequest) -> Submitter | None:
    """Whose session this is, while it lasts."""
    key = request.session.get(SUBMITTER)
    if not key or _is_over(request, timezone.now()):
        return None
    return Submitter.objects.select_related("organisation").filter(pk=key).first()


def _is_over(request: HttpRequest, at: datetime) -> bool:
    now = int(at.timestamp())
    return (
        now - request.session.get(SEEN, 0) > IDLE_LIMIT.total_seconds()
        or now - request.session.get(SINCE, 0) > settings.ABSOLUTE_TIMEOUT.total_seconds()
    )


def submitter_required(view: View) -> View:
    """Let only a submitter's session in: `request.submitter` and `request.actor` are theirs."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        submitter = current_submitter(request)
        if submitter is None:
            return _led_to_start(request)
        now = int(timezone.now().timestamp())
        # a page that refreshes itself keeps no session alive
        if now - request.session[SEEN] >= _WRITTEN_EVERY and not is_background(request):
            request.session[SEEN] = now
        request.submitter = submitter
        request.actor = Actor.of_submitter(submitter, address=client_address(request))
        return view(request, *args, **kwargs)

    return login_not_required(never_cache(guarded))


def _led_to_start(request: HttpRequest) -> HttpResponse:
    if request.method in ("PUT", "DELETE") or "json" in request.headers.get("Accept", ""):
        return JsonResponse({"message": ENDED}, status=401)
    if request.headers.get("HX-Request"):
        # htmx would put the start page into the fragment; this makes it load the whole page
        answer = HttpResponse(status=401)
        answer["HX-Redirect"] = redirect("uploads:start")["Location"]
        return answer
    if request.session.get(SUBMITTER):
        messages.info(request, ENDED)
    if request.method == "GET":
        request.session[NEXT] = request.path
    return redirect("uploads:start")
