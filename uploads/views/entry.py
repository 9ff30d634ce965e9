"""How a submitter comes in: the start page, the typed code, sign out."""

import logging
import uuid

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bsti_db.accounts.models import Organisation
from uploads import mail
from uploads.entrance import close_session, current_submitter, open_session, submitter_required
from uploads.forms import SUGGESTIONS, CodeForm, StartForm, found_organisations
from uploads.services import entry

logger = logging.getLogger(__name__)

CODE = "entry_code_id"
CODE_ADDRESS = "entry_code_address"


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    form = StartForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            status = _ask_for_code(request, form)
            if status == 302:
                return redirect("uploads:code")
        else:
            status = 422
    context = {
        "form": form,
        "submitter": current_submitter(request),
        "organisations": Organisation.objects.filter(is_active=True),
        "dpia_url": "/dpia/",
        "max_files": settings.UPLOAD_MAX_FILES,
        "max_gigabytes": settings.UPLOAD_MAX_BYTES // 1024**3,
    }
    return render(request, "uploads/start.html", context, status=status)


def _ask_for_code(request: HttpRequest, form: StartForm) -> int:
    answers = {name: form.cleaned_data[name] for name in ("email", "name", "role", "organisation")}
    try:
        made = entry.make_code(**answers, actor=request.actor, at=timezone.now())
    except entry.TooManyCodes as problem:
        form.add_error(None, str(problem))
        return 429
    if made.code:
        try:
            mail.send_code(made.row, made.code)
        except OSError as problem:
            entry.withdraw_code(row=made.row)
            logger.error("A code could not be mailed: %s", type(problem).__name__)
            form.add_error(None, "The mail could not be sent. Try again in a few minutes.")
            return 503
    request.session[CODE] = str(made.row.pk)
    request.session[CODE_ADDRESS] = made.row.email
    return 302


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    asked = request.session.get(CODE)
    if not asked:
        messages.info(request, "Ask for a code first. It is bound to the browser that asks.")
        return redirect("uploads:start")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            submitter = entry.enter(
                code_id=uuid.UUID(asked),
                code=form.cleaned_data["code"],
                actor=request.actor,
                at=now,
            )
        except (entry.WrongCode, entry.CodeNoLongerValid) as problem:
            form.add_error("code", str(problem))
        else:
            for key in (CODE, CODE_ADDRESS):
                request.session.pop(key, None)
            return redirect(open_session(request, submitter, at=now) or "uploads:mine")
    context = {"form": form, "address": request.session.get(CODE_ADDRESS, "")}
    return render(request, "uploads/code.html", context, status=422 if form.errors else 200)


@login_not_required
@require_safe
def organisations(request: HttpRequest) -> HttpResponse:
    """Suggestions while the name is typed."""
    found = found_organisations(request.GET.get("trust", "")[:200])[:SUGGESTIONS]
    return render(request, "uploads/organisations.html", {"organisations": found})


@require_POST
@submitter_required
def sign_out(request: HttpRequest) -> HttpResponse:
    entry.leave(submitter=request.submitter, actor=request.actor)
    close_session(request)
    messages.success(request, "You have signed out.")
    return redirect("uploads:start")
