"""Who acts: a member, a submitter, a system task, or nobody signed in."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ActorKind(StrEnum):
    MEMBER = "member"
    SUBMITTER = "submitter"
    TASK = "task"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Actor:
    """One who acts, as the trail keeps it: a kind and an id, never a name.

    `member` is the row behind a member, so that a foreign key can be set; `address` is the
    client's address where a request brought the act, `cause` the task or request behind a task.
    """

    kind: ActorKind
    key: str = ""
    member: Any = None
    address: str | None = None

    @classmethod
    def of_member(cls, member: Any, *, address: str | None = None) -> "Actor":
        return cls(ActorKind.MEMBER, str(member.pk), member, address)

    @classmethod
    def of_submitter(cls, submitter: Any, *, address: str | None = None) -> "Actor":
        return cls(ActorKind.SUBMITTER, str(submitter.pk), None, address)

    @classmethod
    def of_task(cls, name: str) -> "Actor":
        return cls(ActorKind.TASK, name)

    @classmethod
    def nobody(cls, *, address: str | None = None) -> "Actor":
        return cls(ActorKind.NOBODY, "", None, address)
