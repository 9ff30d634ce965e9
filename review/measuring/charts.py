"""Charts as places on paper: the template draws what is worked out here, with no script."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from review.measuring.figures import Matrix, Measure

WIDTH, ROW, TOP, LABELS, RIGHT = 720, 28, 12, 260, 24
MOST_LETTERS = 36
MONTHS_HEIGHT, MONTHS_LEFT, MONTHS_BOTTOM = 260, 52, 36
CELL, MATRIX_LABELS = 76, 180
SHADES = 5


@dataclass(frozen=True)
class Mark:
    """A coefficient with its interval; `start` and `end` are the interval's places."""

    label: str
    place: float
    across: float
    start: float
    end: float
    has_interval: bool


@dataclass(frozen=True)
class Chart:
    """A row or a column a mark, along one axis of coefficients."""

    width: int
    height: int
    marks: list[Mark]
    ticks: list[tuple[float, str]]
    line: str = ""


def rows_chart(measures: Sequence[Measure]) -> Chart | None:
    """Coefficients from left to right, one below the other. None when there is none to draw."""
    defined = [each for each in measures if each.is_defined]
    if not defined:
        return None
    lowest = _lowest(defined)

    def at(value: float) -> float:
        reach = WIDTH - LABELS - RIGHT
        return round(LABELS + reach * (max(value, lowest) - lowest) / (1 - lowest), 1)

    marks = [
        _mark(each, label=_short(each.label), across=TOP + ROW * (place + 0.5), at=at)
        for place, each in enumerate(defined)
    ]
    height = TOP + ROW * len(defined) + ROW
    return Chart(WIDTH, height, marks, [(at(tick), _tick(tick)) for tick in _ticks(lowest)])


def months_chart(measures: Sequence[Measure]) -> Chart | None:
    """Coefficients from below to above, one month beside the other, joined by a line."""
    defined = [each for each in measures if each.is_defined]
    if not defined:
        return None
    lowest = _lowest(defined)

    def at(value: float) -> float:
        reach = MONTHS_HEIGHT - TOP - MONTHS_BOTTOM
        return round(TOP + reach * (1 - max(value, lowest)) / (1 - lowest), 1)

    step = (WIDTH - MONTHS_LEFT - RIGHT) / len(defined)
    # eight labels have room side by side
    every = math.ceil(len(defined) / 8)
    marks = [
        _mark(
            each,
            label=each.label if place % every == 0 else "",
            across=round(MONTHS_LEFT + step * (place + 0.5), 1),
            at=at,
        )
        for place, each in enumerate(defined)
    ]
    line = " ".join(f"{mark.across},{mark.place}" for mark in marks)
    ticks = [(at(tick), _tick(tick)) for tick in _ticks(lowest)]
    return Chart(WIDTH, MONTHS_HEIGHT, marks, ticks, line)


@dataclass(frozen=True)
class Cell:
    x: int
    y: int
    shade: int
    count: int


@dataclass(frozen=True)
class Heat:
    """A table of counts in shades: the darker, the more of its row."""

    width: int
    height: int
    cells: list[Cell]
    rows: list[tuple[int, str]]
    columns: list[tuple[int, str]]
    size: int = CELL


def heat_chart(matrix: Matrix) -> Heat:
    cells = []
    for row, counts in enumerate(matrix.counts):
        total = sum(counts) or 1
        cells += [
            Cell(MATRIX_LABELS + CELL * column, TOP + CELL * row,
                 math.ceil(SHADES * count / total), count)
            for column, count in enumerate(counts)
        ]  # fmt: skip
    names = [_short(name, letters=22) for name in matrix.categories]
    middle = CELL // 2
    size = CELL * len(names)
    return Heat(
        width=MATRIX_LABELS + size + RIGHT,
        height=TOP + size + ROW,
        cells=cells,
        rows=[(TOP + CELL * place + middle, name) for place, name in enumerate(names)],
        # columns are told by the place of their row
        columns=[
            (MATRIX_LABELS + CELL * place + middle, str(place + 1)) for place in range(len(names))
        ],
    )


def _mark(each: Measure, *, label: str, across: float, at: Callable[[float], float]) -> Mark:
    low, high = (each.low, each.high) if each.has_interval else (each.coefficient,) * 2
    return Mark(label, at(each.coefficient), across, at(low), at(high), each.has_interval)


def _lowest(measures: Sequence[Measure]) -> float:
    """The lower end of the axis: no further down than it must be, in steps of a fifth."""
    ends = [each.low if each.has_interval else each.coefficient for each in measures]
    return max(-1.0, min(0.0, math.floor(min(ends) * 5) / 5))


def _ticks(lowest: float) -> list[float]:
    return [fifth / 5 for fifth in range(round(lowest * 5), 6)]


def _tick(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")


def _short(label: str, letters: int = MOST_LETTERS) -> str:
    return label if len(label) <= letters else f"{label[: letters - 1]}…"
