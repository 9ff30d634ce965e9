"""Information governance: what is held, how it looks, and what is decided about it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from audit.lifecycles import IllegalMove
from audit.services import record
from uploads import storage, tasks
from uploads.explanations import sentence
from uploads.forms import RefusalForm
from uploads.models import Upload, UploadedFile
from uploads.services import deciding

PAGE_ROWS = 50
PAGE_FILES = 20  # each asks the store for its picture
PERMISSION = "accounts.uploads_handle_held"
for_curators = permission_required(PERMISSION, raise_exception=True)


@require_safe
@never_cache
@for_curators
def held(request: HttpRequest) -> HttpResponse:
    uploads = (
        Upload.objects.held()
        .select_related("organisation", "submitter")
        .annotate(held_files=Count("files", filter=Q(files__outcome="held")))
        .order_by("settled_at")
    )
    context = {
        "page": Paginator(uploads, PAGE_ROWS).get_page(request.GET.get("page")),
        "requests": Upload.objects.asked_to_be_withdrawn().select_related("organisation")[
            :PAGE_ROWS
        ],
    }
    return render(request, "uploads/held.html", context)


@require_safe
@never_cache
@for_curators
def held_upload(request: HttpRequest, upload_id: Any) -> HttpResponse:
    upload = _held(upload_id)
    return render(request, "uploads/held_upload.html", _shown(request, upload, RefusalForm()))


def _shown(request: HttpRequest, upload: Upload, form: RefusalForm) -> dict[str, Any]:
    files = upload.files.filter(outcome=UploadedFile.Outcome.HELD)
    page = Paginator(files, PAGE_FILES).get_page(request.GET.get("page"))
    others = upload.files.exclude(outcome=UploadedFile.Outcome.HELD).order_by("outcome")
    return {
        "upload": upload,
        "page": page,
        # "file 12": its own name is for its submitter alone
        "files": [
            {
                "file": file,
                "sentence": sentence(file.reason),
                "has_preview": bool(file.picture and file.picture["shown"]),
            }
            for file in page
        ],
        "others": [
            (UploadedFile.Outcome(outcome).label, count)
            for outcome, count in others.values_list("outcome").annotate(Count("pk"))
        ],
        "form": form,
        "last_day": timezone.localdate(upload.settled_at) + deciding.HELD_KEPT
        if upload.settled_at
        else None,
    }


@require_safe
@never_cache
@for_curators
def preview(request: HttpRequest, upload_id: Any, file_id: Any) -> HttpResponse:
    """The picture of a held file. Each look is in the trail."""
    file = _held_file(upload_id, file_id)
    try:
        frame = file.picture["shown"][0] if file.picture else 0
        picture = storage.read_preview(file, frame)
    except (FileNotFoundError, IndexError):
        raise Http404 from None
    record("file.viewed", actor=request.actor, subject=file, upload=str(upload_id))
    response = HttpResponse(picture, content_type="image/png")
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
@for_curators
def release(request: HttpRequest, upload_id: Any, file_id: Any) -> HttpResponse:
    file = _held_file(upload_id, file_id)
    try:
        with transaction.atomic():
            deciding.release_file(file=file, actor=request.actor, at=timezone.now())
            _ring(tasks.process_upload, upload_id)
    except deciding.NotHeld as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"File {file.number} goes on to the workers.")
    return _back(upload_id)


@require_POST
@for_curators
def refuse_file(request: HttpRequest, upload_id: Any, file_id: Any) -> HttpResponse:
    file = _held_file(upload_id, file_id)
    try:
        with transaction.atomic():
            deciding.refuse_file(file=file, actor=request.actor)
            _ring(tasks.settle_upload, upload_id)
    except deciding.NotHeld as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"File {file.number} is refused.")
    return _back(upload_id)


@require_POST
@for_curators
def refuse(request: HttpRequest, upload_id: Any) -> HttpResponse:
    upload = _held(upload_id)
    form = RefusalForm(request.POST)
    if not form.is_valid():
        return render(
            request, "uploads/held_upload.html", _shown(request, upload, form), status=422
        )
    try:
        with transaction.atomic():
            deciding.refuse_upload(
                upload=upload,
                actor=request.actor,
                at=timezone.now(),
                reason=form.cleaned_data["reason"],
            )
            _ring(tasks.send_outcome_mail, upload_id)
    except IllegalMove as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"Upload {upload.reference} is refused.")
    return redirect("uploads:held")


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
    return redirect("uploads:held")


def _held(upload_id: Any) -> Upload:
    return get_object_or_404(
        Upload.objects.held().select_related("organisation", "submitter"), pk=upload_id
    )


def _held_file(upload_id: Any, file_id: Any) -> UploadedFile:
    held_files = UploadedFile.objects.filter(
        upload__in=Upload.objects.held(), upload_id=upload_id, outcome=UploadedFile.Outcome.HELD
    )
    return get_object_or_404(held_files, pk=file_id)


def _ring(task: Any, upload_id: Any) -> None:
    transaction.on_commit(lambda: tasks.ring(task, str(upload_id)), robust=True)


def _back(upload_id: Any) -> HttpResponse:
    """To the upload while it is held, or to the list when that was the last of it."""
    if Upload.objects.held().filter(pk=upload_id).exists():
        return redirect("uploads:held-upload", upload_id)
    return redirect("uploads:held")
