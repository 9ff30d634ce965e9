"""Django's own signals of signing in, written into the trail: the only receivers there are."""

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from audit.actors import Actor
from audit.services import record
from bsti_db.accounts.addresses import client_address


@receiver(user_login_failed)
def note_failure(
    sender: Any, credentials: dict, request: HttpRequest | None = None, **_: Any
) -> None:
    """A refused password. The name that was typed is not kept: it may be a password."""
    if getattr(request, "axes_locked_out", False):
        return  # the lock tells it: one act, one row
    record("member.sign_in_failed", actor=_nobody(request), subject=None, step="password")


@receiver(user_locked_out)
def note_lock(sender: Any, request: HttpRequest | None = None, **_: Any) -> None:
    record("member.locked_out", actor=_nobody(request), subject=None)


@receiver(user_logged_out)
def note_sign_out(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    if user is not None:
        actor = Actor.of_member(user, address=client_address(request))
        record("member.signed_out", actor=actor, subject=user)


def _nobody(request: HttpRequest | None) -> Actor:
    return Actor.nobody(address=client_address(request) if request else None)
