"""How images of one study are to be shown: windows, areas and drawings (DICOM GSPS).

References
----------
DICOM PS3.3 A.33.1 (Grayscale Softcopy Presentation State), C.10.4 (displayed area), C.10.5
(graphic annotation), C.11.8 (softcopy VOI LUT), C.11.6 (softcopy presentation LUT).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import GrayscaleSoftcopyPresentationStateStorage

from uploads.dicom.documents.composing import (
    Document,
    Frame,
    Making,
    begun,
    by_series,
    finished,
    image_reference,
    whole_image_reference,
)
from uploads.dicom.documents.content import decimal
from uploads.dicom.graphics import Pair, flat, is_closed, pairs_of
from uploads.dicom.headers import first, frame_value
from uploads.dicom.rendering import PRESETS, Function, Preset, Window

SERIES_NUMBER = 9002

_LAYER = "DRAWINGS"
_BARB = 0.2  # of the arrow, at most _LONGEST_BARB
_LONGEST_BARB = 12.0  # pixels
_BARB_ANGLE = math.radians(25)


@dataclass(frozen=True)
class Mark:
    """Something drawn on a frame, or a text that stands there when it is a POINT with a text."""

    graphic_type: str
    graphic_data: Sequence[float]
    text: str = ""
    is_arrow: bool = False  # from its first pair to its last
    is_text: bool = False  # the point is where the text stands, and is not drawn
    tracking_identifier: str = ""
    tracking_uid: str = ""


@dataclass(frozen=True)
class View:
    """One frame as it is to be shown; without a window, in its own."""

    frame: Frame
    window: Window | None = None
    marks: tuple[Mark, ...] = ()


def states(views: Sequence[View]) -> list[list[View]]:
    """The views put together into as few presentation states as can hold them, in their order.

    A state has one modality transform and one polarity, and shows a frame in one window.
    """
    found: list[list[View]] = []
    for view in views:
        for state in found:
            is_new = view.frame.key not in {other.frame.key for other in state}
            if is_new and _transform(view.frame) == _transform(state[0].frame):
                state.append(view)
                break
        else:
            found.append([view])
    return found


def presentation_state(views: Sequence[View], description: str, making: Making) -> Document:
    """One presentation state as a DICOM file.

    Parameters
    ----------
    views
        At least one, of frames of one study that `states` put together.
    description
        What it shows, in at most 64 characters.
    making
        Gives the day and the UIDs; the bytes depend on nothing else.
    """
    frames = [view.frame for view in views]
    dataset = begun(
        frames[0],
        sop_class_uid=str(GrayscaleSoftcopyPresentationStateStorage),
        modality="PR",
        series_number=SERIES_NUMBER,
    )
    dataset.Laterality = ""  # of type 2: the images say it
    dataset.ContentLabel = "TEACHING"
    dataset.ContentDescription = description[:64]
    dataset.ContentCreatorName = ""  # the database, no person
    dataset.PresentationCreationDate = making.on.strftime("%Y%m%d")
    dataset.PresentationCreationTime = "000000"
    dataset.ReferencedSeriesSequence = list(_series(frames))
    dataset.DisplayedAreaSelectionSequence = list(_areas(frames))
    _write_grey_scale(dataset, views)
    if drawn := [view for view in views if view.marks]:
        dataset.GraphicAnnotationSequence = [_annotation(view) for view in drawn]
        dataset.GraphicLayerSequence = [_layer()]
    return finished(dataset, making)


def _series(frames: Sequence[Frame]) -> Iterator[Dataset]:
    for uid, images in by_series(frames):
        series = Dataset()
        series.SeriesInstanceUID = uid
        series.ReferencedImageSequence = [whole_image_reference(image) for image in images]
        yield series


def _references(frames: Sequence[Frame]) -> list[Dataset]:
    """References to these frames, one an image."""
    numbers: dict[str, list[int]] = {}
    images: dict[str, Frame] = {}
    for frame in frames:
        images.setdefault(frame.sop_instance_uid, frame)
        numbers.setdefault(frame.sop_instance_uid, []).append(frame.number)
    return [image_reference(images[uid], numbers[uid]) for uid in images]


# --- The area that is shown ------------------------------------------------------


def _areas(frames: Sequence[Frame]) -> Iterator[Dataset]:
    """The whole of each image, by size and shape of pixel."""
    groups: dict[tuple[int, int, tuple[float, ...]], list[Frame]] = {}
    for frame in frames:
        size = (int(first(frame.header, "Columns")), int(first(frame.header, "Rows")))
        groups.setdefault((*size, _spacing(frame, "PixelSpacing")), []).append(frame)
    for (columns, rows, spacing), shown in groups.items():
        area = Dataset()
        area.ReferencedImageSequence = _references(shown)
        area.DisplayedAreaTopLeftHandCorner = [1, 1]
        area.DisplayedAreaBottomRightHandCorner = [columns, rows]
        area.PresentationSizeMode = "SCALE TO FIT"
        if spacing:
            area.PresentationPixelSpacing = [decimal(value) for value in spacing]
        else:
            area.PresentationPixelAspectRatio = _aspect_ratio(shown[0])
        yield area


def _spacing(frame: Frame, keyword: str) -> tuple[float, ...]:
    values = frame_value(frame.header, frame.number, "PixelMeasuresSequence", keyword)
    spacing = tuple(float(value) for value in values)
    return spacing if len(spacing) == 2 and all(value > 0 for value in spacing) else ()


def _aspect_ratio(frame: Frame) -> list[int]:
    """Vertical to horizontal size of a pixel, as two whole numbers."""
    given = _spacing(frame, "PixelAspectRatio") or _spacing(frame, "ImagerPixelSpacing")
    if not given or given[0] == given[1]:
        return [1, 1]
    if all(value.is_integer() for value in given):
        return [int(value) for value in given]
    return [round(value * 10_000) for value in given]


# --- Grey levels -----------------------------------------------------------------


def _transform(frame: Frame) -> tuple[float, float, bool]:
    """Slope, intercept and whether low values are white."""
    group = "PixelValueTransformationSequence"
    slope = frame_value(frame.header, frame.number, group, "RescaleSlope") or [1]
    intercept = frame_value(frame.header, frame.number, group, "RescaleIntercept") or [0]
    is_inverted = (
        first(frame.header, "PhotometricInterpretation") == "MONOCHROME1"
        or first(frame.header, "PresentationLUTShape") == "INVERSE"
    )
    return float(slope[0]), float(intercept[0]), is_inverted


def _write_grey_scale(dataset: Dataset, views: Sequence[View]) -> None:
    frame = views[0].frame
    slope, intercept, is_inverted = _transform(frame)
    if (slope, intercept) != (1.0, 0.0):
        dataset.RescaleIntercept = decimal(intercept)
        dataset.RescaleSlope = decimal(slope)
        kind = first(frame.header, "RescaleType")
        dataset.RescaleType = kind or ("HU" if first(frame.header, "Modality") == "CT" else "US")
    dataset.SoftcopyVOILUTSequence = list(_windows(views))
    # in place of the images' own polarity, which a presentation state overrules
    dataset.PresentationLUTShape = "INVERSE" if is_inverted else "IDENTITY"


def _windows(views: Sequence[View]) -> Iterator[Dataset]:
    groups: dict[Window, list[Frame]] = {}
    for view in views:
        groups.setdefault(view.window or own_window(view.frame), []).append(view.frame)
    for window, frames in groups.items():
        item = Dataset()
        item.ReferencedImageSequence = _references(frames)
        item.WindowCenter = decimal(window.center)
        item.WindowWidth = decimal(window.width)
        if window.function is not Function.LINEAR:
            item.VOILUTFunction = window.function.value
        yield item


def own_window(frame: Frame) -> Window:
    """The image's own first window; without one, lung for a CT, every stored value for others."""
    center, width = (
        frame_value(frame.header, frame.number, "FrameVOILUTSequence", keyword)
        for keyword in ("WindowCenter", "WindowWidth")
    )
    if center and width and float(width[0]) >= 1:
        named = frame_value(frame.header, frame.number, "FrameVOILUTSequence", "VOILUTFunction")
        is_known = bool(named) and named[0] in set(Function)
        function = Function(named[0]) if is_known else Function.LINEAR
        return Window(float(center[0]), float(width[0]), function)
    if first(frame.header, "Modality") == "CT":
        return PRESETS[Preset.LUNG]
    slope, intercept, _ = _transform(frame)
    values = 2 ** int(first(frame.header, "BitsStored", 16))
    least = -values / 2 if first(frame.header, "PixelRepresentation") == 1 else 0.0
    return Window((least + values / 2) * slope + intercept, max(values * abs(slope), 1.0))


