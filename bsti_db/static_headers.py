"""The content policy of static files: a worker obeys the policy its own script came with."""

from collections.abc import MutableMapping

from django.conf import settings

DECODING_WORKER = "/decoding-worker-"


def add_policy(headers: MutableMapping[str, str], path: str, url: str) -> None:
    """Give a script the site's policy; the image decoder alone may compile WebAssembly."""
    if not url.endswith(".js"):
        return
    directives = dict(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"])
    if DECODING_WORKER in url:
        directives["script-src"] = [*directives["script-src"], "'wasm-unsafe-eval'"]
    headers["Content-Security-Policy"] = "; ".join(
        f"{name} {' '.join(values)}" for name, values in directives.items()
    )
