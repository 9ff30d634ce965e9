"""The second factor: codes of an authenticator app, and recovery codes for when it is lost."""

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import transaction

from audit.actors import Actor
from audit.services import record
from bsti_db.accounts.models import Member, RecoveryCode, TotpDevice
from bsti_db.accounts.seeds import new_seed, open_seed, recovery_digest, seal_seed

STEP_SECONDS = 30
DIGITS = 6
TOLERATED_STEPS = 1  # a clock may be half a minute off
RECOVERY_CODES = 10
# without 0 1 I L O U: nothing to mistake when read from paper
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 12
_FREE_TRIES = 5
_LONGEST_PAUSE = timedelta(minutes=5)


class CodeRefused(Exception):
    """The code is wrong, was used before, or comes too soon after wrong ones."""


def prepare_device(*, member: Member) -> TotpDevice:
    """The member's unconfirmed authenticator, made once: a reload shows the same secret."""
    device = TotpDevice.objects.filter(user=member, confirmed=False).first()
    if device is None:
        device = TotpDevice.objects.create(
            user=member,
            name="authenticator",
            confirmed=False,
            sealed_seed=seal_seed(new_seed(), member_id=member.pk),
        )
    return device


@transaction.atomic
def confirm_device(*, device: TotpDevice, code: str, at: datetime) -> None:
    """Take an authenticator into use, in place of the one before, by a code it shows.

    Raises CodeRefused for a wrong code.
    """
    locked = TotpDevice.objects.select_for_update().get(pk=device.pk)
    step = _matching_step(locked, code, at)
    if step is None:
        raise CodeRefused("The code is not the one your app shows now. Wait for the next one.")
    TotpDevice.objects.filter(user_id=locked.user_id).exclude(pk=locked.pk).delete()
    locked.confirmed = True
    locked.last_step = step
    locked.save(update_fields=["confirmed", "last_step"])


@transaction.atomic
def take_code(*, member: Member, code: str, at: datetime) -> TotpDevice | None:
    """The member's authenticator, if `code` is one it shows about now and was not taken before.

    None for a wrong code; the pause grows with wrong codes, also over parallel requests.
    """
    device = TotpDevice.objects.select_for_update().filter(user=member, confirmed=True).first()
    if device is None or _must_wait(device, at):
        return None
    step = _matching_step(device, code, at)
    if step is None:
        device.failures += 1
        device.failed_at = at
        device.save(update_fields=["failures", "failed_at"])
        return None
    device.last_step, device.failures, device.failed_at = step, 0, None
    device.save(update_fields=["last_step", "failures", "failed_at"])
    return device


@transaction.atomic
def take_recovery_code(*, member: Member, code: str, at: datetime) -> TotpDevice | None:
    """The member's authenticator, if `code` is an unused recovery code; it is used then."""
    device = TotpDevice.objects.select_for_update().filter(user=member, confirmed=True).first()
    if device is None or _must_wait(device, at):
        return None
    digest = recovery_digest(fold_code(code), member_id=member.pk)
    used = RecoveryCode.objects.filter(member=member, digest=digest, used_at=None).update(
        used_at=at
    )
    if not used:
        device.failures += 1
        device.failed_at = at
    else:
        device.failures, device.failed_at = 0, None
    device.save(update_fields=["failures", "failed_at"])
    return device if used else None


@transaction.atomic
def renew_recovery_codes(*, member: Member, actor: Actor) -> list[str]:
    """Ten new recovery codes in place of the old ones; shown once, stored as hashes."""
    codes = _new_recovery_codes(member)
    record("member.recovery_codes_renewed", actor=actor, subject=member, codes=len(codes))
    return codes


def set_recovery_codes(*, member: Member) -> list[str]:
    """The first recovery codes of a new authenticator; the act is told by whoever enrols it."""
    return _new_recovery_codes(member)


def _new_recovery_codes(member: Member) -> list[str]:
    codes = [
        "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    member.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(member=member, digest=recovery_digest(code, member_id=member.pk))
        for code in codes
    )
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def fold_code(text: str) -> str:
    """A typed code without its spaces and dashes, in capitals."""
    return "".join(text.split()).replace("-", "").upper()


def typed_secret(device: TotpDevice) -> str:
    """The seed in the spelling authenticator apps ask for (base32, no padding)."""
    seed = open_seed(device.sealed_seed, member_id=device.user_id)
    return base64.b32encode(seed).decode().rstrip("=")


def key_address(device: TotpDevice) -> str:
    """The otpauth: address that the QR code holds."""
    issuer = settings.OTP_TOTP_ISSUER
    label = quote(f"{issuer}:{device.user.email}")
    query = {"secret": typed_secret(device), "issuer": issuer, "digits": DIGITS}
    return f"otpauth://totp/{label}?{urlencode(query | {'period': STEP_SECONDS}, quote_via=quote)}"


def code_at(seed: bytes, step: int) -> str:
    """The code of one time step.

    References
    ----------
    RFC 6238 and RFC 4226 section 5.3.
    """
    # SHA-1 is what every authenticator app speaks; HMAC does not rest on its collisions
    digest = hmac.new(seed, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def _matching_step(device: TotpDevice, code: str, at: datetime) -> int | None:
    seed = open_seed(device.sealed_seed, member_id=device.user_id)
    now = int(at.timestamp()) // STEP_SECONDS
    typed = fold_code(code).encode("utf-8", "replace")
    for step in range(now - TOLERATED_STEPS, now + TOLERATED_STEPS + 1):
        if step > device.last_step and hmac.compare_digest(code_at(seed, step).encode(), typed):
            return step
    return None


def _must_wait(device: TotpDevice, at: datetime) -> bool:
    if device.failures < _FREE_TRIES or device.failed_at is None:
        return False
    exponent = min(device.failures - _FREE_TRIES, 10)
    return at < device.failed_at + min(timedelta(seconds=2**exponent * 5), _LONGEST_PAUSE)
