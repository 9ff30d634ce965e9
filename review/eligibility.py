"""Who may be given a case, not its trust's people nor who had it; who is told of names in one."""

from datetime import date

from django.contrib.auth.models import Permission
from django.db.models import Exists, OuterRef, Q, QuerySet

from bsti_db.accounts.models import Member, TotpDevice
from review.lifecycle import CaseStatus
from review.models import MAY_CHAIR, MAY_READ, Assignment, Case, CaseStudy, PanelProfile, Reading

MAY_HANDLE_HELD = "accounts.uploads_handle_held"


def panel() -> QuerySet[Member]:
    """Members who can sign in and read cases."""
    enrolled = TotpDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
    return Member.objects.filter(_may(MAY_READ), Exists(enrolled), is_active=True).order_by("pk")


def curators() -> QuerySet[Member]:
    """Who is told of images that identify somebody."""
    return Member.objects.filter(_may(MAY_HANDLE_HELD), is_active=True).order_by("pk")


def eligible_for(case: Case) -> QuerySet[Member]:
    """Who may be given any seat of the case.

    Not the people of a trust that sent a study of it, claimed or confirmed (decision 6), not the
    submitter, and nobody who has or had another seat of it: an adjudicator is no reader.
    """
    sent = CaseStudy.objects.filter(case=case).values_list(
        "study__patient__organisation",
        "study__upload__organisation",
        "study__upload__submitter__organisation",
        "study__upload__submitter__email",
    )
    trusts = {pk for *organisations, _ in sent for pk in organisations if pk is not None}
    from_there = Q(organisation__in=trusts)
    for *_, address in sent:
        from_there |= Q(email__iexact=address)
    had = Assignment.objects.filter(case=case, member=OuterRef("pk"))
    read = Reading.objects.filter(case=case, reader=OuterRef("pk"))
    # a member without an organisation is of none of these trusts
    own = Member.objects.filter(from_there, pk=OuterRef("pk"))
    return panel().filter(~Exists(own), ~Exists(had), ~Exists(read))


def who_may_look_at(case: Case) -> QuerySet[Member]:
    """Of the panel, those to whom a settled case is shown (decision 4)."""
    if case.status != CaseStatus.DECLINED:
        return panel()
    readers = case.readings.filter(submitted_at__isnull=False).values("reader")
    return panel().filter(_may(MAY_CHAIR) | Q(pk__in=readers))


def available_for(case: Case, *, on: date, due_on: date) -> QuerySet[Member]:
    """Who may be given the case without being asked.

    They read its modalities, and are away neither now nor when it falls due.
    """
    profile = PanelProfile.objects.filter(member=OuterRef("pk"))
    members = eligible_for(case).exclude(Exists(profile.away_on(on, due_on)))
    shown = CaseStudy.objects.shown().filter(case=case)
    modalities = set(shown.values_list("study__modality", flat=True))
    if "CT" in modalities:
        members = members.exclude(Exists(profile.filter(reads_ct=False)))
    if modalities - {"CT"}:
        members = members.exclude(Exists(profile.filter(reads_radiographs=False)))
    return members


def without_chairs(members: QuerySet[Member]) -> QuerySet[Member]:
    """Chairs override what readers found, so by rule they are not made readers."""
    return members.exclude(_may(MAY_CHAIR))


def _may(permission: str) -> Q:
    label, _, codename = permission.partition(".")
    wanted = Permission.objects.filter(content_type__app_label=label, codename=codename)
    by_role = Member.objects.filter(groups__permissions__in=wanted)
    themselves = Member.objects.filter(user_permissions__in=wanted)
    return Q(pk__in=by_role.values("pk")) | Q(pk__in=themselves.values("pk"))
