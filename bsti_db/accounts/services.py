"""What happens to members: invited, enrolled, given roles, deactivated, helped back in."""

import base64
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from audit.actors import Actor
from audit.services import record
from bsti_db.accounts import second_factor, sessions, throttle
from bsti_db.accounts.models import (
    FactorReset,
    Invitation,
    Member,
    Organisation,
    SignIn,
    TotpDevice,
    fold_address,
)
from bsti_db.accounts.passwords import set_password
from bsti_db.accounts.roles import Role, groups_of
from bsti_db.accounts.seeds import new_seed, seal_seed

INVITATION_LASTS = timedelta(days=7)
CODE_ALPHABET = "ACDEFGHJKMNPQRTWXY34679"  # no two that look alike
CODE_LENGTH = 8
_signer = signing.Signer(salt="bsti_db.accounts.invitation")


class AlreadyMember(Exception):
    """There is a member with this address."""


class InvitationOver(Exception):
    """The invitation was used, replaced by a newer one, or is older than seven days."""


class WrongInvitationCode(Exception):
    """The code of the invitation's mail was not typed."""


class GmcNumberTaken(Exception):
    """Another member has this GMC number."""


class NotAllowed(Exception):
    """A rule between people forbids it; the sentence says which."""


class NotByYou(NotAllowed):
    """Another administrator may do it: the trail is told that this one tried."""


@transaction.atomic
def invite_member(
    *,
    email: str,
    name: str,
    organisation: Organisation | None,
    gmc_number: str = "",
    roles: Iterable[str],
    actor: Actor,
    at: datetime,
) -> Invitation:
    """Make an account that cannot sign in yet, and the invitation that completes it.

    Raises AlreadyMember when the address has an account, GmcNumberTaken.
    """
    address, groups = fold_address(email), groups_of(roles)
    if Member.objects.filter(email__iexact=address).exists():
        raise AlreadyMember("There is a member with this address. Look in the list of members.")
    _keep_gmc_numbers_apart(gmc_number)
    member = Member.objects.create_user(
        address, None, name=name, organisation=organisation, gmc_number=gmc_number
    )
    member.groups.set(groups)
    record("member.invited", actor=actor, subject=member, roles=[group.name for group in groups])
    return _new_invitation(member, actor, at)


@transaction.atomic
def invite_again(*, member: Member, actor: Actor, at: datetime) -> Invitation:
    """A new invitation for a member who has not completed theirs; the earlier address closes.

    Raises NotAllowed for a member who can sign in: that takes two administrators.
    """
    if not member.is_active:
        raise NotAllowed("This member is deactivated. Reactivate the account first.")
    if TotpDevice.objects.filter(user=member, confirmed=True).exists():
        raise NotAllowed("This member can sign in. Ask for a reset of the second factor instead.")
    record("member.invited", actor=actor, subject=member, again=True)
    return _new_invitation(member, actor, at)


def invitation_token(invitation: Invitation) -> str:
    """The secret of the mailed address: the invitation's id, signed. It is stored nowhere."""
    _, _, signature = _signer.sign(str(invitation.pk)).rpartition(":")
    return f"{invitation.pk.hex}-{signature}"


def invitation_code(invitation: Invitation) -> str:
    """What has to be typed beside the mailed address: whoever only opens addresses lacks it."""
    digest = salted_hmac("invitation code", str(invitation.pk), algorithm="sha256").digest()
    letters = [CODE_ALPHABET[byte % len(CODE_ALPHABET)] for byte in digest[:CODE_LENGTH]]
    return "".join(letters)


def check_invitation_code(*, invitation: Invitation, typed: str, at: datetime) -> None:
    """Raises WrongInvitationCode; after many wrong ones the right one has to wait as well."""
    name = f"invitation {invitation.pk}"
    if throttle.must_wait(name=name, address=None, at=at):
        raise WrongInvitationCode("Too many codes were wrong. Wait a minute, then try again.")
    given = "".join(typed.split()).replace("-", "").upper()
    if not constant_time_compare(given, invitation_code(invitation)):
        throttle.count_failure(name=name, at=at)
        raise WrongInvitationCode("This is not the code of your mail. Check its 8 letters.")


def open_invitation(*, token: str, at: datetime) -> Invitation:
    """The invitation that a mailed address opens.

    Raises InvitationOver for anything else, without saying why.
    """
    key, _, signature = token.partition("-")
    try:
        hexadecimal = f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"
        return (
            Invitation.objects.open(at)
            .select_related("member")
            .get(pk=_signer.unsign(f"{hexadecimal}:{signature}"), member__is_active=True)
        )
    except (signing.BadSignature, Invitation.DoesNotExist):
        raise InvitationOver from None


