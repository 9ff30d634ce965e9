"""The coded findings of a draft, and where on the images of their study they lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from review.models import Case, CaseStudy, Finding, FindingCode, Reading
from review.services.refusals import NotOfThisCase, Refusal, Unentitled
from uploads.addresses import short_uid
from uploads.dicom.drawing import check_drawing
from uploads.dicom.graphics import NotAGraphic, Pair, flat, pairs_of
from uploads.models import Instance, Study

CODES = ("finding", "site", "distribution")
# a finding has words of its own
PLACING_TOOLS = ("arrow", "length", "ellipse", "rectangle", "polygon")


class NotPlaced(Refusal):
    """A finding cannot lie there: the sentence says why."""


class ImageOfAnotherCase(NotOfThisCase, Unentitled):
    """A finding was placed on an image that its case does not show."""

    code = "image_of_another_case"


@dataclass(frozen=True)
class Placement:
    """What is drawn where: `image` is the slice's address, `k3f9…-1`."""

    image: str
    tool: str
    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class CodedFinding:
    """A finding of a study as chosen from the lists, on one of its images or on none."""

    finding: FindingCode
    site: FindingCode | None = None
    distribution: FindingCode | None = None
    placement: Placement | None = None


def findings_of(reading: Reading) -> dict[int, tuple[CodedFinding, ...]]:
    """What a saved reading found, by study's primary key, in the order it was listed."""
    found: dict[int, tuple[CodedFinding, ...]] = {}
    rows = reading.findings.select_related(*CODES, "instance").defer("instance__header")
    for row in rows:
        coded = CodedFinding(row.finding, row.site, row.distribution, placement_of(row))
        found[row.study_id] = (*found.get(row.study_id, ()), coded)
    return found


def placement_of(row: Finding) -> Placement | None:
    if row.instance is None:
        return None
    image = f"{short_uid(row.instance.sop_instance_uid)}-{row.frame}"
    return Placement(image, row.tool, tuple(pairs_of(row.graphic_data)))


def keep_findings(
    reading: Reading, study: Study, findings: tuple[CodedFinding, ...], at: datetime
) -> None:
    """Put the findings of a study in place of those kept before, unless they are the same.

    Raises NotOfThisCase, ImageOfAnotherCase, NotPlaced.
    """
    if findings_of(reading).get(study.pk, ()) == findings:
        return
    for each in findings:
        _check_lists(each)
    images = _images_of(study) if any(each.placement for each in findings) else {}
    rows = [
        Finding(
            reading=reading,
            study=study,
            finding=each.finding,
            site=each.site,
            distribution=each.distribution,
            # one moment apart, so that they stay in the order in which they were listed
            found_at=at + timedelta(microseconds=place),
            **(_placed(each.placement, images, reading.case) if each.placement else {}),
        )
        for place, each in enumerate(findings)
    ]
    reading.findings.filter(study=study).delete()
    Finding.objects.bulk_create(rows)


def _check_lists(found: CodedFinding) -> None:
    """Raises NotOfThisCase for a code of another list."""
    codes = [(name, getattr(found, name)) for name in CODES]
    if any(code is not None and code.kind != kind for kind, code in codes):
        raise NotOfThisCase("That code is not of the list it was chosen from.")


def _images_of(study: Study) -> dict[str, Instance]:
    """The images that the stack shows of a study, by short UID."""
    shown = Instance.objects.filter(series__study=study, series__settled_at__isnull=False)
    size = ("sop_instance_uid", "columns", "rows", "number_of_frames")
    return {short_uid(image.sop_instance_uid): image for image in shown.only(*size)}


def _placed(placement: Placement, images: Mapping[str, Instance], case: Case) -> dict[str, Any]:
    """The columns of a finding that lies there."""
    uid, _, number = placement.image.rpartition("-")
    instance = images.get(uid)
    if instance is None:
        raise _not_among(uid, case)
    # a longer number is no frame, and no integer of the database
    frame = int(number) if number.isdecimal() and len(number) <= 6 else 0
    try:
        if placement.tool not in PLACING_TOOLS:
            raise NotAGraphic("There is no such tool.")
        tool = check_drawing(
            placement.tool,
            placement.pairs,
            columns=instance.columns,
            rows=instance.rows,
            frame=frame,
            number_of_frames=instance.number_of_frames,
        )
    except NotAGraphic as problem:
        raise NotPlaced(f"A finding cannot lie there. {problem}") from problem
    return {
        "instance": instance,
        "frame": frame,
        "tool": placement.tool,
        "graphic_type": tool.graphic_type,
        "graphic_data": flat(placement.pairs),
    }


def _not_among(uid: str, case: Case) -> Refusal:
    studies = CaseStudy.objects.filter(case=case).shown().values("study")
    uids = Instance.objects.filter(series__study__in=studies).values_list("sop_instance_uid")
    if uid in {short_uid(other) for (other,) in uids}:
        return NotPlaced("A finding lies on an image of its own study, and this is another’s.")
    return ImageOfAnotherCase("That image is not of this case, so no finding can lie on it.")
