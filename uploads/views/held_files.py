"""Information governance: how a held file looks, what is blacked out, and what becomes of it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.services import record
from uploads import storage, tasks
from uploads.dicom.masks import ALL_FRAMES, RAISED_CONTRAST
from uploads.explanations import sentence
from uploads.forms import LookForm, MaskFormSet, RefusalForm, SeriesForm
from uploads.models import Upload, UploadedFile
from uploads.services import held_files
from uploads.views.held import for_curators, ring

# a detector's box ends where the ink does
_MARGIN_PIXELS = 4
_WHOLE_FILE = (ALL_FRAMES, RAISED_CONTRAST)
_FIELDS = ("x", "y", "width", "height", "frame")
_Outcome = UploadedFile.Outcome


@require_safe
@never_cache
@for_curators
def held_file(request: HttpRequest, upload_id: Any, file_id: Any) -> HttpResponse:
    """The picture, its masks and the decisions; while workers have the file, only that."""
    files = UploadedFile.objects.filter(upload__in=Upload.objects.held(), upload_id=upload_id)
    file = get_object_or_404(files.select_related("upload"), pk=file_id)
    if file.outcome == _Outcome.WAITING:
        return render(request, "uploads/held_waiting.html", {"file": file, "upload": file.upload})
    if request.headers.get("HX-Request"):
        # the workers are done: the page has more to say
        response = HttpResponse()
        response["HX-Refresh"] = "true"
        return response
    if file.outcome != _Outcome.HELD:
        return redirect("uploads:held-upload", upload_id)
    return _file_page(request, file, rows=_rows_to_start_with(request, file))


def _rows_to_start_with(request: HttpRequest, file: UploadedFile) -> list[Mapping[str, Any]]:
    """The masks drawn before; where text is suspected, when the curator asks for that."""
    if "suspected" not in request.GET:
        return list(file.masks)
    boxes = []
    for box in file.text_boxes:
        left, top = max(box["x"] - _MARGIN_PIXELS, 0), max(box["y"] - _MARGIN_PIXELS, 0)
        boxes.append(
            {
                "x": left,
                "y": top,
                "width": box["x"] + box["width"] + _MARGIN_PIXELS - left,
                "height": box["y"] + box["height"] + _MARGIN_PIXELS - top,
                "frame": box["frame"] if file.picture["frames"] > 1 else None,
            }
        )
    return [*file.masks, *boxes]


def _file_page(
    request: HttpRequest,
    file: UploadedFile,
    *,
    rows: list[Mapping[str, Any]] | None = None,
    formset: Any = None,
    series_form: SeriesForm | None = None,
    status: int = 200,
) -> HttpResponse:
    others = held_files.held_in_series(file)
    frame = _chosen_frame(request, file)
    context = {
        "upload": file.upload,
        "file": file,
        "sentence": sentence(file.reason),
        "frame": frame,
        "is_whole_file": frame in _WHOLE_FILE,
        "frames": _frames(file),
        "boxes": _on_frame(file.text_boxes, frame),
        "masks": _on_frame(file.masks, frame),
        "formset": formset or MaskFormSet(initial=rows or [{}], prefix="masks"),
        "series_form": series_form or SeriesForm(others=len(others)),
        "may_be_released": held_files.may_be_released(file),
        "next_file": _next(file),
    }
    return render(request, "uploads/held_file.html", context, status=status)


def _chosen_frame(request: HttpRequest, file: UploadedFile) -> int | None:
    shown = (file.picture or {}).get("shown") or []
    asked = request.GET.get("frame", "")
    if asked.isdecimal() and int(asked) in shown:
        return int(asked)
    suspected = [box["frame"] for box in file.text_boxes if box["frame"] in shown]
    return (suspected or shown or [None])[0]


def _frames(file: UploadedFile) -> list[tuple[int, str]]:
    """The pictures that were drawn, each with its words."""
    picture = file.picture or {}
    words = {ALL_FRAMES: "All frames in one", RAISED_CONTRAST: "More contrast"}
    if picture.get("frames") == 1:
        words[1] = "As it is"
    frames = sorted(picture.get("shown", []), key=lambda each: (each in _WHOLE_FILE, each))
    return [(frame, words.get(frame, f"Frame {frame}")) for frame in frames]


def _on_frame(rectangles: list[dict[str, Any]], frame: int | None) -> list[dict[str, Any]]:
    return [each for each in rectangles if frame in _WHOLE_FILE or each["frame"] in (None, frame)]


def _next(file: UploadedFile) -> UploadedFile | None:
    held = UploadedFile.objects.filter(upload_id=file.upload_id, outcome=_Outcome.HELD)
    return held.filter(number__gt=file.number).first()


@require_safe
@never_cache
@for_curators
def preview(request: HttpRequest, upload_id: Any, file_id: Any, frame: int) -> HttpResponse:
    """The picture of a held file's frame. Each look is in the trail."""
    file = _held_file(upload_id, file_id)
    if frame not in (file.picture or {}).get("shown", ()):
        raise Http404
    try:
        picture = storage.read_preview(file, frame)
    except FileNotFoundError:
        raise Http404 from None
    record(
        "file.viewed",
        actor=request.actor,
        subject=file,
        upload=str(upload_id),
        frame=frame,
        revision=file.masks_revision,
    )
    response = HttpResponse(picture, content_type="image/png")
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
@for_curators
def mask(request: HttpRequest, upload_id: Any, file_id: Any) -> HttpResponse:
    """Add or remove a row of the form, or black out what the rows say."""
    file = _held_file(upload_id, file_id)
    if "apply" not in request.POST:
        return _file_page(request, file, rows=_changed_rows(request))
    formset = MaskFormSet(request.POST, prefix="masks")
    series_form = SeriesForm(request.POST, others=len(held_files.held_in_series(file)))
    if not (formset.is_valid() and series_form.is_valid()):
        return _file_page(request, file, formset=formset, series_form=series_form, status=422)
    try:
        with transaction.atomic():
            count = held_files.mask_file(
                file=file,
                masks=formset.masks(),
                actor=request.actor,
                at=timezone.now(),
                in_whole_series=series_form.cleaned_data.get("in_whole_series", False),
            )
            ring(tasks.process_upload, upload_id)
    except held_files.MasksDoNotFit as problem:
        messages.error(request, str(problem))
        return _file_page(request, file, formset=formset, series_form=series_form, status=422)
    except held_files.NotHeld as problem:
        messages.error(request, str(problem))
        return _back(upload_id)
    if count > 1:
        messages.success(request, f"{count} files are being masked. Look at each of them again.")
    return redirect("uploads:held-file", upload_id, file_id)


