"""A submitter's uploads: the list, and the steps of one of them."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.lifecycles import IllegalMove
from audit.services import record
from uploads import services, tasks
from uploads.entrance import submitter_required
from uploads.forms import ClinicalForm, DeclarationForm
from uploads.lifecycle import UploadStatus
from uploads.models import Upload
from uploads.services import intake
from uploads.views import clinical_drafts
from uploads.views.progress import progress, report, status_page
from uploads.views.summary import summary

PAGE_ROWS = 50


def own_upload(request: HttpRequest, upload_id: Any) -> Upload:
    """The submitter's upload, or 404."""
    return get_object_or_404(
        Upload.objects.visible_to(request.actor).select_related("organisation", "submitter"),
        pk=upload_id,
    )


@require_safe
@submitter_required
def mine(request: HttpRequest) -> HttpResponse:
    uploads = Upload.objects.visible_to(request.actor)
    page = Paginator(uploads, PAGE_ROWS).get_page(request.GET.get("page"))
    return render(request, "uploads/mine.html", {"page": page, "submitter": request.submitter})


@require_POST
@submitter_required
def new(request: HttpRequest) -> HttpResponse:
    try:
        upload = services.start_upload(submitter=request.submitter, actor=request.actor)
    except intake.TooManyDrafts as problem:
        messages.error(request, str(problem))
        return redirect("uploads:mine")
    return redirect("uploads:detail", upload.pk)


@require_safe
@submitter_required
def detail(request: HttpRequest, upload_id: Any) -> HttpResponse:
    """The files of a draft; what became of an upload that was sent."""
    upload = own_upload(request, upload_id)
    if upload.status != UploadStatus.DRAFT:
        return status_page(request, upload)
    return files_page(request, upload)


def files_page(request: HttpRequest, upload: Upload) -> HttpResponse:
    files = upload.files.filter(container=None)
    context = {
        "upload": upload,
        "steps": steps(upload, "files"),
        "files": Paginator(files, PAGE_ROWS).get_page(request.GET.get("page")),
        "arriving": files.filter(received_at=None).count(),
        "max_files": settings.UPLOAD_MAX_FILES,
        "max_bytes": settings.UPLOAD_MAX_BYTES,
    }
    return render(request, "uploads/files.html", context)


@require_safe
@submitter_required
def status(request: HttpRequest, upload_id: Any) -> HttpResponse:
    """The moving part of the status page; without script, the page itself."""
    upload = own_upload(request, upload_id)
    if not request.headers.get("HX-Request"):
        return redirect("uploads:detail", upload.pk)
    response = render(request, "uploads/progress.html", progress(upload))
    if upload.status not in (UploadStatus.SUBMITTED, UploadStatus.DRAFT):
        # settled: the whole page has more to say
        response["HX-Refresh"] = "true"
    return response


@require_safe
@submitter_required
def header_report(request: HttpRequest, upload_id: Any) -> HttpResponse:
    upload = own_upload(request, upload_id)
    record("headers.downloaded", actor=request.actor, subject=upload)
    return report(upload)


