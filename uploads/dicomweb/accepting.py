"""What an asker takes: media types and preferences (PS3.18 8.7, RFC 9110 12.5.1)."""

import re
from dataclasses import dataclass, field

from django.http import HttpRequest

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA = re.compile(rf"\s*({_WORD})/({_WORD})\s*((?:;.*)?)\Z", re.DOTALL)
_PARAMETER = re.compile(rf'\s*;\s*(?:({_WORD})\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*))?\s*', re.DOTALL)
# commas, but none inside quotes
_SEPARATOR = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*\Z)')


class NotAcceptable(Exception):
    """Nothing that can be given is among what the asker takes, or the header cannot be read."""


@dataclass(frozen=True)
class Accepted:
    """One media range. `inner` is the type of the parts of multipart/related."""

    kind: str
    parameters: dict[str, str] = field(default_factory=dict)
    quality: float = 1.0

    @property
    def is_multipart(self) -> bool:
        return self.kind == "multipart/related"

    @property
    def inner(self) -> str:
        return self.parameters.get("type", "*/*").lower() if self.is_multipart else self.kind

    @property
    def transfer_syntax(self) -> str:
        return self.parameters.get("transfer-syntax", "")


def accepted(request: HttpRequest) -> list[Accepted]:
    """What the asker takes, the dearest first; everything when nothing is said.

    The query parameter `accept` is read before the header, as PS3.18 8.3.3.1 asks.

    Raises
    ------
    NotAcceptable
        If it cannot be read, or refuses everything.
    """
    said = request.GET.get("accept") or request.headers.get("Accept", "")
    if not said.strip():
        return [Accepted("*/*")]
    ranges = [_range(part) for part in _SEPARATOR.split(said) if part.strip()]
    taken = [each for each in ranges if each.quality > 0]
    if not taken:
        raise NotAcceptable
    return sorted(taken, key=lambda each: -each.quality)


def takes(ranges: list[Accepted], *kinds: str) -> bool:
    """Whether one of these media types may be the answer."""
    general = {f"{kind.partition('/')[0]}/*" for kind in kinds}
    return any(each.kind in {*kinds, *general, "*/*"} for each in ranges)


def _range(text: str) -> Accepted:
    found = _MEDIA.match(text)
    if not found:
        raise NotAcceptable
    parameters: dict[str, str] = {}
    rest = found[3].rstrip()
    while rest:
        pair = _PARAMETER.match(rest)
        if not pair or not pair[0]:
            raise NotAcceptable
        if pair[1]:
            parameters[pair[1].lower()] = re.sub(r"\\(.)", r"\1", pair[2].strip('"'))
        rest = rest[pair.end() :]
    try:
        quality = float(parameters.pop("q", "1"))
    except ValueError:
        raise NotAcceptable from None
    if not 0 <= quality <= 1:
        raise NotAcceptable
    return Accepted(f"{found[1]}/{found[2]}".lower(), parameters, quality)