# --- What is drawn ---------------------------------------------------------------


def _layer() -> Dataset:
    layer = Dataset()
    layer.GraphicLayer = _LAYER
    layer.GraphicLayerOrder = 1
    layer.GraphicLayerDescription = "Drawings of the teaching case"
    return layer


def _annotation(view: View) -> Dataset:
    annotation = Dataset()
    annotation.ReferencedImageSequence = [image_reference(view.frame)]
    annotation.GraphicLayer = _LAYER
    graphics = [each for mark in view.marks for each in _graphics(mark)]
    texts = [_text(mark) for mark in view.marks if mark.text]
    if graphics:
        annotation.GraphicObjectSequence = graphics
    if texts:
        annotation.TextObjectSequence = texts
    return annotation


def _graphics(mark: Mark) -> Iterator[Dataset]:
    if mark.is_text and mark.text:
        return
    yield _graphic(mark, mark.graphic_type, mark.graphic_data)
    if mark.is_arrow and (barbs := _barbs(pairs_of(mark.graphic_data))):
        yield _graphic(mark, "POLYLINE", flat(barbs))


def _graphic(mark: Mark, graphic_type: str, data: Sequence[float]) -> Dataset:
    graphic = Dataset()
    graphic.GraphicAnnotationUnits = "PIXEL"
    graphic.GraphicDimensions = 2
    graphic.NumberOfGraphicPoints = len(data) // 2
    graphic.GraphicData = [float(each) for each in data]
    graphic.GraphicType = graphic_type
    if graphic_type in ("CIRCLE", "ELLIPSE") or is_closed(pairs_of(data)):
        graphic.GraphicFilled = "N"
    _track(graphic, mark)
    return graphic


def _text(mark: Mark) -> Dataset:
    text = Dataset()
    text.AnchorPointAnnotationUnits = "PIXEL"
    text.UnformattedTextValue = mark.text
    text.AnchorPoint = [float(each) for each in mark.graphic_data[:2]]
    text.AnchorPointVisibility = "N"
    _track(text, mark)
    return text


def _track(item: Dataset, mark: Mark) -> None:
    if mark.tracking_uid:
        item.TrackingID = mark.tracking_identifier
        item.TrackingUID = mark.tracking_uid


def _barbs(pairs: Sequence[Pair]) -> list[Pair]:
    """The head of an arrow, from barb to tip to barb: a bare line does not say where it points."""
    (tail_column, tail_row), (column, row) = pairs[0], pairs[-1]
    length = math.dist(pairs[0], pairs[-1])
    if not length:
        return []
    size = min(length * _BARB, _LONGEST_BARB)
    direction = math.atan2(tail_row - row, tail_column - column)
    ends = [
        (column + size * math.cos(angle), row + size * math.sin(angle))
        for angle in (direction - _BARB_ANGLE, direction + _BARB_ANGLE)
    ]
    return [ends[0], (column, row), ends[1]]
