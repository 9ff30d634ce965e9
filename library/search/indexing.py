"""Keeping the search's rows: made and removed by the acts of publication, mended by a sweep."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from html import unescape

from django.contrib.postgres.search import SearchVector
from django.db.models import Exists, F, Max, OuterRef, Q, Value
from django.utils.html import strip_tags
from django.utils.text import slugify

from library.facts import agreement_of, newest_record, newest_verdict
from library.models import Edition, PublishedImage, SearchEntry
from library.search import facets, words
from library.text import to_html
from library.vocabulary import SPEAKS_AGAINST_COVID, SPEAKS_FOR_COVID
from review.models import Finding, Severity, Verdict
from uploads.models import ClinicalRecord

RENEWED_AFTER = timedelta(days=1)  # what a corrected clinical record changes is found by then
AT_ONCE = 200


def index_edition(edition: Edition, *, at: datetime) -> SearchEntry:
    """Make or renew the row of a published edition; an older edition's row goes."""
    SearchEntry.objects.filter(edition__teaching_case=edition.teaching_case).exclude(
        edition=edition
    ).delete()
    case = edition.teaching_case.case
    verdict, record = newest_verdict(case), newest_record(case)
    images = _distinct(edition)
    findings = _findings(edition)
    named = [*_named(verdict, images), *dict.fromkeys(_meanings(findings))]
    prose = [edition.key_points, edition.differential, edition.discussion]
    points = edition.teaching_points.all()
    written = [*(each for point in points for each in (point.text, point.alt_text)), *prose]
    texts = [_plain(text) for text in written if text]
    passage = " ".join([edition.summary, *texts]).strip()
    days = sorted({day for _, _, day, _ in images if day is not None})
    first = images[0]
    entry, _ = SearchEntry.objects.update_or_create(
        edition=edition,
        defaults={
            "facets": sorted(set(_facets(verdict, record, images, findings))),
            "passage": passage,
            "words": words.vocabulary([edition.title, passage, *named]),
            "vector": _vector(edition.title, [*named, edition.summary], texts),
            "first_day": days[0] if days else None,
            "days": days,
            "severity": verdict.severity if verdict else None,
            "category": verdict.category.label if verdict and verdict.category else "",
            "study_instance_uid": first[0],
            "series_instance_uid": first[1],
            "indexed_at": at,
        },
    )
    return entry


def remove_teaching_case(teaching_case_id: int) -> None:
    """Nothing of a case is found from now on."""
    SearchEntry.objects.filter(edition__teaching_case=teaching_case_id).delete()


def refresh(*, at: datetime) -> int:
    """Delete rows of what is not public, make missing ones, renew those that may be outdated.

    Each row by itself, so that a suspension never waits for the others.
    """
    public = Edition.objects.public()
    SearchEntry.objects.filter(~Exists(public.filter(pk=OuterRef("edition")))).delete()
    newest = Max("teaching_case__case__verdicts__decided_at")
    due = public.annotate(verdict_at=newest).filter(
        Q(search_entry=None)
        | Q(verdict_at__gt=F("search_entry__indexed_at"))
        | Q(search_entry__indexed_at__lt=at - RENEWED_AFTER)
    )
    found = list(due.select_related("teaching_case__case")[:AT_ONCE])
    for edition in found:
        index_edition(edition, at=at)
    return len(found)


_Image = tuple[str, str, int | None, str]  # study, series, day from onset, modality


def _distinct(edition: Edition) -> list[_Image]:
    """The series of an edition, in the order they hang."""
    rows = PublishedImage.objects.filter(edition=edition, position=1).order_by("series_position")
    return list(
        rows.values_list("study_instance_uid", "series_instance_uid", "days_from_onset", "modality")
    )


def _findings(edition: Edition) -> list[Finding]:
    """What locked readings name on the studies that the edition shows."""
    shown = edition.shown_series.values("series__study")
    rows = Finding.objects.filter(
        reading__case=edition.teaching_case.case,
        reading__submitted_at__isnull=False,
        study__in=shown,
    )
    return list(rows.select_related("finding", "site", "distribution"))


def _meanings(findings: Iterable[Finding]) -> Iterable[str]:
    for each in findings:
        for code in (each.finding, each.site, each.distribution):
            if code is not None:
                yield code.meaning


def _named(verdict: Verdict | None, images: Iterable[_Image]) -> list[str]:
    """What the panel and the headers call the case, in words people search for."""
    modalities = {"CT" if row[3] == "CT" else "chest radiograph" for row in images}
    named = sorted(modalities)
    if verdict and verdict.category:
        named += [verdict.category.label, verdict.category.scheme.name]
    if verdict and verdict.severity:
        named.append(str(Severity(verdict.severity).label))
    return named


def _facets(
    verdict: Verdict | None,
    record: ClinicalRecord | None,
    images: list[_Image],
    findings: Iterable[Finding],
) -> Iterable[str]:
    for _, _, day, modality in images:
        yield f"modality:{'ct' if modality == 'CT' else 'radiograph'}"
        yield f"day:{facets.day_value(day)}"
    for each in findings:
        yield f"finding:{slugify(each.finding.meaning)}"
        if each.distribution is not None:
            yield f"distribution:{slugify(each.distribution.meaning)}"
    yield f"age:{_age_value(record)}"
    if verdict is None:
        return
    severity = Severity(verdict.severity).label.lower() if verdict.severity else "not-graded"
    yield f"severity:{severity}"
    yield f"value:{verdict.teaching_value}"
    yield f"agreement:{agreement_of(verdict)}"
    if verdict.category is not None:
        yield f"category:{facets.category_value(verdict.category)}"
    if mismatch := _mismatch(verdict, record):
        yield f"pcr:{mismatch}"


def _age_value(record: ClinicalRecord | None) -> str:
    if record is None or record.age_years is None:
        return facets.NOT_KNOWN
    start = record.age_years // 10 * 10
    return "90" if start >= 90 else f"{start}-{start + 9}"


def _mismatch(verdict: Verdict, record: ClinicalRecord | None) -> str:
    category = verdict.category
    if record is None or category is None:
        return ""
    scheme, positive = category.scheme.code, ClinicalRecord.RtPcr.POSITIVE
    if record.rt_pcr == positive and category.code in SPEAKS_AGAINST_COVID.get(scheme, ()):
        return "positive-imaging-against"
    negative = ClinicalRecord.RtPcr.NEGATIVE
    if record.rt_pcr == negative and category.code in SPEAKS_FOR_COVID.get(scheme, ()):
        return "negative-imaging-for"
    return ""


def _plain(markdown: str) -> str:
    return " ".join(unescape(strip_tags(to_html(markdown))).split())


# words that are not indexed, but have a place: what stands in two texts is no phrase
_APART = " and the "


def _vector(title: str, named: Iterable[str], texts: Iterable[str]) -> object:
    """The title weighs most, then what the panel named and the summary, then all else."""
    weighed = [([title], "A"), (named, "B"), (texts, "C")]
    vectors = [
        SearchVector(
            Value(_APART + words.parted(_APART.join(texts))), weight=weight, config=words.CONFIG
        )
        for texts, weight in weighed
    ]
    return vectors[0] + vectors[1] + vectors[2]
