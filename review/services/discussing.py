"""The discussion of a settled case: a remark is written, changed, withdrawn, and told by mail."""

import re
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from audit.actors import Actor
from audit.services import record
from bsti_db.accounts.models import Member
from review.blinding import remarks_visible_to
from review.eligibility import panel, who_may_look_at
from review.lifecycle import SETTLED
from review.models import MAY_CHAIR, Case, Remark, RemarkNotice
from review.services.refusals import Refusal, Unentitled, case_in_turn

# an @ before a letter, but not within an address of mail
_MENTION = re.compile(r"(?<![\w.])@(?=[^\W\d_])")


class NotSettled(Refusal):
    """The case is being read: nobody discusses it before it is settled."""


class NobodyCalled(Refusal):
    """An @ stands before something that is nobody's name on the panel."""


class NotTheirRemark(Unentitled):
    """The remark is somebody else's, or withdrawn."""

    code = "not_their_remark"


class TooLate(Refusal):
    """The time to change or withdraw a remark is over: others may have answered it."""


@transaction.atomic
def write_remark(*, case: Case, actor: Actor, text: str, at: datetime) -> Remark:
    """Add to the discussion; those mentioned, and who wrote before, are told in their next mail.

    Raises NotSettled, NobodyCalled.
    """
    case = _settled(case)
    mentioned = mentioned_in(text, panel())
    remark = Remark.objects.create(case=case, author=actor.member, text=text, written_at=at)
    _tell(remark, mentioned)
    record("remark.written", actor=actor, subject=case, remark=remark.pk, mentions=len(mentioned))
    return remark


@transaction.atomic
def change_remark(*, remark: Remark, actor: Actor, text: str, at: datetime) -> None:
    """Put other words in the place of one's own, shortly after they were written.

    Raises NotSettled, NotTheirRemark, TooLate, NobodyCalled.
    """
    case = _settled(remark.case)
    remark = _own(remark, actor)
    _check_in_time(remark, at)
    mentioned = mentioned_in(text, panel())
    remark.text, remark.changed_at = text, at
    remark.save(update_fields=["text", "changed_at"])
    remark.notices.filter(mailed_at=None).delete()
    _tell(remark, mentioned)
    record("remark.changed", actor=actor, subject=case, remark=remark.pk, mentions=len(mentioned))


@transaction.atomic
def withdraw_remark(*, remark: Remark, actor: Actor, at: datetime) -> None:
    """Take words away: one's own shortly after, a chair anybody's at any time.

    Raises NotSettled, NotTheirRemark, TooLate.
    """
    case = _settled(remark.case)
    if not actor.member.has_perm(MAY_CHAIR):
        _check_in_time(_own(remark, actor), at)
    remark = Remark.objects.select_for_update().get(pk=remark.pk)
    if remark.withdrawn_at:
        raise NotTheirRemark("This remark is withdrawn already.")
    remark.text, remark.withdrawn_at = "", at
    remark.save(update_fields=["text", "withdrawn_at"])
    record("remark.withdrawn", actor=actor, subject=case, remark=remark.pk)


def may_change(remark: Remark, actor: Actor, *, at: datetime) -> bool:
    """Whether it is their own, still stands, and was written a short time ago."""
    is_own = remark.author_id == actor.member.pk and remark.withdrawn_at is None
    return is_own and at < remark.written_at + settings.REMARK_CHANGEABLE


def mentioned_in(text: str, members: Iterable[Member]) -> list[Member]:
    """Whom the text calls by @ and their whole name; of people of one name, all.

    Raises NobodyCalled.
    """
    by_name: dict[str, list[Member]] = {}
    for member in members:
        by_name.setdefault(_plain(member.name), []).append(member)
    # the longest first: "Ann Lee Smith" is not Ann Lee
    names = sorted((name for name in by_name if name), key=len, reverse=True)
    found: dict[int, Member] = {}
    for match in _MENTION.finditer(text):
        rest = _plain(text[match.end() :])
        name = next((each for each in names if re.match(rf"{re.escape(each)}(?!\w)", rest)), None)
        if name is None:
            raise NobodyCalled(
                "After @ stands the whole name of somebody on the panel, as in the list."
            )
        found |= {member.pk: member for member in by_name[name]}
    return list(found.values())


def members_to_tell(*, at: datetime) -> QuerySet[Member]:
    """Who has something to be told, and was told nothing for most of a day."""
    recently = RemarkNotice.objects.filter(
        member=OuterRef("pk"), mailed_at__gt=at - settings.DISCUSSION_MAIL_EVERY
    )
    due = notices_due(at=at).filter(member=OuterRef("pk"))
    return Member.objects.filter(Exists(due), ~Exists(recently), is_active=True)


def notices_due(*, at: datetime) -> QuerySet[RemarkNotice]:
    """What may be told: of settled cases, and too old to be withdrawn by its author."""
    return RemarkNotice.objects.due().filter(
        remark__written_at__lte=at - settings.REMARK_CHANGEABLE, remark__case__status__in=SETTLED
    )


def _settled(case: Case) -> Case:
    case = case_in_turn(case)
    if case.status not in SETTLED:
        raise NotSettled(f"Case {case.number} is being read: it is discussed when it is settled.")
    return case


def _own(remark: Remark, actor: Actor) -> Remark:
    found = (
        remarks_visible_to(remark.case, actor)
        .select_for_update(of=("self",))
        .filter(pk=remark.pk, author=actor.member, withdrawn_at=None)
        .first()
    )
    if found is None:
        raise NotTheirRemark("A remark is changed or withdrawn by who wrote it, while it stands.")
    return found


def _check_in_time(remark: Remark, at: datetime) -> None:
    if at >= remark.written_at + settings.REMARK_CHANGEABLE:
        minutes = int(settings.REMARK_CHANGEABLE.total_seconds() // 60)
        raise TooLate(
            f"A remark can be changed or withdrawn for {minutes} minutes. Write another below."
        )


def _tell(remark: Remark, mentioned: list[Member]) -> None:
    called = {member.pk for member in mentioned}
    taking_part = Remark.objects.filter(case=remark.case_id, withdrawn_at=None)
    others = set(taking_part.values_list("author", flat=True)) | called
    # who may not look at a declined case is not told, and nobody learns who read it
    others &= set(who_may_look_at(remark.case).values_list("pk", flat=True))
    told = set(remark.notices.values_list("member", flat=True))
    RemarkNotice.objects.bulk_create(
        RemarkNotice(remark=remark, member_id=pk, is_mention=pk in called)
        for pk in sorted(others - told - {remark.author_id})
    )


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
