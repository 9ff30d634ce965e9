"""The one way into the audit trail."""

from typing import Any

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models

from audit.actors import Actor

# the subject of an act that has no row: a failed sign-in, a search
SITE = "site"


def record(verb: str, *, actor: Actor, subject: models.Model | None, **facts: Any) -> LogEntry:
    """Write one act into the trail, in the caller's transaction.

    `verb` is `noun.past` ("upload.submitted"). `facts` are ids, counts and codes; never a value
    of a source file, a name, an address of mail or free text. `subject` None means the site.

    Raises
    ------
    ValueError
        If the verb is not `noun.past`, or a fact is neither text, number, truth nor None
        (or a list of those).
    """
    noun, _, past = verb.partition(".")
    if not noun or not past:
        raise ValueError(f"{verb!r} is not an audit verb: write noun.past")
    for name, fact in facts.items():
        if not all(isinstance(part, str | int | float | None) for part in _parts(fact)):
            raise ValueError(f"the audit fact {name} is neither text, number, truth nor None")
    return LogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(subject) if subject else _site_type(),
        object_pk=str(subject.pk) if subject else SITE,
        object_id=subject.pk if subject and isinstance(subject.pk, int) else None,
        object_repr=str(subject) if subject else SITE,
        action=LogEntry.Action.ACCESS if past in _READING_VERBS else LogEntry.Action.UPDATE,
        actor=actor.member,
        remote_addr=actor.address,
        additional_data={
            "verb": verb,
            "actor_kind": actor.kind.value,
            "actor_key": actor.key,
            "facts": facts,
        },
    )


_READING_VERBS = frozenset({"opened", "downloaded", "exported", "searched", "viewed", "listed"})


def _parts(fact: Any) -> list[Any]:
    return list(fact) if isinstance(fact, list | tuple) else [fact]


def _site_type() -> ContentType:
    return ContentType.objects.get_for_model(LogEntry)
