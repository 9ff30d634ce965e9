"""What a status, an outcome and a reason mean in plain words, for pages and mails."""

from collections import Counter
from datetime import date
from typing import Any

from django.db.models import Count
from django.utils import timezone

from uploads.dicom.deid.report import Done, Report
from uploads.lifecycle import UploadStatus
from uploads.models import Upload
from uploads.services.deciding import DRAFT_KEPT, kept_until


def next_steps(upload: Upload) -> list[str]:
    """What happens next, with dates."""
    status = upload.status
    if status == UploadStatus.DRAFT:
        last = _words(timezone.localdate(upload.created_at) + DRAFT_KEPT)
        return [f"This upload is not sent yet. If you do not submit it, it is deleted on {last}."]
    if status == UploadStatus.SUBMITTED:
        return [
            "Names, numbers and dates are removed from the files now. This takes a few minutes.",
            "You get a mail with the result. You need not keep this page open.",
        ]
    if status == UploadStatus.QUERIED:
        return [
            "Information governance waits for your answer, and then goes on with its check.",
            f"Without an answer by {_last_day(upload)} the images are deleted.",
        ]
    if status == UploadStatus.HELD:
        return [
            "Information governance looks at the held files, and releases or refuses them.",
            f"What is not decided by {_last_day(upload)} is deleted.",
            "You get a mail with the result.",
        ]
    if status == UploadStatus.ACCEPTED:
        return [
            "Two members of the expert panel read the images.",
            "Images the panel does not choose are deleted 30 days after its decision. Images it "
            "chooses are kept 24 months and then looked at again; published ones 36 months.",
            "You can withdraw the images below.",
        ]
    if status == UploadStatus.REFUSED:
        return [
            "The images have been deleted. You can put the matter right and start another upload."
        ]
    return ["The images are deleted. The reference and the dates stay, as a record."]


def _last_day(upload: Upload) -> str:
    last = kept_until(upload)
    return _words(timezone.localdate(last)) if last else "the end of its time"


def _words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


# --- What was done to the headers ---------------------------------------------------


def header_report(upload: Upload) -> Report:
    """What was done to the headers of an upload's files, added up. It holds no value."""
    whole = Report()
    # the slices of a series are treated alike: each treatment is read once
    treatments = upload.files.exclude(report=None).order_by().values_list("report")
    for treatment, files in treatments.annotate(Count("pk")):
        whole.merge(Report.from_json(treatment), times=files)
    return whole


def header_rows(report: Report) -> dict[str, list[dict[str, Any]]]:
    """For a page: the rows (tag, name, words) of what was changed, and of what stays as it is."""
    changed, kept = [], []
    for row in report.rows():
        done = [f"{word} {row[word]:,}×" for word in Done if word in row]
        shown = {"tag": row["tag"], "name": row["name"], "done": ", ".join(done)}
        (kept if set(row) & set(Done) <= {Done.KEPT} else changed).append(shown)
    return {"changed": changed, "kept": kept}


def header_summary(report: Report) -> str:
    """For a mail: how many different headers were treated how."""
    kinds = Counter(done for _, done in report.counts)
    parts = [f"{kinds[done]} {done}" for done in Done if kinds[done]]
    return ", ".join(parts)
