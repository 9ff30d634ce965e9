"""What the panel and the trust said of a case, as far as the public may know it."""

from review.models import Case, Verdict
from uploads.models import ClinicalRecord, Upload


def newest_verdict(case: Case) -> Verdict | None:
    return case.verdicts.select_related("category__scheme").order_by("-decided_at", "-pk").first()


def newest_record(case: Case) -> ClinicalRecord | None:
    """The clinical context of the first accepted upload of a case, as it stands now."""
    uploads = Upload.objects.accepted().filter(
        studies__in=case.case_studies.shown().values("study")
    )
    return (
        ClinicalRecord.objects.filter(upload__in=uploads)
        .order_by("upload__submitted_at", "-version")
        .first()
    )


def age_band(age_years: int | None) -> str:
    """ "60 to 69" for 67; 90 and over is one band."""
    if age_years is None:
        return "Not known"
    start = age_years // 10 * 10
    return "90 or over" if start >= 90 else f"{start} to {start + 9}"
