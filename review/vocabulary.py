"""Seed data for schemes, scores and findings. Rows from then on: an administrator edits those."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SchemeSeed:
    """One reporting scheme as first shipped; categories are (code, label, help), in order."""

    code: str
    modality: str
    version: str
    name: str
    is_default: bool
    categories: tuple[tuple[str, str, str], ...]


SCHEMES = (
    SchemeSeed(
        "bsti-ct",
        "CT",
        "2020",
        "BSTI CT",
        True,
        (
            (
                "CVCX1",
                "Classic COVID-19",
                "100 % confidence. Lower-lobe and peripheral predominant, multiple, usually "
                "bilateral ground-glass foci, with or without crazy-paving, peripheral "
                "consolidation, air bronchograms, reversed halo or perilobular pattern.",
            ),
            (
                "CVCX1",
                "Probable COVID-19",
                "71 to 99 % confidence for COVID-19.",
            ),
            (
                "CVCX2",
                "Indeterminate",
                "Less than 70 % confidence for COVID-19, and no alternative stands out.",
            ),
            (
                "CVCX3",
                "Non-COVID",
                "70 % confidence for an alternative.",
            ),
            ("CVCX0", "Normal", "A normal study does not exclude COVID-19."),
        ),
    ),
    SchemeSeed(
        "bsti-cxr",
        "CR",
        "2020",
        "BSTI chest radiograph",
        True,
        (
            ("CVCX0", "Normal", "A normal radiograph does not exclude COVID-19."),
            (
                "CVCX1",
                "Classic or probable COVID-19",
                "Lower-lobe and peripheral predominant, multiple, usually bilateral opacities.",
            ),
            ("CVCX2", "Indeterminate", "Neither classic or probable, nor non-COVID."),
            ("CVCX3", "Non-COVID", "An alternative is more likely."),
        ),
    ),
    SchemeSeed(
        "co-rads",
        "CT",
        "2020",
        "CO-RADS",
        False,
        (
            ("0", "Not interpretable", "The scan cannot be read for a technical reason."),
            ("1", "Very low", "Level of suspicion for pulmonary involvement: very low."),
            ("2", "Low", "Level of suspicion for pulmonary involvement: low."),
            ("3", "Equivocal", "Level of suspicion for pulmonary involvement: equivocal."),
            ("4", "High", "Level of suspicion for pulmonary involvement: high."),
            ("5", "Very high", "Level of suspicion for pulmonary involvement: very high."),
            ("6", "Proven", "Proven by RT-PCR."),
        ),
    ),
    SchemeSeed(
        "rsna-ct",
        "CT",
        "2020",
        "RSNA",
        False,
        (
            ("typical", "Typical", "Typical appearance."),
            ("indeterminate", "Indeterminate", "Indeterminate appearance."),
            ("atypical", "Atypical", "Atypical appearance."),
            ("negative", "Negative", "Negative for pneumonia."),
        ),
    ),
)


def seed(scheme_model: Any, category_model: Any) -> None:
    """Add the shipped schemes that are not there yet, to the models given."""
    for shipped in SCHEMES:
        scheme, is_new = scheme_model.objects.get_or_create(
            code=shipped.code,
            version=shipped.version,
            defaults={
                "modality": shipped.modality,
                "name": shipped.name,
                "is_default": shipped.is_default,
            },
        )
        if is_new:
            category_model.objects.bulk_create(
                category_model(scheme=scheme, code=code, label=label, help=help_text, order=order)
                for order, (code, label, help_text) in enumerate(shipped.categories, start=1)
            )


@dataclass(frozen=True)
class ScoreSeed:
    """A score as first shipped: its regions and its grades, each graded from 0 up."""

    code: str
    modality: str
    version: str
    name: str
    regions: tuple[tuple[str, str], ...]
    grades: tuple[str, ...]


SCORES = (
    ScoreSeed(
        "ct-severity",
        "CT",
        "2020",
        "CT severity score (0 to 25)",
        (
            ("right-upper", "Right upper lobe"),
            ("right-middle", "Right middle lobe"),
            ("right-lower", "Right lower lobe"),
            ("left-upper", "Left upper lobe"),
            ("left-lower", "Left lower lobe"),
        ),
        ("None", "Less than 5 %", "5 to 25 %", "26 to 49 %", "50 to 75 %", "More than 75 %"),
    ),
    ScoreSeed(
        "cxr-severity",
        "CR",
        "2020",
        "Radiograph severity score (0 to 8)",
        (("right", "Right lung"), ("left", "Left lung")),
        ("None", "Less than 25 %", "25 to 50 %", "50 to 75 %", "More than 75 %"),
    ),
)

# (kind, coding scheme, code, meaning); where no code is free, the meaning stands alone
FINDINGS: tuple[tuple[str, str, str | None, str], ...] = (
    ("finding", "DCM", "112120", "Ground-glass opacity"),
    ("finding", "", None, "Consolidation"),
    ("finding", "", None, "Crazy-paving"),
    ("finding", "", None, "Reversed halo"),
    ("finding", "", None, "Perilobular pattern"),
    ("finding", "DCM", "112071", "Air bronchogram"),
    ("finding", "DCM", "112073", "Halo sign"),
    ("finding", "DCM", "112108", "Intralobular lines"),
    ("finding", "DCM", "112114", "Septal lines"),
    ("finding", "DCM", "112112", "Parenchymal band"),
    ("finding", "DCM", "112115", "Subpleural line"),
    ("finding", "DCM", "112113", "Reticular pattern"),
    ("finding", "DCM", "112106", "Honeycomb"),
    ("finding", "DCM", "112127", "Tree-in-bud"),
    ("finding", "DCM", "112122", "Micronodule"),
    ("finding", "DCM", "112119", "Dependent opacity"),
    ("finding", "DCM", "112130", "Mosaic pattern"),
    ("finding", "SCT", "60046008", "Pleural effusion"),
    ("finding", "SCT", "36118008", "Pneumothorax"),
    ("finding", "SCT", "16838000", "Pneumomediastinum"),
    ("finding", "SCT", "59282003", "Pulmonary embolism"),
    ("finding", "SCT", "40779009", "Plate-like atelectasis"),
    ("finding", "SCT", "76171001", "Air-trapping"),
    ("finding", "SCT", "27925004", "Nodule"),
    ("site", "SCT", "281392002", "Upper zone"),
    ("site", "SCT", "281393007", "Middle zone"),
    ("site", "SCT", "281394001", "Lower zone"),
    ("site", "SCT", "45653009", "Upper lobe"),
    ("site", "SCT", "72481006", "Right middle lobe"),
    ("site", "SCT", "90572001", "Lower lobe"),
    ("distribution", "SCT", "14414005", "Peripheral"),
    ("distribution", "SCT", "26216008", "Central"),
    ("distribution", "SCT", "68599007", "Subpleural"),
)


def seed_scores(scheme_model: Any, category_model: Any, region_model: Any) -> None:
    """Add the shipped scores that are not there yet, to the models given."""
    for shipped in SCORES:
        scheme, is_new = scheme_model.objects.get_or_create(
            code=shipped.code,
            version=shipped.version,
            defaults={
                "modality": shipped.modality,
                "name": shipped.name,
                "kind": "score",
                "is_default": True,
            },
        )
        if is_new:
            region_model.objects.bulk_create(
                region_model(scheme=scheme, code=code, label=label, order=order)
                for order, (code, label) in enumerate(shipped.regions, start=1)
            )
            category_model.objects.bulk_create(
                category_model(scheme=scheme, code=str(grade), label=label, order=grade + 1)
                for grade, label in enumerate(shipped.grades)
            )


def seed_findings(code_model: Any) -> None:
    """Add the shipped findings, sites and distributions that are not there yet."""
    for order, (kind, designator, code, meaning) in enumerate(FINDINGS, start=1):
        code_model.objects.get_or_create(
            kind=kind,
            meaning=meaning,
            version=1,
            defaults={"designator": designator, "code": code, "order": order},
        )
