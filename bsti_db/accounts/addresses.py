"""From which address a request came, as far as our own proxies vouch for it."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The client's IP address, or None over a Unix socket.

    X-Forwarded-For is believed only as far as settings.TRUSTED_PROXIES of our proxies wrote it:
    whatever stands left of that is the client's own word.
    """
    own = _address(request.META.get("REMOTE_ADDR", ""))
    if not settings.TRUSTED_PROXIES:
        return own
    entries = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if len(entries) < settings.TRUSTED_PROXIES:
        return own
    return _address(entries[-settings.TRUSTED_PROXIES]) or own


def _address(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    if getattr(address, "scope_id", None):
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    return str(mapped or address)
