"""The images of a case: what the stack is given, and the panel's DICOMweb."""

import hashlib
import re
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit.actors import Actor
from review import services
from review.models import MAY_READ, Case, CaseStudy
from uploads import dicomweb, stacks
from uploads.models import Study

# whole files: a study's, a series' or one instance's
_DOWNLOAD = r"studies/[^/]+(/series/[^/]+(/instances/[^/]+)?)?/?"


@require_safe
@permission_required(MAY_READ, raise_exception=True)
def dicom_web(request: HttpRequest, resource: str) -> HttpResponse:
    """The panel's DICOMweb: the studies of the cases the member may see."""
    return answer_audited(request, _visible_studies(request.actor), resource)


def answer_audited(request: HttpRequest, studies: QuerySet[Study], resource: str) -> HttpResponse:
    """The DICOMweb answer for a member, with what they see and take away in the trail."""
    # a list of studies opens none of them
    uid = resource.strip("/").split("/")[1:2]
    asked = list(studies.filter(study_instance_uid=uid[0])) if uid else []
    if uid:
        # who may see what is the long part of a query, and a viewer asks for hundreds of frames
        studies = Study.objects.filter(pk__in=[study.pk for study in asked])
    response = dicomweb.answer(request, studies=studies, resource=resource)
    if asked and response.status_code == 200:
        audit_opening(request, asked)
        if re.fullmatch(_DOWNLOAD, resource):
            services.record_download(studies=asked, actor=request.actor)
    return response


def _visible_studies(actor: Actor) -> QuerySet[Study]:
    cases = Case.objects.visible_to(actor).with_images()
    shown = CaseStudy.objects.shown().filter(case__in=cases)
    return Study.objects.filter(pk__in=shown.values("study"))


def series_list(studies: list[tuple[Study, str]]) -> list[dict[str, Any]]:
    """Every series of these studies as templates/components/stack.html wants them."""
    return stacks.series_list(studies, root=dicom_web_root())


def dicom_web_root() -> str:
    return reverse("review:dicom-web", args=["studies"]).removesuffix("studies")


def audit_opening(request: HttpRequest, studies: list[Study]) -> None:
    """Write into the trail, once a sitting, that the member sees these studies."""
    session = (request.session.session_key or "").encode("ascii")
    services.record_opening(
        studies=studies,
        actor=request.actor,
        sitting=hashlib.sha256(b"sitting" + session).hexdigest(),
        at=timezone.now(),
    )
