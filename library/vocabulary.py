"""Seed data for the search, and what categories say of COVID-19. Synonyms are rows from then on."""

from typing import Any

# meaning: other terms for it
SYNONYMS: dict[str, tuple[str, ...]] = {
    "ground-glass opacity": ("GGO", "ground glass", "ground-glass", "ground glass opacification"),
    "crazy-paving": ("crazy paving pattern", "crazy pavement"),
    "consolidation": ("airspace opacity", "air space opacity", "airspace shadowing"),
    "reversed halo": ("atoll sign", "reverse halo", "reversed halo sign"),
    "perilobular pattern": ("arcade sign", "perilobular"),
    "pulmonary embolism": ("PE", "pulmonary embolus", "pulmonary emboli"),
    "computed tomography": ("CT", "CT scan"),
    "chest radiograph": ("CXR", "chest X-ray", "chest film", "radiograph", "plain film"),
    "pleural effusion": ("effusion", "pleural fluid"),
    "air bronchogram": ("bronchogram",),
    "pneumothorax": ("PTX",),
    "organising pneumonia": ("OP", "COP", "organizing pneumonia", "BOOP"),
    "acute respiratory distress syndrome": ("ARDS",),
    "COVID-19": ("covid", "coronavirus", "SARS-CoV-2"),
    "RT-PCR": ("PCR", "swab"),
    "honeycomb": ("honeycombing",),
    "plate-like atelectasis": ("linear atelectasis", "band atelectasis", "discoid atelectasis"),
    "septal lines": ("interlobular septal thickening", "Kerley lines"),
    "tree-in-bud": ("TIB",),
    "right lower lobe": ("RLL",),
    "left lower lobe": ("LLL",),
    "right upper lobe": ("RUL",),
    "left upper lobe": ("LUL",),
    "right middle lobe": ("RML",),
}

# Only for telling where imaging and RT-PCR part: (scheme, category codes). A scheme that is not
# here tells nothing, and no category is ever turned into another scheme's.
SPEAKS_FOR_COVID = {
    "bsti-ct": {"CVCX1"},
    "bsti-cxr": {"CVCX1"},
    "co-rads": {"4", "5"},
    "rsna-ct": {"typical"},
}
SPEAKS_AGAINST_COVID = {
    "bsti-ct": {"CVCX0", "CVCX3"},
    "bsti-cxr": {"CVCX0", "CVCX3"},
    "co-rads": {"1", "2"},
    "rsna-ct": {"atypical", "negative"},
}


def seed_synonyms(synonym_model: Any) -> None:
    """Add the shipped synonyms that are not there yet, to the model given."""
    for meaning, terms in SYNONYMS.items():
        for term in terms:
            synonym_model.objects.get_or_create(term=term, defaults={"meaning": meaning})
