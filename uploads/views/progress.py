"""What became of an upload that was sent: progress, receipt, refusals, withdrawal."""

from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.module_loading import import_string

from uploads.dicom.deid.profile import VERSION
from uploads.explanations import sentence
from uploads.forms import AnswerForm, ReturningForm
from uploads.lifecycle import UploadStatus
from uploads.models import Upload, UploadedFile
from uploads.services.returning import earlier_uploads
from uploads.views.summary import receipt
from uploads.wording import header_report, header_rows, next_steps

PROBLEMS_SHOWN = 200
EARLIER_SHOWN = 5
_Outcome = UploadedFile.Outcome
_TROUBLED = [_Outcome.REFUSED, _Outcome.HELD, _Outcome.DUPLICATE]
_DONE = [_Outcome.ACCEPTED, *_TROUBLED]


def status_page(
    request: HttpRequest,
    upload: Upload,
    *,
    form: AnswerForm | None = None,
    returning_form: ReturningForm | None = None,
    status: int = 200,
) -> HttpResponse:
    is_asked = bool(upload.returning) and upload.status == UploadStatus.ACCEPTED
    context = progress(upload) | {
        "question": upload.questions.filter(closed_at=None).first(),
        "answered": upload.questions.exclude(answer=""),
        "panel": import_string(settings.PANEL_QUESTIONS)(upload),
        "form": form or AnswerForm(),
        "earlier": earlier_uploads(upload)[:EARLIER_SHOWN] if is_asked else [],
        "returning_form": returning_form or ReturningForm(initial={"said": upload.returning}),
        "headers": header_rows(header_report(upload)),
        "receipt": receipt(upload),
        "may_withdraw": upload.status
        in (UploadStatus.SUBMITTED, UploadStatus.HELD, UploadStatus.QUERIED, UploadStatus.ACCEPTED),
    }
    return render(request, "uploads/status.html", context, status=status)


def report(upload: Upload) -> JsonResponse:
    """What was done to the headers, for a machine to read."""
    content = {
        "reference": upload.reference,
        "profile": VERSION,
        "files": upload.files.exclude(report=None).count(),
        "headers": header_report(upload).rows(),
    }
    name = f"headers-{upload.reference}.json"
    response = JsonResponse(content, json_dumps_params={"indent": 1})
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def progress(upload: Upload) -> dict[str, Any]:
    """How far the files are, and what is wrong with which. Containers count by their members."""
    files = upload.files.exclude(outcome=_Outcome.EXPANDED)
    counts = dict(files.values_list("outcome").annotate(Count("pk")))
    total = sum(counts.values())
    done = sum(counts.get(outcome, 0) for outcome in _DONE)
    if upload.status == UploadStatus.REFUSED:
        # single files were taken, but with the upload they are deleted
        counts.pop(_Outcome.ACCEPTED, None)
    troubled = files.filter(outcome__in=_TROUBLED)
    return {
        "upload": upload,
        "total": total,
        "total_words": str(total),
        "done": done,
        "counts": [
            (_Outcome(outcome).label, counts[outcome]) for outcome in _DONE if counts.get(outcome)
        ],
        "problems": [_problem(file) for file in troubled[:PROBLEMS_SHOWN]],
        "problems_left": max(0, troubled.count() - PROBLEMS_SHOWN),
        "reason": sentence(upload.reason),
        "next_steps": next_steps(upload),
        "is_moving": upload.status == UploadStatus.SUBMITTED,
    }


def _problem(file: UploadedFile) -> dict[str, Any]:
    # the name is gone when the upload is settled
    return {
        "has_name": bool(file.name),
        "name": file.name or f"File {file.number}",
        "outcome": file.outcome,
        "label": file.get_outcome_display(),
        "sentence": sentence(file.reason),
    }
