"""A patient's accepted studies become a case; a member opens its images."""

from datetime import datetime

from django.db import transaction

from audit.actors import Actor
from audit.services import record
from review.blinding import may_see_progress
from review.lifecycle import IN_READING, CaseStatus
from review.models import Case, CaseStudy, Opening, ReportingScheme, studies_to_open
from review.services.refusals import CaseBeingRead, Refusal
from uploads.models import Patient, Returning, Study


class NothingToOpen(Refusal):
    """No accepted study of the patient waits outside a case."""


@transaction.atomic
def open_case(*, patient: Patient, actor: Actor, at: datetime) -> Case:
    """Put a patient's waiting studies into a case, and give that case.

    An open case that nobody has finished reading takes them; after a settled one a new
    case follows. What its trust says is another patient's is opened by itself.

    Raises NothingToOpen, and CaseBeingRead when a reading of the open case is locked.
    """
    # one at a time for a patient: of two racing openings the second finds nothing to open
    Patient.objects.select_for_update().get(pk=patient.pk)
    waiting = list(studies_to_open().filter(patient=patient).select_related("upload"))
    if not waiting:
        raise NothingToOpen("This patient's studies are in a case already.")
    studies = [study for study in waiting if study.upload.returning != Returning.OTHER]
    is_another = not studies
    if is_another:
        studies = [study for study in waiting if study.upload_id == waiting[0].upload_id]
    earlier = Case.objects.select_for_update().filter(patient=patient).order_by("-opened_at", "-pk")
    in_reading = next((case for case in earlier if case.status in IN_READING), None)
    if in_reading is None:
        own = [] if is_another else [case for case in earlier if not _is_of_another(case)]
        case = Case.objects.create(
            patient=patient,
            follows=own[0] if own else None,
            opened_at=at,
            opened_by=actor.member,
        )
        verb = "case.opened"
    else:
        case, verb = in_reading, "case.joined"
        _check_joining(case, actor, is_another=is_another)
    CaseStudy.objects.bulk_create(_held(case, study) for study in studies)
    record(verb, actor=actor, subject=case, studies=[study.pk for study in studies])
    return case


def _held(case: Case, study: Study) -> CaseStudy:
    """The study as the case holds it, with the versions all its readers read by.

    A trigger freezes them when this row is written.
    """
    scheme = ReportingScheme.objects.default_for(study.modality).first()
    scoring = ReportingScheme.objects.scores_for(study.modality).first()
    return CaseStudy(case=case, study=study, scheme=scheme, scoring=scoring)


def _check_joining(case: Case, actor: Actor, *, is_another: bool) -> None:
    """Raise CaseBeingRead unless waiting studies may join the open case."""
    if actor.member and not may_see_progress(case, actor):
        # whether they still may join would tell that somebody has finished reading
        raise CaseBeingRead(
            f"You have still to read case {case.number} of this patient. "
            "Somebody else puts the later images to it."
        )
    if is_another or _is_of_another(case):
        raise CaseBeingRead(
            f"Case {case.number} came under the same identifier and is being read, but these "
            "images are of another patient. When it is settled, they can be opened by themselves."
        )
    if case.status != CaseStatus.OPEN or case.readings.filter(submitted_at__isnull=False):
        raise CaseBeingRead(
            f"Case {case.number} of this patient is being read. "
            "When it is settled, a new case can be opened for the later studies."
        )


def _is_of_another(case: Case) -> bool:
    """Whether all its images are, as their trust says, of another patient than those before."""
    studies = case.case_studies.all()
    own = studies.exclude(study__upload__returning=Returning.OTHER)
    return studies.exists() and not own.exists()


@transaction.atomic
def record_opening(*, studies: list[Study], actor: Actor, sitting: str, at: datetime) -> int:
    """Write into the trail that a member sees these studies: one row a study and sitting.

    Gives how many were new: none, when this sitting has opened them before.
    """
    seen = set(
        Opening.objects.filter(member=actor.member, study__in=studies, sitting=sitting).values_list(
            "study", flat=True
        )
    )
    new = 0
    for study in studies:
        if study.pk in seen:
            continue
        _, created = Opening.objects.get_or_create(
            member=actor.member, study=study, sitting=sitting, defaults={"opened_at": at}
        )
        if created:
            record("study.opened", actor=actor, subject=study)
            new += 1
    return new


@transaction.atomic
def record_sent_ahead(*, case: Case, actor: Actor) -> None:
    """Write into the trail that the page of a case went to a member who has not opened it yet."""
    record("case.sent_ahead", actor=actor, subject=case)


@transaction.atomic
def record_download(*, studies: list[Study], actor: Actor) -> None:
    """Write into the trail that a member takes DICOM files of these studies away."""
    for study in studies:
        record("study.downloaded", actor=actor, subject=study)
