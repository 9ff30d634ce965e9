"""How a submitter comes in: an NHS address, a typed code, a session."""

import hmac
import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from audit.actors import Actor
from audit.services import record
from bsti_db.accounts.models import Organisation, OrganisationDomain
from uploads.models import EntryCode, Submitter

CODE_ALPHABET = "ACDEFGHJKMNPQRTWXY34679"  # no two that look alike
CODE_LENGTH = 8
CODE_LIFETIME = timedelta(minutes=10)
CODE_TRIES = 5

# how many codes are mailed within an hour: to an address for one client, to an address, to a
# client (a whole trust may sit behind one address)
HOUR = timedelta(hours=1)
CODES_AN_ADDRESS_AND_CLIENT = 5
CODES_AN_ADDRESS = 20
CODES_A_CLIENT = 60

# proves an NHS address, but no organisation
SHARED_DOMAINS = frozenset({"nhs.net"})

# plain ASCII, without plus-tags and quotes: what looks like another address is none
_ADDRESS = re.compile(r"[a-z0-9](?:[a-z0-9._'-]{0,62}[a-z0-9])?@(?:[a-z0-9-]+\.)+[a-z]{2,}")


class AddressNotAccepted(Exception):
    """The address is not one of the NHS, or not one of this organisation."""


class TooManyCodes(Exception):
    """This client asked for more codes than one may in an hour."""


class WrongCode(Exception):
    """The code is not the one in the mail."""


class CodeNoLongerValid(Exception):
    """The code is used, too old, tried too often, or was asked for in another browser."""


@dataclass(frozen=True)
class SentCode:
    """A code to mail; `code` is empty when the address has had its share within the hour."""

    row: EntryCode
    code: str


def accepted_address(email: str, organisation: Organisation) -> str:
    """The address in lower case; raises AddressNotAccepted with what to do."""
    address = email.lower()
    if not _ADDRESS.fullmatch(address) or ".." in address:
        raise AddressNotAccepted(
            "Enter your address as it is in the NHS directory, for example r.jones@nhs.net. "
            "Addresses with a plus sign are not taken."
        )
    domain = address.rpartition("@")[2]
    if domain in SHARED_DOMAINS or organisation.domains.filter(domain=domain).exists():
        return address
    if OrganisationDomain.objects.filter(domain=domain).exists():
        raise AddressNotAccepted("This address belongs to another organisation.")
    raise AddressNotAccepted(
        "Enter an NHS address: one that ends in @nhs.net, or in your organisation's own domain. "
        "Private addresses are not taken."
    )


def make_code(
    *, email: str, name: str, role: str, organisation: Organisation, actor: Actor, at: datetime
) -> SentCode:
    """A new code for an accepted address, to be mailed by the caller.

    Every address gets the same row, so that nobody learns from the answer which addresses had
    their share. Raises TooManyCodes for a client that asks without end.
    """
    recent = EntryCode.objects.filter(created_at__gt=at - HOUR)
    if recent.filter(client=actor.address).count() >= CODES_A_CLIENT:
        raise TooManyCodes("Too many codes were asked for from your network. Try again in an hour.")
    sent = recent.filter(email=email).exclude(digest="")
    is_over = (
        sent.filter(client=actor.address).count() >= CODES_AN_ADDRESS_AND_CLIENT
        or sent.count() >= CODES_AN_ADDRESS
    )
    key = uuid.uuid4()
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    with transaction.atomic():
        row = EntryCode.objects.create(
            pk=key,
            email=email,
            name=name,
            role=role,
            organisation=organisation,
            client=actor.address,
            digest="" if is_over else _digest(key, code),
            created_at=at,
            expires_at=at + CODE_LIFETIME,
        )
        record("code.made", actor=actor, subject=organisation, is_mailed=not is_over)
        # a row is needed for the throttle's hour and for its own ten minutes, no longer
        EntryCode.objects.filter(created_at__lt=at - timedelta(days=1)).delete()
    return SentCode(row, "" if is_over else code)


def withdraw_code(*, row: EntryCode) -> None:
    """Take a code back that could not be mailed: it does not count against the address."""
    row.delete()


def enter(*, code_id: str, code: str, actor: Actor, at: datetime) -> Submitter:
    """Change a code for its submitter. Raises WrongCode or CodeNoLongerValid."""
    usable = EntryCode.objects.filter(pk=code_id, used_at=None, expires_at__gt=at)
    # counted before the look, so that parallel guesses get five tries between them
    if not usable.filter(tries__lt=CODE_TRIES).update(tries=F("tries") + 1):
        raise CodeNoLongerValid("This code is no longer valid. Ask for a new one.")
    row = EntryCode.objects.select_related("organisation").get(pk=code_id)
    if not hmac.compare_digest(row.digest, _digest(row.pk, code)):
        left = CODE_TRIES - row.tries
        record("code.refused", actor=actor, subject=row.organisation, tries_left=left)
        if not left:
            raise CodeNoLongerValid("The code was wrong five times. Ask for a new one.")
        tries = "1 try" if left == 1 else f"{left} tries"
        raise WrongCode(f"This is not the code in the mail. You have {tries} left.")
    with transaction.atomic():
        if not usable.update(used_at=at):
            raise CodeNoLongerValid("This code is no longer valid. Ask for a new one.")
        submitter = _submitter(row)
        own = Actor.of_submitter(submitter, address=actor.address)
        record("submitter.signed_in", actor=own, subject=submitter)
    return submitter


def leave(*, submitter: Submitter, actor: Actor) -> None:
    """Note that a submitter signed out."""
    record("submitter.signed_out", actor=actor, subject=submitter)


def typed_code(text: str) -> str:
    """A code as people type it: spaces, hyphens and small letters do not matter."""
    return re.sub(r"[\s\-–]", "", text).upper()


def _submitter(row: EntryCode) -> Submitter:
    domain = row.email.rpartition("@")[2]
    submitter, _ = Submitter.objects.update_or_create(
        email=row.email,
        organisation=row.organisation,
        defaults={
            "name": row.name,
            "role": row.role,
            "is_organisation_confirmed": row.organisation.domains.filter(domain=domain).exists(),
        },
    )
    return submitter


def _digest(key: uuid.UUID, code: str) -> str:
    return salted_hmac("uploads.entry.code", f"{key}:{code}", algorithm="sha256").hexdigest()
