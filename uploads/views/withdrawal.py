"""Withdrawing an upload: one act before publication, a request after it."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from audit.lifecycles import IllegalMove
from uploads import services, tasks
from uploads.lifecycle import UPLOAD_LIFECYCLE, UploadStatus
from uploads.models import Upload
from uploads.services import deciding
from uploads.services.intake import AlreadyAsked


def withdrawal(request: HttpRequest, upload: Upload, *, is_published: bool) -> HttpResponse:
    """Ask first (GET), then withdraw or ask for it (POST). Who is published, the caller knows."""
    if request.method != "POST":
        may = UPLOAD_LIFECYCLE.may(upload, UploadStatus.WITHDRAWN)
        context = {"upload": upload, "is_published": is_published, "may_withdraw": may}
        return render(request, "uploads/withdraw.html", context)
    acts = {"upload": upload, "actor": request.actor, "at": timezone.now()}
    try:
        with transaction.atomic():
            if is_published:
                services.ask_for_withdrawal(**acts)
            else:
                deciding.withdraw_upload(**acts)
                key = str(upload.pk)
                transaction.on_commit(lambda: tasks.ring(tasks.erase_upload, key), robust=True)
    except (AlreadyAsked, IllegalMove) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, ASKED if is_published else WITHDRAWN)
    return redirect("uploads:detail", upload.pk)


WITHDRAWN = "The upload is withdrawn. Its images are deleted within a few minutes."
ASKED = "Your request has reached information governance. They will write to you."
