"""Addresses of what Vite built, read from its manifest."""

import json
from functools import lru_cache
from pathlib import Path

from django import template
from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

BUILD = "build/"


class AssetMissing(Exception):
    """The front end was not built, or has no entry of that name."""


@register.simple_tag
def asset(entry: str, required: bool = True) -> SafeString:
    """Write the link and script tags of `entry`, for example `{% asset "upload.ts" %}`.

    Raises AssetMissing unless `required` is false, which only the page that
    reports a fault says: it must appear whatever is wrong.
    """
    try:
        chunks = manifest()
        chunk = chunks[entry]
    except (OSError, KeyError) as problem:
        if not required:
            return SafeString("")
        raise AssetMissing(f"{entry} is not built. Run `npm run build` in viewer/.") from problem
    styles, preloads = [], []
    for part in [chunk, *imported(chunks, chunk)]:
        styles += [file for file in part.get("css", []) if file not in styles]
        if part is not chunk:
            preloads.append(part["file"])
    return format_html(
        '{}{}<script type="module" src="{}"></script>',
        format_html_join("", '<link rel="stylesheet" href="{}">\n', addresses(styles)),
        format_html_join("", '<link rel="modulepreload" href="{}">\n', addresses(preloads)),
        address(chunk["file"]),
    )


def imported(chunks: dict, chunk: dict) -> list[dict]:
    """Every chunk that `chunk` imports at once, each once, nearest first."""
    found: list[dict] = []
    waiting = list(chunk.get("imports", []))
    while waiting:
        part = chunks[waiting.pop(0)]
        if part not in found:
            found.append(part)
            waiting += part.get("imports", [])
    return found


def addresses(files: list[str]) -> list[tuple[str]]:
    return [(address(file),) for file in files]


def address(file: str) -> str:
    # Vite's names carry a hash already, so the static files' manifest is not asked
    return f"{settings.STATIC_URL}{BUILD}{file}"


def manifest() -> dict:
    """The manifest as it is on disk now: a build during development is seen at once."""
    path = Path(settings.BASE_DIR) / "static" / BUILD / "manifest.json"
    return read_manifest(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def read_manifest(path: Path, _changed_at: int) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))