@transaction.atomic
def complete_invitation(
    *, invitation: Invitation, device: TotpDevice, code: str, actor: Actor, at: datetime
) -> list[str]:
    """Confirm the second factor by a code and use the invitation up; gives the recovery codes.

    Raises CodeRefused for a wrong code, InvitationOver when another visit was quicker.
    """
    if not Invitation.objects.open(at).filter(pk=invitation.pk).update(used_at=at):
        raise InvitationOver
    second_factor.confirm_device(device=device, code=code, at=at)
    codes = second_factor.set_recovery_codes(member=invitation.member)
    record("member.enrolled", actor=actor, subject=invitation.member)
    return codes


@transaction.atomic
def enrol(
    *,
    email: str,
    name: str,
    roles: Iterable[str],
    password: str,
    totp_secret: str,
    organisation: Organisation | None = None,
    actor: Actor,
    at: datetime,
) -> Member:
    """A member with a known password and authenticator secret, for demonstrations.

    Run again for the same address, it sets password, secret and roles anew.
    """
    address = fold_address(email)
    member = Member.objects.filter(email=address).first()
    if member is None:
        member = Member.objects.create_user(address, None, name=name, organisation=organisation)
    groups = groups_of(roles)
    member.groups.set(groups)
    set_password(member=member, password=password, at=at)
    TotpDevice.objects.filter(user=member).delete()
    TotpDevice.objects.create(
        user=member,
        name="authenticator",
        confirmed=True,
        sealed_seed=seal_seed(_seed_of(totp_secret), member_id=member.pk),
    )
    record("member.enrolled", actor=actor, subject=member, roles=[group.name for group in groups])
    return member


def new_totp_secret() -> str:
    """A new authenticator secret as people type it (base32)."""
    return base64.b32encode(new_seed()).decode()


def _seed_of(secret: str) -> bytes:
    text = secret.replace(" ", "").upper()
    return base64.b32decode(text + "=" * (-len(text) % 8))


@transaction.atomic
def note_sign_in(*, member: Member, actor: Actor, at: datetime, by_recovery_code: bool) -> None:
    """Write a completed sign-in down: for its member, and into the trail."""
    SignIn.objects.create(
        member=member, at=at, address=actor.address, by_recovery_code=by_recovery_code
    )
    factor = "recovery_code" if by_recovery_code else "authenticator"
    record("member.signed_in", actor=actor, subject=member, factor=factor)


@transaction.atomic
def sign_out_everywhere(*, member: Member, actor: Actor) -> None:
    """End every session of a member, this one too."""
    sessions.end_all(member=member)
    record("member.signed_out_everywhere", actor=actor, subject=member)


@transaction.atomic
def end_session(*, member: Member, handle: str, actor: Actor, at: datetime) -> None:
    """End one of a member's own sessions at once.

    Raises NotAllowed when there is none of this name.
    """
    if not sessions.end_one(member=member, handle=handle, at=at):
        raise NotAllowed("This session is over already.")
    record("member.session_ended", actor=actor, subject=member)


@transaction.atomic
def change_roles(*, member: Member, roles: Iterable[str], actor: Actor) -> None:
    """Give a member exactly these roles; the trail names them, the sessions go on.

    Raises NotAllowed for one's own roles.
    """
    if actor.member == member:
        raise NotByYou("Ask another administrator to change your own roles.")
    groups = groups_of(roles)
    # a case is given before or after, never in between
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    _keep_an_administrator(member, Role.ADMINISTRATOR.value in {group.name for group in groups})
    before = set(member.groups.values_list("name", flat=True))
    after = {group.name for group in groups}
    member.groups.set(groups)
    record(
        "member.roles_changed",
        actor=actor,
        subject=member,
        given=sorted(after - before),
        taken=sorted(before - after),
    )


def record_refusal(*, member: Member, actor: Actor, refusal: NotAllowed) -> None:
    """Write into the trail that somebody tried what is another's to do.

    Apart from the refused act, which left nothing behind.
    """
    if isinstance(refusal, NotByYou):
        record("member.act_refused", actor=actor, subject=member)


@transaction.atomic
def change_details(
    *,
    member: Member,
    name: str,
    gmc_number: str,
    organisation: Organisation | None,
    actor: Actor,
) -> list[str]:
    """Correct who a member is; gives the names of what changed, which the trail keeps.

    Raises NotAllowed for oneself: recusal stands on the organisation. Raises GmcNumberTaken.
    """
    if actor.member == member:
        raise NotByYou("Ask another administrator to change your own details.")
    return _change(member, actor, name=name, gmc_number=gmc_number, organisation=organisation)


