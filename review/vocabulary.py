"""Seed data for the reporting schemes. Rows from then on: an administrator edits those."""

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
