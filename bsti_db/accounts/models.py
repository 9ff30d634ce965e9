"""People of the panel and the organisations they and submitters belong to."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django_otp.models import Device

from bsti_db.accounts.session_store import SessionStore


class Organisation(models.Model):
    """An NHS trust or board. `key` never changes; the ODS code does, in mergers."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    ods_code = models.CharField("ODS code", max_length=10, unique=True)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class OrganisationDomain(models.Model):
    """A mail domain that belongs to one organisation, and so proves it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="domains")
    domain = models.CharField(max_length=200, unique=True)

    def __str__(self) -> str:
        return self.domain


class MemberManager(BaseUserManager["Member"]):
    def get_by_natural_key(self, username: str) -> "Member":
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "Member":
        member = self.model(email=fold_address(email), **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member


class Member(AbstractBaseUser, PermissionsMixin):
    """One person of the panel or its office. Never deleted, only deactivated."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="members"
    )
    # of the General Medical Council; people of the office have none
    gmc_number = models.CharField("GMC number", max_length=7, blank=True)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    password_changed_at = models.DateTimeField(null=True, blank=True)
    # counted up to end every session of the member
    session_generation = models.PositiveIntegerField(default=0)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = MemberManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="member_email_is_theirs_alone"),
            models.UniqueConstraint(
                fields=["gmc_number"],
                condition=~Q(gmc_number=""),
                name="member_gmc_number_is_theirs_alone",
            ),
            models.CheckConstraint(
                name="member_gmc_number_has_seven_digits",
                condition=Q(gmc_number="") | Q(gmc_number__regex=r"^[0-9]{7}$"),
            ),
        ]
        # what roles.py hands out; views ask for these, never for a role
        permissions = [
            ("uploads_handle_held", "May look at held files and release or refuse them"),
            ("review_read", "May read cases"),
            ("review_chair", "May decide cases"),
            ("library_edit", "May write teaching cases"),
            ("library_publish", "May publish teaching cases"),
            ("library_suspend", "May suspend published cases"),
            ("audit_read", "May read and export the audit trail"),
            ("accounts_administer", "May invite members and change their roles"),
        ]

    def __str__(self) -> str:
        return f"member {self.pk}"

    def get_session_auth_hash(self) -> str:
        return self._session_hash()

    def get_session_auth_fallback_hash(self):
        return iter(())

    def _session_hash(self) -> str:
        value = f"{self.password}:{self.session_generation}"
        salt = "bsti_db.accounts.models.Member.session"
        return salted_hmac(salt, value, algorithm="sha256").hexdigest()


def fold_address(address: str) -> str:
    """The one spelling under which an address of mail is stored, sought and counted."""
    return address.strip().casefold()


class PastPassword(models.Model):
    """A password a member had, as hashed then: the last ones are not taken again."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="past_passwords")
    encoded = models.CharField(max_length=128)
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["-set_at"]

    def __str__(self) -> str:
        return f"past password {self.pk}"


class RenewalNotice(models.Model):
    """A mail that said so many days before its end that a password must be renewed."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="renewal_notices")
    # of which password: another one is told of anew
    password_changed_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "password_changed_at", "days"],
                name="renewal_is_told_once_for_each_number_of_days",
            )
        ]

    def __str__(self) -> str:
        return f"renewal notice {self.pk}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, at) -> "InvitationQuerySet":
        """Those whose address still opens the one visit."""
        return self.filter(used_at=None, withdrawn_at=None, expires_at__gt=at)


class Invitation(models.Model):
    """One visit in which a member sets a password and enrols a second factor."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="invitations")
    invited_by = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)  # a newer one replaced it

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(used_at=None, withdrawn_at=None),
                name="member_has_one_open_invitation",
            )
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class TotpDevice(Device):
    """An authenticator app (RFC 6238: SHA-1, 30 s, 6 digits). Its seed is stored encrypted."""

    sealed_seed = models.BinaryField()
    last_step = models.BigIntegerField(default=-1)  # the time step of the last code taken
    failures = models.PositiveIntegerField(default=0)
    failed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(confirmed=True),
                name="member_has_one_confirmed_device",
            )
        ]

    def __str__(self) -> str:
        return f"authenticator {self.pk}"


class RecoveryCode(models.Model):
    """A code for when the authenticator is lost: a keyed hash, and used once."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"recovery code {self.pk}"


class SignIn(models.Model):
    """A completed sign-in: shown to its member, and how a known address is recognised."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="sign_ins")
    at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True, blank=True)
    by_recovery_code = models.BooleanField(default=False)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"sign-in {self.pk}"


class Session(AbstractBaseSession):
    """What a browser carries from page to page; a member's own are listed to them."""

    member = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.CASCADE, related_name="sessions"
    )

    def __str__(self) -> str:
        # the key opens it
        return "session"

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore


class NameFailures(models.Model):
    """How often signing in under one name failed lately, from anywhere: known or not."""

    digest = models.CharField(max_length=64, unique=True)
    failures = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    failed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"failures {self.pk}"


class FactorReset(models.Model):
    """The wish to take a member's second factor away; two administrators must have it."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="factor_resets")
    asked_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    agreed_by = models.ForeignKey(Member, null=True, on_delete=models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="factor_is_reset_by_two_people",
                condition=Q(agreed_by=None) | ~Q(agreed_by=F("asked_by")),
            ),
            models.CheckConstraint(
                name="factor_is_not_reset_by_its_member",
                condition=~Q(asked_by=F("member"))
                & (Q(agreed_by=None) | ~Q(agreed_by=F("member"))),
            ),
            models.CheckConstraint(
                name="factor_reset_is_agreed_by_somebody_at_a_time",
                condition=Q(agreed_by=None, agreed_at=None)
                | Q(agreed_by__isnull=False, agreed_at__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(agreed_at=None, cancelled_at=None),
                name="one_factor_reset_of_a_member_is_open",
            ),
        ]

    def __str__(self) -> str:
        return f"reset of a second factor {self.pk}"