@transaction.atomic
def change_gmc_number(*, member: Member, gmc_number: str, actor: Actor) -> None:
    """Keep a member's own GMC number; blank for none.

    Raises GmcNumberTaken.
    """
    _change(member, actor, gmc_number=gmc_number)


@transaction.atomic
def deactivate_member(*, member: Member, actor: Actor) -> None:
    """Close an account and end its sessions. The row stays: the trail points at it.

    Raises NotAllowed for oneself and for the last administrator.
    """
    if actor.member == member:
        raise NotByYou("Ask another administrator to deactivate your own account.")
    _keep_an_administrator(member, False)
    if not Member.objects.filter(pk=member.pk, is_active=True).update(is_active=False):
        raise NotAllowed("This account is deactivated already.")
    member.is_active = False
    sessions.end_all(member=member)
    record("member.deactivated", actor=actor, subject=member)


@transaction.atomic
def reactivate_member(*, member: Member, actor: Actor) -> None:
    """Open a closed account again, with the password and second factor it had."""
    if not Member.objects.filter(pk=member.pk, is_active=False).update(is_active=True):
        raise NotAllowed("This account is active.")
    member.is_active = True
    record("member.reactivated", actor=actor, subject=member)


@transaction.atomic
def ask_factor_reset(*, member: Member, actor: Actor, at: datetime) -> FactorReset:
    """The first administrator's half of a reset of the second factor.

    Raises NotAllowed for oneself, and when one is asked for already.
    """
    if actor.member == member:
        raise NotByYou("Ask two other administrators to reset your own second factor.")
    if FactorReset.objects.filter(member=member, agreed_at=None, cancelled_at=None).exists():
        raise NotAllowed("A reset is asked for already. A second administrator must agree.")
    wish = FactorReset.objects.create(member=member, asked_by=actor.member, asked_at=at)
    record("member.factor_reset_asked", actor=actor, subject=member)
    return wish


@transaction.atomic
def agree_factor_reset(*, wish: FactorReset, actor: Actor, at: datetime) -> Invitation:
    """The second administrator's half: factor and codes go, a new invitation comes.

    Raises NotAllowed for the one who asked and for the member.
    """
    if actor.member in (wish.asked_by, wish.member):
        raise NotByYou("Another administrator than the one who asked must agree.")
    agreed = FactorReset.objects.filter(pk=wish.pk, agreed_at=None, cancelled_at=None).update(
        agreed_by=actor.member, agreed_at=at
    )
    if not agreed:
        raise NotAllowed("This reset was agreed to or cancelled already.")
    TotpDevice.objects.filter(user=wish.member).delete()
    wish.member.recovery_codes.all().delete()
    sessions.end_all(member=wish.member)
    record("member.factor_reset", actor=actor, subject=wish.member)
    return _new_invitation(wish.member, actor, at)


@transaction.atomic
def cancel_factor_reset(*, wish: FactorReset, actor: Actor, at: datetime) -> None:
    """Take back the wish to reset a second factor."""
    open_wish = FactorReset.objects.filter(pk=wish.pk, agreed_at=None, cancelled_at=None)
    if not open_wish.update(cancelled_at=at):
        raise NotAllowed("This reset was agreed to or cancelled already.")
    record("member.factor_reset_cancelled", actor=actor, subject=wish.member)


def _change(member: Member, actor: Actor, **details: object) -> list[str]:
    row = Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    changed = sorted(field for field, value in details.items() if getattr(row, field) != value)
    if not changed:
        return []
    if "gmc_number" in changed:
        _keep_gmc_numbers_apart(details["gmc_number"])
    for field in changed:
        setattr(member, field, details[field])
    member.save(update_fields=changed)
    record("member.details_changed", actor=actor, subject=member, fields=changed)
    return changed


def _keep_gmc_numbers_apart(number: object) -> None:
    if number and Member.objects.filter(gmc_number=number).exists():
        raise GmcNumberTaken("Another member has this GMC number. Check it.")


def _new_invitation(member: Member, actor: Actor, at: datetime) -> Invitation:
    member.invitations.filter(used_at=None, withdrawn_at=None).update(withdrawn_at=at)
    return Invitation.objects.create(
        member=member, invited_by=actor.member, created_at=at, expires_at=at + INVITATION_LASTS
    )


def _keep_an_administrator(member: Member, stays: bool) -> None:
    administrators = Member.objects.select_for_update().filter(
        is_active=True, groups__name=Role.ADMINISTRATOR.value
    )
    held = {administrator.pk for administrator in administrators}
    if held == {member.pk} and not stays:
        raise NotAllowed("This is the last administrator. Invite another one first.")
