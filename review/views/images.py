"""The images of a case: what the stack is given, and the panel's DICOMweb."""

import hashlib
import re
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit.actors import Actor
from review import services
from review.models import MAY_READ, Case, CaseStudy
from uploads import dicomweb
from uploads.addresses import short_uid
from uploads.models import Instance, Series, Study

# whole files: a study's, a series' or one instance's
_DOWNLOAD = r"studies/[^/]+(/series/[^/]+(/instances/[^/]+)?)?/?"
# centre and width in Hounsfield units, for a page without script
LUNG_WINDOW = "-600,1500,linear"


@require_safe
@permission_required(MAY_READ, raise_exception=True)
def dicom_web(request: HttpRequest, resource: str) -> HttpResponse:
    """The panel's DICOMweb: the studies of the cases the member may see."""
    studies = _visible_studies(request.actor)
    response = dicomweb.answer(request, studies=studies, resource=resource)
    uid = resource.split("/")[1:2]
    # a list of studies opens none of them
    if uid and response.status_code == 200:
        asked = list(studies.filter(study_instance_uid=uid[0]))
        audit_opening(request, asked)
        if re.fullmatch(_DOWNLOAD, resource):
            services.record_download(studies=asked, actor=request.actor)
    return response


def _visible_studies(actor: Actor) -> QuerySet[Study]:
    cases = Case.objects.visible_to(actor).with_images()
    shown = CaseStudy.objects.shown().filter(case__in=cases)
    return Study.objects.filter(pk__in=shown.values("study"))


def studies_of(case: Case) -> list[tuple[Study, str]]:
    """The case's studies in order, each with its place on the axis of days in words."""
    if case.status in (Case.Status.SET_ASIDE, Case.Status.ERASED):
        return []
    rows = case.case_studies.shown().in_order().select_related("study__upload")
    studies = [row.study for row in rows]
    first = next((study.study_date for study in studies if study.study_date), None)
    return list(zip(studies, _distinct([_day(study, first) for study in studies]), strict=True))


def _day(study: Study, first: Any) -> str:
    if study.days_from_onset is not None:
        return f"Day {study.days_from_onset} from onset"
    if study.study_date and first:
        return f"Day {(study.study_date - first).days} from the first study"
    return "Day not known"


def _distinct(labels: list[str]) -> list[str]:
    # two studies of one day must not look like one
    return [
        f"{label}, study {labels[: place + 1].count(label)}" if labels.count(label) > 1 else label
        for place, label in enumerate(labels)
    ]


def series_list(studies: list[tuple[Study, str]]) -> list[dict[str, Any]]:
    """Every series of these studies as templates/components/stack.html wants them."""
    listed = []
    for study, label in studies:
        rows = study.series.filter(settled_at__isnull=False).prefetch_related(
            # a header is some kilobytes, and a page may list a thousand
            Prefetch("instances", Instance.objects.defer("header"))
        )
        for place, series in enumerate(rows, start=1):
            address = _series_address(study, series)
            listed.append(
                {
                    "uid": series.series_instance_uid,
                    "label": series.series_description or f"Series {place}",
                    "modality": series.modality,
                    "study": label,
                    "thumbnail_url": f"{address}/thumbnail",
                    "images": _images(address, series),
                }
            )
    return listed


def _series_address(study: Study, series: Series) -> str:
    root = reverse("review:dicom-web", args=["studies"])
    return f"{root}/{study.study_instance_uid}/series/{series.series_instance_uid}"


def _images(address: str, series: Series) -> list[dict[str, Any]]:
    return [
        {
            "uid": short_uid(instance.sop_instance_uid),
            "frame": frame,
            "url": f"{address}/instances/{instance.sop_instance_uid}/frames/{frame}/rendered",
        }
        for instance in series.instances.all()
        for frame in range(1, instance.number_of_frames + 1)
    ]


def fallback(series: list[dict[str, Any]], asked: str) -> dict[str, Any] | None:
    """One image with links to its neighbours, for a page without script."""
    images = [(each, image) for each in series for image in each["images"]]
    if not images:
        return None
    names = [f"{image['uid']}-{image['frame']}" for _, image in images]
    place = names.index(asked) if asked in names else (len(series[0]["images"]) - 1) // 2
    shown, image = images[place]
    window = f"?window={LUNG_WINDOW}" if shown["modality"] == "CT" else ""
    caption = f"{shown['study']}, {shown['label']}: image {place + 1} of {len(images)} in all"
    return {
        "url": image["url"] + window,
        "alt": f"{shown['modality']} image, {shown['study']}",
        "caption": caption,
        "previous_url": f"?image={names[place - 1]}" if place else "",
        "next_url": f"?image={names[place + 1]}" if place + 1 < len(names) else "",
    }


def audit_opening(request: HttpRequest, studies: list[Study]) -> None:
    """Write into the trail, once a sitting, that the member sees these studies."""
    session = (request.session.session_key or "").encode("ascii")
    services.record_opening(
        studies=studies,
        actor=request.actor,
        sitting=hashlib.sha256(b"sitting" + session).hexdigest(),
        at=timezone.now(),
    )