def _changed_rows(request: HttpRequest) -> list[Mapping[str, Any]]:
    """The rows as they were typed, with one more or one less."""
    total = request.POST.get("masks-TOTAL_FORMS", "")
    count = min(int(total), held_files.MAX_MASKS) if total.isdecimal() else 0
    rows: list[Mapping[str, Any]] = [
        {name: request.POST.get(f"masks-{place}-{name}", "") for name in _FIELDS}
        for place in range(count)
    ]
    removed = request.POST.get("remove", "")
    if removed.isdecimal():
        return [row for place, row in enumerate(rows) if place != int(removed)]
    return [*rows, {}]


# --- Decisions ----------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_curators
def release(request: HttpRequest, upload_id: Any, file_id: Any) -> HttpResponse:
    """Show every picture and say what follows (GET), then let the file go on (POST)."""
    file = _held_file(upload_id, file_id)
    form = LookForm(request.POST or None, initial={"revision": file.masks_revision})
    if request.method != "POST" or not form.is_valid():
        if not held_files.may_be_released(file):
            return redirect("uploads:held-file", upload_id, file_id)
        context = {
            "upload": file.upload,
            "file": file,
            "frames": _frames(file),
            "form": form,
        }
        status = 422 if request.method == "POST" else 200
        return render(request, "uploads/held_release.html", context, status=status)
    revision = form.cleaned_data["revision"]
    return _decide(
        request,
        upload_id,
        lambda: held_files.release_file(
            file=file, revision=revision, actor=request.actor, at=timezone.now()
        ),
        then=tasks.process_upload,
        told=f"File {file.number} goes on to the workers.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_curators
def refuse_file(request: HttpRequest, upload_id: Any, file_id: Any) -> HttpResponse:
    """Ask for the reason and say what follows (GET), then leave the file out (POST)."""
    file = _held_file(upload_id, file_id)
    form = RefusalForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {"upload": file.upload, "file": file, "form": form}
        status = 422 if request.method == "POST" else 200
        return render(request, "uploads/held_refuse.html", context, status=status)
    reason = form.cleaned_data["reason"]
    return _decide(
        request,
        upload_id,
        lambda: held_files.refuse_file(file=file, actor=request.actor, reason=reason),
        then=tasks.settle_upload,
        told=f"File {file.number} is refused.",
    )


@require_POST
@for_curators
def try_again(request: HttpRequest, upload_id: Any, file_id: Any) -> HttpResponse:
    file = _held_file(upload_id, file_id)
    return _decide(
        request,
        upload_id,
        lambda: held_files.try_file_again(file=file, actor=request.actor),
        then=tasks.process_upload,
        told=f"File {file.number} is tried once more.",
    )


def _decide(
    request: HttpRequest, upload_id: Any, act: Callable[[], None], *, then: Any, told: str
) -> HttpResponse:
    try:
        with transaction.atomic():
            act()
            ring(then, upload_id)
    except (held_files.NotHeld, held_files.NothingToSee) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, told)
    return _back(upload_id)


def _held_file(upload_id: Any, file_id: Any) -> UploadedFile:
    held = UploadedFile.objects.filter(
        upload__in=Upload.objects.held(), upload_id=upload_id, outcome=_Outcome.HELD
    )
    return get_object_or_404(held.select_related("upload"), pk=file_id)


def _back(upload_id: Any) -> HttpResponse:
    """To the upload while it is held, or to the list when that was the last of it."""
    is_held = Upload.objects.held().filter(pk=upload_id).exists()
    return redirect(
        reverse("uploads:held-upload", args=[upload_id]) if is_held else reverse("held-uploads")
    )