@require_http_methods(["GET", "HEAD", "POST"])
@submitter_required
def clinical(request: HttpRequest, upload_id: Any) -> HttpResponse:
    upload = own_upload(request, upload_id)
    if upload.status != UploadStatus.DRAFT:
        return redirect("uploads:detail", upload.pk)
    form = ClinicalForm(
        request.POST or None,
        instance=upload.clinical_records.first(),
        initial=clinical_drafts.kept(request.session, upload),
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.save_clinical_record(
                upload=upload, answers=form.answers(), actor=request.actor
            )
        except intake.UploadIsClosed as problem:
            messages.error(request, str(problem))
            return redirect("uploads:detail", upload.pk)
        clinical_drafts.forget(request.session, upload)
        return redirect("uploads:declaration", upload.pk)
    context = {"upload": upload, "form": form, "steps": steps(upload, "clinical")}
    return render(request, "uploads/clinical.html", context, status=422 if form.errors else 200)


@require_POST
@submitter_required
def check_clinical(request: HttpRequest, upload_id: Any) -> HttpResponse:
    """What is wrong with the answers given so far, as they are typed; the right ones are kept."""
    upload = own_upload(request, upload_id)
    form = ClinicalForm(request.POST)
    clinical_drafts.keep(request.session, upload, form)
    given = {name for name in form.fields if request.POST.get(name)}
    problems = [
        {"label": form[name].label, "anchor": form[name].anchor, "message": message}
        for name, messages_of_field in form.errors.items()
        if name in given
        for message in messages_of_field
    ]
    context = {"problems": problems, "kept_at": timezone.now()}
    return render(request, "uploads/clinical_problems.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@submitter_required
def declaration(request: HttpRequest, upload_id: Any) -> HttpResponse:
    upload = own_upload(request, upload_id)
    if upload.status != UploadStatus.DRAFT:
        return redirect("uploads:detail", upload.pk)
    form = DeclarationForm(request.POST or None, initial=_declared(upload))
    if request.method == "POST" and form.is_valid():
        names = ("caldicott_reference", "caldicott_role", "licence", "may_credit_organisation")
        try:
            services.declare(
                upload=upload,
                **{name: form.cleaned_data[name] for name in names},
                actor=request.actor,
                at=timezone.now(),
            )
        except intake.UploadIsClosed as problem:
            messages.error(request, str(problem))
            return redirect("uploads:detail", upload.pk)
        return redirect("uploads:submit", upload.pk)
    context = {"upload": upload, "form": form, "steps": steps(upload, "declaration")}
    return render(request, "uploads/declaration.html", context, status=422 if form.errors else 200)


def _declared(upload: Upload) -> dict[str, Any]:
    was_given = upload.declared_at is not None
    return {
        "is_anonymised": was_given,
        "is_for_teaching": was_given,
        "is_approved": was_given,
        "caldicott_reference": upload.caldicott_reference,
        "caldicott_role": upload.caldicott_role,
        "licence": upload.licence,
        "may_credit_organisation": upload.may_credit_organisation,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@submitter_required
def submit(request: HttpRequest, upload_id: Any) -> HttpResponse:
    upload = own_upload(request, upload_id)
    if request.method == "POST":
        try:
            with transaction.atomic():
                services.submit_upload(upload=upload, actor=request.actor, at=timezone.now())
                ring(upload)
        except _NOT_SUBMITTED as problem:
            messages.error(request, str(problem))
            return redirect("uploads:submit", upload.pk)
        return redirect("uploads:detail", upload.pk)
    if upload.status != UploadStatus.DRAFT:
        return redirect("uploads:detail", upload.pk)
    context = {
        "upload": upload,
        "steps": steps(upload, "submit"),
        "rows": summary(upload),
    }
    return render(request, "uploads/submit.html", context)


_NOT_SUBMITTED = (
    intake.UploadIsClosed,
    intake.NothingToSubmit,
    intake.FilesStillArriving,
    intake.NotYetDescribed,
    IllegalMove,
)


def ring(upload: Upload) -> None:
    """Tell the workers after the commit; a broker that does not answer costs no upload."""
    key = str(upload.pk)
    # a lambda: Django cannot log a partial that fails
    transaction.on_commit(lambda: tasks.ring(tasks.process_upload, key), robust=True)
    transaction.on_commit(lambda: tasks.ring(tasks.send_outcome_mail, key), robust=True)


def steps(upload: Upload, current: str) -> list[dict[str, Any]]:
    """The way of a draft, with what is done."""
    is_sent = upload.files.filter(received_at__isnull=False).exists()
    done = {
        "files": is_sent and not upload.files.filter(received_at=None).exists(),
        "clinical": upload.clinical_records.exists(),
        "declaration": upload.declared_at is not None,
        "submit": False,
    }
    return [
        {
            "label": label,
            "url_name": f"uploads:{'detail' if name == 'files' else name}",
            "is_current": name == current,
            "is_done": done[name],
        }
        for name, label in _STEPS
    ]


_STEPS = [
    ("files", "Images"),
    ("clinical", "Clinical context"),
    ("declaration", "Declaration"),
    ("submit", "Check and submit"),
]
