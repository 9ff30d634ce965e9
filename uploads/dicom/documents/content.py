"""Content items of a structured report, each as the data set that it is.

References
----------
DICOM PS3.3 C.17.3 (SR document content), C.18 (content macros); PS3.5 6.2 (DS).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pydicom.dataset import Dataset
from pydicom.valuerep import format_number_as_ds

PRIVATE_SCHEME = "99BSTI"


class Code(NamedTuple):
    """A coded concept: its value, its coding scheme's designator, and its meaning in words."""

    value: str
    scheme: str
    meaning: str


class Relation:
    """How an item relates to the one it lies in."""

    CONTAINS = "CONTAINS"
    INFERRED_FROM = "INFERRED FROM"
    SELECTED_FROM = "SELECTED FROM"
    CONTEXT = "HAS OBS CONTEXT"
    MODIFIER = "HAS CONCEPT MOD"


def coded(code: Code) -> Dataset:
    """An item of a code sequence (PS3.3 8.8)."""
    dataset = Dataset()
    # a SH holds 16 characters
    setattr(dataset, "CodeValue" if len(code.value) <= 16 else "LongCodeValue", code.value)
    dataset.CodingSchemeDesignator = code.scheme
    dataset.CodeMeaning = code.meaning[:64]
    return dataset


def decimal(value: float) -> str:
    """A number as the at most 16 characters of a DS, as exactly as they can say it."""
    return str(format_number_as_ds(float(value)))


def _item(relation: str, value_type: str, name: Code | None) -> Dataset:
    item = Dataset()
    item.RelationshipType = relation
    item.ValueType = value_type
    if name is not None:
        item.ConceptNameCodeSequence = [coded(name)]
    return item


def container(
    name: Code,
    children: Iterable[Dataset],
    *,
    relation: str = Relation.CONTAINS,
    template: str = "",
) -> Dataset:
    item = _item(relation, "CONTAINER", name)
    item.ContinuityOfContent = "SEPARATE"
    if template:
        item.ContentTemplateSequence = [_template(template)]
    item.ContentSequence = list(children)
    return item


def _template(identifier: str) -> Dataset:
    template = Dataset()
    template.MappingResource = "DCMR"
    template.TemplateIdentifier = identifier
    return template


def code(name: Code, value: Code, *, relation: str = Relation.CONTAINS) -> Dataset:
    item = _item(relation, "CODE", name)
    item.ConceptCodeSequence = [coded(value)]
    return item


def text(name: Code, value: str, *, relation: str = Relation.CONTAINS) -> Dataset:
    item = _item(relation, "TEXT", name)
    item.TextValue = value
    return item


def uid_reference(name: Code, value: str, *, relation: str = Relation.CONTEXT) -> Dataset:
    item = _item(relation, "UIDREF", name)
    item.UID = value
    return item


def person(name: Code, value: str, *, relation: str = Relation.CONTEXT) -> Dataset:
    item = _item(relation, "PNAME", name)
    item.PersonName = value
    return item


def number(name: Code, value: float, unit: Code, children: Sequence[Dataset] = ()) -> Dataset:
    item = _item(Relation.CONTAINS, "NUM", name)
    measured = Dataset()
    # a DS holds 16 characters, so the exact value stands beside it
    measured.NumericValue = decimal(value)
    measured.FloatingPointValue = float(value)
    measured.MeasurementUnitsCodeSequence = [coded(unit)]
    item.MeasuredValueSequence = [measured]
    if children:
        item.ContentSequence = list(children)
    return item


def coordinates(
    name: Code,
    graphic_type: str,
    graphic_data: Sequence[float],
    selected_from: Dataset,
    *,
    relation: str = Relation.CONTAINS,
) -> Dataset:
    """SCOORD: columns and rows as they are, (0, 0) the outer corner of the first pixel."""
    item = _item(relation, "SCOORD", name)
    item.GraphicData = [float(each) for each in graphic_data]
    item.GraphicType = graphic_type
    item.ContentSequence = [selected_from]
    return item


def image(
    reference: Dataset, *, relation: str = Relation.CONTAINS, name: Code | None = None
) -> Dataset:
    item = _item(relation, "IMAGE", name)
    item.ReferencedSOPSequence = [reference]
    return item
