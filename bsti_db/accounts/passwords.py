"""Passwords: what is refused, how long one lasts, and how it is changed."""

import re
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.db import models, transaction

from audit.actors import Actor
from audit.services import record
from bsti_db.accounts.models import Member, PastPassword, TotpDevice

REMEMBERED = 12
_SITE_WORDS = (
    "british society of thoracic imaging", "british", "society", "thoracic", "imaging", "bsti",
    "covid19", "covid", "coronavirus", "corona", "chest", "radiology", "radiologist", "database",
    "hospital", "trust", "nhs", "panel", "password", "passwort", "letmein", "welcome", "qwerty",
)  # fmt: skip
_OWN_LETTERS = 8


class ContextValidator:
    """Refuses a password that is little more than words of this site and of its owner."""

    def validate(self, password: str, user: Member | None = None) -> None:
        rest = re.sub(r"[\W_]", "", password.casefold())
        for word in sorted({*_SITE_WORDS, *_own_words(user)}, key=len, reverse=True):
            rest = rest.replace(re.sub(r"[\W_]", "", word), "")
        if len(set(rest)) < _OWN_LETTERS - 2 or len(rest) < _OWN_LETTERS:
            raise ValidationError(
                "This password is too easy to guess: it is made of words of this site or of your "
                "own name and address, or repeats a few characters. Use other words.",
                code="password_of_context",
            )

    def get_help_text(self) -> str:
        return "Not made of your name, your address or words of this site."


class HistoryValidator:
    """Refuses the password in use and the ones before it."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self.remembered = remembered

    def validate(self, password: str, user: Member | None = None) -> None:
        if user is None or user.pk is None:
            return
        past = user.past_passwords.values_list("encoded", flat=True)[: self.remembered]
        if any(check_password(password, encoded) for encoded in past):
            raise ValidationError(
                f"You have used this password before. Choose one that is not among your last "
                f"{self.remembered}.",
                code="password_used_before",
            )

    def get_help_text(self) -> str:
        return f"Not one of your last {self.remembered} passwords."


def is_expired(*, member: Member, at: datetime) -> bool:
    """Whether the password must be renewed before anything else."""
    end = expires_at(member=member)
    return end is not None and end < at


def expires_at(*, member: Member) -> datetime | None:
    """Until when the password lasts; None for ever. One that was never set is expired."""
    if not settings.PASSWORD_MAX_AGE_DAYS:
        return None
    start = member.password_changed_at or member.joined_at - timedelta(days=36_500)
    return start + timedelta(days=settings.PASSWORD_MAX_AGE_DAYS)


def renew_by(*, member: Member, at: datetime) -> datetime | None:
    """The end of a password that lasts, when it is near enough to say so on every page."""
    end = expires_at(member=member)
    longest = timedelta(days=max(settings.PASSWORD_NOTICE_DAYS, default=0))
    return end if end is not None and at <= end <= at + longest else None


def notice_due(*, member: Member, at: datetime) -> int | None:
    """So many days before its end the member must be told of now, if they were not yet."""
    end = renew_by(member=member, at=at)
    # a password that is shorter-lived than that is not told of on its first day
    reached = [
        days
        for days in settings.PASSWORD_NOTICE_DAYS
        if days < settings.PASSWORD_MAX_AGE_DAYS and end and end <= at + timedelta(days=days)
    ]
    if not reached:
        return None
    told = member.renewal_notices.filter(
        password_changed_at=member.password_changed_at, days__lte=min(reached)
    )
    return None if told.exists() else min(reached)


def may_need_notice(*, at: datetime) -> models.QuerySet[Member]:
    """Members who can sign in and whose password ends soon; told already or not."""
    age = timedelta(days=settings.PASSWORD_MAX_AGE_DAYS)
    longest = timedelta(days=max(settings.PASSWORD_NOTICE_DAYS, default=0))
    enrolled = TotpDevice.objects.filter(confirmed=True).values("user")
    return Member.objects.filter(
        is_active=True,
        pk__in=enrolled,
        password_changed_at__gte=at - age,
        password_changed_at__lte=at - age + longest,
    )


@transaction.atomic
def set_password(*, member: Member, password: str, at: datetime) -> None:
    """Give a member a password and remember it; every session they had ends.

    The caller has validated it, and writes into the trail by which act it was set.
    """
    member.set_password(password)
    member.password_changed_at = at
    member.session_generation += 1
    member.save(update_fields=["password", "password_changed_at", "session_generation"])
    PastPassword.objects.create(member=member, encoded=member.password, set_at=at)
    kept = member.past_passwords.values_list("pk", flat=True)[:REMEMBERED]
    member.past_passwords.exclude(pk__in=list(kept)).delete()
    member.renewal_notices.all().delete()


@transaction.atomic
def change_password(*, member: Member, password: str, actor: Actor, at: datetime) -> None:
    """Replace a member's own password."""
    set_password(member=member, password=password, at=at)
    record("member.password_changed", actor=actor, subject=member)


@transaction.atomic
def reset_password(*, member: Member, password: str, actor: Actor, at: datetime) -> None:
    """Replace a forgotten password; the second factor stays on."""
    set_password(member=member, password=password, at=at)
    record("member.password_reset", actor=actor, subject=member)


def _own_words(user: Member | None) -> list[str]:
    if user is None:
        return []
    texts = [user.email.partition("@")[0], user.name]
    if user.organisation:
        texts.append(user.organisation.name)
    return [
        word for text in texts for word in re.split(r"[\W_\d]+", text.casefold()) if len(word) > 3
    ]
