"""The facets of the library: their names in the address, and the words of their values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.text import slugify

from review.models import Category, FindingCode

NOT_KNOWN = "not-known"

# days from onset to imaging, both ends included
DAY_BANDS = (
    ("0-3", -365, 3, "Day 0 to 3"),
    ("4-6", 4, 6, "Day 4 to 6"),
    ("7-10", 7, 10, "Day 7 to 10"),
    ("11-14", 11, 14, "Day 11 to 14"),
    ("15-28", 15, 28, "Day 15 to 28"),
    ("29-and-later", 29, 10_000, "Day 29 and later"),
)
_AGES = tuple((f"{start}-{start + 9}", f"{start} to {start + 9}") for start in range(0, 90, 10))


@dataclass(frozen=True)
class Facet:
    """One facet; `words` holds its values in their order, empty when rows of the panel name them.

    Of a facet with `all_of` a case must have every value chosen, of another any.
    """

    name: str
    label: str
    words: Mapping[str, str] = field(default_factory=dict)
    all_of: bool = False


FACETS = (
    Facet("modality", "Modality", {"ct": "CT", "radiograph": "Chest radiograph"}),
    Facet("category", "Category by the panel"),
    Facet(
        "severity",
        "Severity",
        {"mild": "Mild", "moderate": "Moderate", "severe": "Severe", "not-graded": "Not graded"},
    ),
    Facet("finding", "Findings", all_of=True),
    Facet("distribution", "Distribution", all_of=True),
    Facet(
        "day",
        "Day from onset",
        {name: words for name, _, _, words in DAY_BANDS} | {NOT_KNOWN: "Not known"},
    ),
    Facet(
        "pcr",
        "Imaging and RT-PCR",
        {
            "positive-imaging-against": "RT-PCR positive, imaging speaks against COVID-19",
            "negative-imaging-for": "RT-PCR negative, imaging speaks for COVID-19",
        },
    ),
    Facet(
        "agreement",
        "Agreement of the readers",
        {
            "same": "Both readers chose the same category and severity",
            "one-grade": "Same category, one grade of severity apart",
            "adjudicated": "The readers differed, a third person decided",
            "chair": "The chair decided",
        },
    ),
    Facet("value", "Teaching value", {str(value): f"{value} of 5" for value in (5, 4, 3, 2, 1)}),
    Facet("age", "Age", dict(_AGES) | {"90": "90 or over", NOT_KNOWN: "Not known"}),
)
BY_NAME = {facet.name: facet for facet in FACETS}


def category_value(category: Category) -> str:
    """A version that was used is frozen, so this address lasts."""
    return slugify(f"{category.scheme.code}-{category.scheme.version} {category.label}")


def day_value(day: int | None) -> str:
    if day is None:
        return NOT_KNOWN
    return next(name for name, first, last, _ in DAY_BANDS if first <= day <= last)


def known_values() -> dict[str, dict[str, str]]:
    """The words of every value by facet, in order; two queries for those that rows name."""
    known = {facet.name: dict(facet.words) for facet in FACETS}
    for category in Category.objects.filter(scheme__kind="category").select_related("scheme"):
        words = f"{category.label} ({category.scheme.name})"
        known["category"][category_value(category)] = words
    coded = FindingCode.objects.filter(kind__in=["finding", "distribution"])
    for kind, meaning in coded.order_by("order", "pk").values_list("kind", "meaning"):
        known[kind].setdefault(slugify(meaning), meaning)
    return known
