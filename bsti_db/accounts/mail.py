"""The mails that members get."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from bsti_db.accounts import passwords, resets
from bsti_db.accounts.models import Invitation, Member
from bsti_db.accounts.services import invitation_code, invitation_token


def invitation_address(invitation: Invitation) -> str:
    """Where an invited person starts; never made from a request's Host header."""
    return _absolute("accounts:invitation", invitation_token(invitation))


def send_invitation(invitation: Invitation) -> None:
    """Mail an invitation. Raises OSError or SMTPException when it cannot be sent."""
    _send(
        invitation.member,
        "accounts/mail/invitation.txt",
        "Your invitation to the COVID-19 Chest Imaging Database",
        address=invitation_address(invitation),
        code=invitation_code(invitation),
        expires_at=invitation.expires_at,
    )


def send_reset(member: Member) -> None:
    """Mail the address under which a forgotten password is replaced."""
    _send(
        member,
        "accounts/mail/reset.txt",
        "Choose a new password for the COVID-19 Chest Imaging Database",
        address=_absolute("accounts:reset", resets.token_for(member)),
    )


def send_password_changed(member: Member) -> None:
    """Tell a member that their password is another one now, so that a stranger's act is seen."""
    _send(
        member,
        "accounts/mail/password_changed.txt",
        "Your password for the COVID-19 Chest Imaging Database was changed",
    )


def send_renewal_notice(member: Member, *, at: datetime) -> None:
    """Tell a member that their password ends soon, once for each number of days.

    A mail that could not be sent raises, and is due still.
    """
    with transaction.atomic():
        days = passwords.notice_due(member=member, at=at)
        if days is None:
            return
        # of two at once the second waits here, and finds it told
        _, is_new = member.renewal_notices.get_or_create(
            password_changed_at=member.password_changed_at, days=days, defaults={"sent_at": at}
        )
        if is_new:
            _send(
                member,
                "accounts/mail/renewal.txt",
                "Renew your password for the COVID-19 Chest Imaging Database",
                address=_absolute("accounts:change-password"),
                expires_at=passwords.expires_at(member=member),
            )


def _send(member: Member, template: str, subject: str, **context: object) -> None:
    body = render_to_string(
        template, {"name": member.name, "site_url": settings.SITE_URL, **context}
    )
    EmailMessage(subject, body, to=[member.email]).send()


def _absolute(name: str, *args: str) -> str:
    return settings.SITE_URL.rstrip("/") + reverse(name, args=args)
