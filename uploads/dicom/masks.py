"""What a curator draws on, and what is drawn: facts without pixels, cheap to import."""

from dataclasses import asdict, dataclass
from typing import Any

# pictures that are no single frame; no file has so many
ALL_FRAMES = 0
RAISED_CONTRAST = 1_000_000


@dataclass(frozen=True)
class Mask:
    """One rectangle, in pixels from the upper left corner; of every frame, or of one (from 1)."""

    x: int
    y: int
    width: int
    height: int
    frame: int | None = None

    def __post_init__(self) -> None:
        if min(self.x, self.y) < 0 or min(self.width, self.height) < 1:
            raise ValueError("A mask begins inside the picture and is at least one pixel wide.")
        if self.frame is not None and self.frame < 1:
            raise ValueError("Frames count from 1.")

    def fits(self, *, rows: int, columns: int, frames: int) -> bool:
        """Whether some of a picture of this size lies under the mask."""
        return self.x < columns and self.y < rows and (self.frame or 1) <= frames

    def to_json(self) -> dict[str, int | None]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Mask":
        return cls(**data)


@dataclass(frozen=True)
class Picture:
    """The size of a held picture, and which of its frames were drawn (from 1).

    Among `shown`, ALL_FRAMES stands for the brightest value of all frames at each place: text on
    any of them is on it. RAISED_CONTRAST is that, or the only frame, with its greys spread evenly:
    text that is barely brighter than what is around it stands out.
    """

    rows: int
    columns: int
    frames: int
    shown: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Picture":
        return cls(**{**data, "shown": tuple(data["shown"])})
