"""Information governance: uploads that are held, and what is decided about each as a whole."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from math import ceil
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.lifecycles import IllegalMove
from uploads import tasks
from uploads.explanations import sentence
from uploads.forms import QuestionForm, RefusalForm
from uploads.lifecycle import UploadStatus
from uploads.models import Upload, UploadedFile, UploadQuestion
from uploads.services import asking, deciding

PAGE_ROWS = 50
PERMISSION = "accounts.uploads_handle_held"
for_curators = permission_required(PERMISSION, raise_exception=True)

_Outcome = UploadedFile.Outcome


def held_page(request: HttpRequest, *, set_aside: list[dict[str, Any]]) -> HttpResponse:
    """The list; what the panel has `set_aside` the caller knows."""
    answers = UploadQuestion.objects.exclude(answer="")
    uploads = (
        Upload.objects.undecided()
        .select_related("organisation", "submitter")
        .annotate(
            held_files=Count("files", filter=Q(files__outcome=_Outcome.HELD)),
            is_answered=Exists(answers.filter(upload=OuterRef("pk"))),
        )
        .order_by("settled_at")
    )
    page = Paginator(uploads, PAGE_ROWS).get_page(request.GET.get("page"))
    reasons = _reasons(page.object_list)
    context = {
        "page": page,
        "rows": [
            {
                "upload": upload,
                "reasons": reasons[upload.pk],
                "days_left": _days_left(upload),
                "is_queried": upload.status == UploadStatus.QUERIED,
            }
            for upload in page
        ],
        "set_aside": set_aside,
        "requests": Upload.objects.asked_to_be_withdrawn().select_related("organisation")[
            :PAGE_ROWS
        ],
    }
    return render(request, "uploads/held.html", context)


def _reasons(uploads: Iterable[Upload]) -> dict[Any, list[str]]:
    """Why files of each upload are held: every sentence once."""
    codes = (
        UploadedFile.objects.filter(upload__in=[upload.pk for upload in uploads])
        .filter(outcome=_Outcome.HELD)
        .order_by("reason")
        .values_list("upload_id", "reason")
        .distinct()
    )
    reasons = defaultdict(list)
    for upload_id, code in codes:
        reasons[upload_id].append(sentence(code))
    return reasons


def _days_left(upload: Upload) -> int | None:
    last = deciding.kept_until(upload)
    return max(ceil((last - timezone.now()) / timedelta(days=1)), 0) if last else None


@require_safe
@never_cache
@for_curators
def held_upload(request: HttpRequest, upload_id: Any) -> HttpResponse:
    return _upload_page(request, undecided_upload(upload_id))


def _upload_page(
    request: HttpRequest, upload: Upload, *, form: QuestionForm | None = None, status: int = 200
) -> HttpResponse:
    files = upload.files.filter(outcome=_Outcome.HELD)
    page = Paginator(files, PAGE_ROWS).get_page(request.GET.get("page"))
    others = upload.files.exclude(outcome__in=[_Outcome.HELD, _Outcome.WAITING, _Outcome.EXPANDED])
    context = {
        "upload": upload,
        "page": page,
        # "file 12": its own name is for its submitter alone
        "files": [{"file": file, "sentence": sentence(file.reason)} for file in page],
        "others": [
            (_Outcome(outcome).label, count)
            for outcome, count in others.order_by("outcome")
            .values_list("outcome")
            .annotate(Count("pk"))
        ],
        "waiting": upload.files.filter(outcome=_Outcome.WAITING).count(),
        "is_held": upload.status == UploadStatus.HELD,
        "questions": upload.questions.all(),
        "form": form or QuestionForm(),
        "last_day": deciding.kept_until(upload),
    }
    return render(request, "uploads/held_upload.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_curators
def refuse(request: HttpRequest, upload_id: Any) -> HttpResponse:
    """Ask for the reason and say what follows (GET), then refuse the upload (POST)."""
    upload = held_upload_or_404(upload_id)
    form = RefusalForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {"upload": upload, "form": form}
        status = 422 if request.method == "POST" else 200
        return render(request, "uploads/held_refuse.html", context, status=status)
    try:
        with transaction.atomic():
            deciding.refuse_upload(
                upload=upload,
                actor=request.actor,
                at=timezone.now(),
                reason=form.cleaned_data["reason"],
            )
            ring(tasks.send_outcome_mail, upload_id)
    except IllegalMove as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"Upload {upload.reference} is refused.")
    return redirect("held-uploads")


@require_POST
@for_curators
def ask(request: HttpRequest, upload_id: Any) -> HttpResponse:
    upload = held_upload_or_404(upload_id)
    form = QuestionForm(request.POST)
    if not form.is_valid():
        return _upload_page(request, upload, form=form, status=422)
    try:
        with transaction.atomic():
            asking.ask_submitter(
                upload=upload,
                text=form.cleaned_data["text"],
                actor=request.actor,
                at=timezone.now(),
            )
            ring(tasks.send_outcome_mail, upload_id)
    except (asking.FilesAtWork, IllegalMove) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "The submitter gets a mail, and answers on the upload's page.")
    return redirect("uploads:held-upload", upload_id)


@require_POST
@for_curators
def go_on(request: HttpRequest, upload_id: Any) -> HttpResponse:
    """Close a question that was not answered, and decide without."""
    upload = undecided_upload(upload_id)
    try:
        asking.go_on_without_answer(upload=upload, actor=request.actor, at=timezone.now())
    except (asking.NothingAsked, IllegalMove) as problem:
        messages.error(request, str(problem))
    return redirect("uploads:held-upload", upload_id)


@require_POST
@for_curators
def withdraw_as_asked(request: HttpRequest, upload_id: Any) -> HttpResponse:
    """Withdraw a published upload whose submitter asked for it."""
    upload = get_object_or_404(Upload.objects.asked_to_be_withdrawn(), pk=upload_id)
    try:
        deciding.withdraw_upload(upload=upload, actor=request.actor, at=timezone.now())
    except IllegalMove as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"Upload {upload.reference} is withdrawn.")
    return redirect("held-uploads")


def undecided_upload(upload_id: Any) -> Upload:
    """A held upload, or one whose submitter was asked; or 404."""
    uploads = Upload.objects.undecided().select_related("organisation", "submitter")
    return get_object_or_404(uploads, pk=upload_id)


def held_upload_or_404(upload_id: Any) -> Upload:
    uploads = Upload.objects.held().select_related("organisation", "submitter")
    return get_object_or_404(uploads, pk=upload_id)


def ring(task: Any, upload_id: Any) -> None:
    """Publish a task after the commit; a broker that does not answer costs no decision."""
    transaction.on_commit(lambda: tasks.ring(task, str(upload_id)), robust=True)
