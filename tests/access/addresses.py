"""Every address of the site: who may ask for it, and for which object of the world."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from review.models import FindingCode, ReportingScheme
from tests.access.doors import (
    ADMINISTERING,
    AUDITING,
    CHAIRING,
    CODE,
    CURATING,
    DESK,
    EDITING,
    EVERYBODY,
    PANEL,
    PUBLISHING,
    READING,
    RENEW,
    SENDING,
    SIGN_IN,
    SIGNED_IN,
    SUBMITTERS,
    SUSPENDING,
    Door,
)
from tests.access.world import World

Place = Callable[[World], list[Any]]


def nowhere(world: World) -> list[Any]:
    return []


@dataclass(frozen=True)
class Address:
    """One method of one named address, for one object.

    `sees` are those whom the door lets in and who are told that the object exists: they get
    `status`, the others 404. None: all of them. `special` are exceptions, by visitor.
    """

    name: str
    method: str
    door: Door
    status: Any = 200
    place: Place = nowhere
    sees: frozenset[str] | None = None
    what: str = ""
    query: str = ""
    special: dict[str, Any] = field(default_factory=dict)
    has_object: bool = True

    def __str__(self) -> str:
        return f"{self.method} {self.name} {self.what}".strip()

    def expected(self, visitor: str) -> Any:
        if visitor in self.special:
            return self.special[visitor]
        if visitor not in self.door.lets_in:
            return self.door.tells(visitor)
        if self.sees is None or visitor in self.sees:
            return self.status
        return 404


def _get(name: str, door: Door, status: Any = 200, **more: Any) -> Address:
    return Address(name, "GET", door, status, **more)


def _post(name: str, door: Door, status: Any = 302, **more: Any) -> Address:
    return Address(name, "POST", door, status, **more)


# --- For everybody ------------------------------------------------------------------------


def _edition(world: World) -> list[Any]:
    case = world.published.teaching_case
    return [case.number, case.slug, world.published.number]


def _never_published(world: World) -> list[Any]:
    case = world.proposed.teaching_case
    return [case.number, case.slug, world.proposed.number]


def _taken_away(world: World) -> list[Any]:
    case = world.suspended.teaching_case
    return [case.number, case.slug, world.suspended.number]


def _image(world: World) -> str:
    image = world.published.images.first()
    return (
        f"studies/{image.study_instance_uid}/series/{image.series_instance_uid}"
        f"/instances/{image.sop_instance_uid}/frames/1"
    )


def _of_an_edition(name: str, *more: Any, suspended: int = 404) -> list[Address]:
    """What belongs to an edition is there while it is published, and at no other time."""
    return [
        _get(name, EVERYBODY, place=lambda w: [*_edition(w), *_of(more, w)]),
        *(
            _get(name, EVERYBODY, status, place=place, what=what, has_object=False)
            for place, what, status in (
                (lambda w: [*_never_published(w), *_of(more, w)], "of a proposed edition", 404),
                (lambda w: [*_taken_away(w), *_of(more, w)], "of a suspended edition", suspended),
            )
        ),
    ]


def _of(more: tuple[Any, ...], world: World) -> list[Any]:
    return [each(world) if callable(each) else each for each in more]


PUBLIC = [
    *(
        _get(name, EVERYBODY)
        for name in (
            *("about", "privacy", "accessibility", "dpia", "dpia-docx", "security"),
            *("security-docx", "live", "ready", "library:cases", "library:case-schema"),
            *("library:feed", "sitemap", "robots"),
            *("uploads:start", "uploads:organisations", "accounts:sign-in", "accounts:forgotten"),
            "accounts:reset-sent",
        )
    ),
    # it says what waits for the one who is signed in, so a session that lacks something is led on
    _get("home", EVERYBODY, special={"password only": CODE, "expired password": RENEW}),
    _get("metrics", EVERYBODY, 404),
    _get("library:case", EVERYBODY, place=lambda w: _edition(w)[:2]),
    _get(
        "library:case", EVERYBODY, 404, place=lambda w: _never_published(w)[:2], what="never public"
    ),
    # a neutral notice, which nobody may keep
    _get(
        "library:case",
        EVERYBODY,
        place=lambda w: _taken_away(w)[:2],
        what="suspended",
        has_object=False,
    ),
    _get("library:history", EVERYBODY, place=lambda w: _edition(w)[:2]),
    *(
        _get("library:history", EVERYBODY, 404, place=place, what=what, has_object=False)
        for place, what in (
            (lambda w: _never_published(w)[:2], "never public"),
            (lambda w: _taken_away(w)[:2], "suspended"),
        )
    ),
    _get("library:member-actions", EVERYBODY, place=lambda w: _edition(w)[:1]),
    *_of_an_edition("library:edition", suspended=200),
    *_of_an_edition("library:case-json"),
    *_of_an_edition("library:citation", "bib"),
    *_of_an_edition("library:figure", 1),
    *_of_an_edition("library:dicom-web"),
    *_of_an_edition("library:dicom-web-resource", _image),
    *_of_an_edition("library:dicom-zip"),
    *_of_an_edition("library:document", 1, "presentation", 1),
    *_of_an_edition("library:public-annotations"),
    *_of_an_edition("library:preview"),
    *_of_an_edition("library:print"),
    *_of_an_edition("library:concern"),
    # no page of ours sent it
    _post("library:concern", EVERYBODY, 403, place=_edition, has_object=False),
    # forms that everybody may send, empty here
    _post("uploads:start", EVERYBODY, 422),
    _post("accounts:sign-in", EVERYBODY, 422),
    _post("accounts:forgotten", EVERYBODY, 422),
    # visits that begin with a secret, which nobody here has
    *(_get(name, EVERYBODY, "start") for name in ("uploads:code",)),
    _post("uploads:code", EVERYBODY, "start"),
    *(
        made(name, EVERYBODY, 410)
        for name in ("accounts:join", "accounts:join-second-factor", "accounts:choose-password")
        for made in (_get, _post)
    ),
    _get("accounts:join-qr", EVERYBODY, 404),
    _get("accounts:invitation", EVERYBODY, 410, place=lambda w: ["a-token"]),
    _get("accounts:reset", EVERYBODY, 410, place=lambda w: ["a-token"]),
]

# --- Submitters ---------------------------------------------------------------------------

_OWNER = frozenset({"submitter"})
_PROGRAM = Door(SUBMITTERS, otherwise=401)


def _draft(world: World) -> list[Any]:
    return [world.draft.pk]


def _own(name: str, *, get: Any = None, post: Any = None, more: Any = None) -> list[Address]:
    place = more or _draft
    made = [_get(name, SENDING, get, place=place, sees=_OWNER)] if get else []
    return made + ([_post(name, SENDING, post, place=place, sees=_OWNER)] if post else [])


SENT = [
    _get("uploads:mine", SENDING),
    _post("uploads:new", SENDING),
    _post("uploads:sign-out", SENDING, "start"),
    *_own("uploads:detail", get=200),
    *_own("uploads:status", get=302),
    *_own("uploads:header-report", get=200),
    *_own("uploads:clinical", get=200, post=422),
    *_own("uploads:check-clinical", post=200),
    *_own("uploads:declaration", get=200, post=422),
    *_own("uploads:submit", get=200, post=302),
    *_own("uploads:files", get=200, post=400),
    *_own("uploads:remove-unfinished", post=302),
    *_own("uploads:answer", post=422),
    *_own("uploads:returning-patient", post=422),
    *_own("withdraw-upload", get=200, post=302),
    *_own(
        "answer-panel", post=422, more=lambda w: [w.question.upload_id, w.question.pk]
    ),
    _post(
        "answer-panel", SENDING, 404, what="about another upload",
        place=lambda w: [w.draft.pk, w.question.pk],
    ),
    Address(
        "uploads:file", "DELETE", _PROGRAM, 204,
        place=lambda w: [w.draft.pk, w.draft_file.pk], sees=_OWNER,
    ),
    Address(
        "uploads:file", "DELETE", _PROGRAM, 404, what="of another upload",
        place=lambda w: [w.draft.pk, w.held_file.pk],
    ),
    Address(
        "uploads:part", "PUT", _PROGRAM, 400,
        place=lambda w: [w.draft.pk, w.draft_file.pk, 1], sees=_OWNER,
    ),
]  # fmt: skip

# --- Information governance ----------------------------------------------------------------


def _held(world: World) -> list[Any]:
    return [world.held.pk]


def _held_file(world: World) -> list[Any]:
    return [world.held.pk, world.held_file.pk]


GOVERNANCE = [
    _get("held-uploads", CURATING),
    _get("uploads:held-upload", CURATING, place=_held),
    _get("uploads:held-upload", CURATING, 404, place=_draft, what="of a draft"),
    _get("uploads:refuse", CURATING, place=_held),
    _post("uploads:refuse", CURATING, 422, place=_held),
    _post("uploads:ask", CURATING, 422, place=_held),
    _post("uploads:go-on", CURATING, place=_held),
    _post("uploads:withdraw-as-asked", CURATING, place=lambda w: [w.asked.pk]),
    _post("uploads:withdraw-as-asked", CURATING, 404, place=_held, what="that nobody asked for"),
    _get("uploads:held-file", CURATING, place=_held_file),
    _get("uploads:preview", CURATING, place=lambda w: [*_held_file(w), 1]),
    _post("uploads:mask", CURATING, 200, place=_held_file),
    _get("uploads:release", CURATING, place=_held_file),
    _post("uploads:release", CURATING, 422, place=_held_file),
    _get("uploads:refuse-file", CURATING, place=_held_file),
    _post("uploads:refuse-file", CURATING, 422, place=_held_file),
    _post("uploads:try-again", CURATING, place=_held_file),
    _get("audit:trail", AUDITING),
    _get("audit:export", AUDITING),
    _get("audit:seal", AUDITING),
    _post("audit:verify", AUDITING),
]

# --- The panel ----------------------------------------------------------------------------

_CASES: list[tuple[str, str, frozenset[str]]] = [
    # never somebody of the trust that sent it, whoever assigned them
    ("case_open", "in reading", frozenset({"reader", "chair"})),
    ("case_discordant", "discordant", frozenset({"adjudicator", "chair"})),
    ("case_accepted", "accepted", PANEL),
    ("case_declined", "declined", frozenset({"chair"})),
    ("case_set_aside", "set aside", frozenset({"chair"})),
]


def _number(name: str) -> Place:
    return lambda world: [getattr(world, name).number]


def _remark(world: World) -> list[Any]:
    return [world.case_accepted.number, world.remark.pk]


def _instance(name: str, end: str) -> Place:
    return lambda world: [world.instance(getattr(world, name)) + end]


def _study(name: str, end: str = "") -> Place:
    def place(world: World) -> list[Any]:
        study = world.study(getattr(world, name))
        return [f"studies/{study.study_instance_uid}{end}"]

    return place


def _series(name: str, end: str) -> Place:
    return lambda world: [world.instance(getattr(world, name)).rpartition("/instances/")[0] + end]


def _resources(address: str, door: Door, case: str, what: str, sees: Any) -> list[Address]:
    """Whatever DICOMweb gives of a case: all of one in reading, the others' files and frames."""
    made = [(_study(case), "files"), (_instance(case, "/frames/1"), "frames")]
    if case == "case_open":
        made += [
            *((_study(case, end), end) for end in ("/series", "/instances", "/metadata")),
            *((_series(case, end), end) for end in ("", "/instances", "/metadata")),
            *((_instance(case, end), end) for end in ("", "/metadata", "/rendered")),
        ]
    return [
        _get(address, door, place=place, sees=sees, what=f"{what}, {end}") for place, end in made
    ]


_OPEN = {"place": _number("case_open"), "sees": frozenset({"reader", "chair"})}
_DISCORDANT = {"place": _number("case_discordant"), "sees": frozenset({"adjudicator", "chair"})}
_NO_PROGRAM_OF = ("anonymous", "deactivated", "password only", "expired password", *SUBMITTERS)
_OF_THE_PROGRAM = dict.fromkeys(_NO_PROGRAM_OF, 401)
_READING_PROGRAM = Door(READING.lets_in, _OF_THE_PROGRAM)
_DESK_PROGRAM = Door(DESK.lets_in, _OF_THE_PROGRAM)

REVIEW = [
    _get("review:worklist", READING),
    _post("review:open", READING),
    _get("review:profile", READING),
    _post("review:profile", READING, 302),
    *(
        _get("review:case", READING, place=_number(name), sees=sees, what=what)
        for name, what, sees in _CASES
    ),
    *(
        _get("review:findings", READING, place=_number(name), sees=sees, what=what)
        for name, what, sees in _CASES
    ),
    *(
        _post("review:write-remark", READING, 422, place=_number(name), sees=sees, what=what)
        for name, what, sees in _CASES
    ),
    _post("review:change-remark", READING, 422, place=_remark),
    _post("review:withdraw-remark", READING, place=_remark),
    *(
        _post(
            f"review:{name}-remark",
            READING,
            404,
            what="of another case",
            place=lambda w: [w.case_open.number, w.remark.pk],
        )
        for name in ("change", "withdraw")
    ),
    _get("review:away", READING),
    _post("review:away", READING, 422),
    _get("review:years", READING),
    _get("review:workload", CHAIRING),
    _get("review:agreement", READING),
    _get("review:agreement-csv", READING),
    _get("review:next-case", READING),
    _post("review:save-draft", READING, 400, **_OPEN),
    _post("review:submit", READING, 422, **_OPEN),
    _post("review:hand-back", READING, 422, **_OPEN),
    _post("review:addendum", READING, 422, **_OPEN),
    _post("review:set-aside", READING, 422, **_OPEN),
    _post("review:ask", READING, **_OPEN),
    _post("review:go-on", READING, **_OPEN),
    _post("review:adjudicate", READING, 422, **_DISCORDANT),
    _post("review:assign", CHAIRING, place=_number("case_open")),
    _post("review:take-back", CHAIRING, place=_number("case_open")),
    _post("review:decide", CHAIRING, 422, place=_number("case_discordant")),
    _post("review:reopen", CHAIRING, place=_number("case_set_aside")),
    _get("review:exports", CHAIRING),
    *(
        _get(f"review:export-{name}", CHAIRING, query="?purpose=study")
        for name in ("readings", "findings", "whole")
    ),
    _get("review:export-dictionary", CHAIRING),
    _get("review:dicom-web", _READING_PROGRAM, place=lambda w: ["studies"], what="all studies"),
    *(
        address
        for name, what, sees in _CASES
        for address in _resources(
            "review:dicom-web",
            _READING_PROGRAM,
            name,
            what,
            # whom images identify: nobody, while that is so
            frozenset() if name == "case_set_aside" else sees,
        )
    ),
]


def _scheme(world: World) -> list[Any]:
    return [ReportingScheme.objects.get(code="co-rads").pk]


def _code(world: World) -> list[Any]:
    return [FindingCode.objects.get(meaning="Halo sign", is_active=True).pk]


SCHEMES = [
    _get("review:schemes", ADMINISTERING),
    _get("review:scheme", ADMINISTERING, place=_scheme),
    _post("review:scheme", ADMINISTERING, 422, place=_scheme),
    _post("review:copy-scheme", ADMINISTERING, 422, place=_scheme),
    _post("review:use-scheme", ADMINISTERING, place=_scheme),
    _post("review:discard-scheme", ADMINISTERING, place=_scheme),
    _get("review:codes", ADMINISTERING),
    _post("review:codes", ADMINISTERING, 422),
    _get("review:code", ADMINISTERING, place=_code),
    _post("review:code", ADMINISTERING, 422, place=_code),
    _post("review:retire-code", ADMINISTERING, place=_code),
    _post("review:restore-code", ADMINISTERING, place=_code),
]

# --- The desk -----------------------------------------------------------------------------


def _edition_pk(name: str) -> Place:
    return lambda world: [getattr(world, name).pk]


def _drawing(world: World) -> list[Any]:
    return [world.edition.pk, world.drawing.pk]


def _case_number(name: str) -> Place:
    return lambda world: [getattr(world, name).teaching_case.number]


_JSON_DESK = Door(DESK.lets_in, DESK.turned_away)

THE_DESK = [
    _get("library:desk", DESK),
    _post("library:start", EDITING, place=lambda w: [w.to_write.number]),
    _post("library:start", EDITING, 404, place=_number("case_open"), what="of a case in reading"),
    _get("library:edit", DESK, place=_edition_pk("edition"), special={"publisher": 302}),
    _post("library:edit", DESK, 422, place=_edition_pk("edition"), special={"publisher": 302}),
    _post("library:save", EDITING, 400, place=_edition_pk("edition")),
    _get("library:check", DESK, place=_edition_pk("proposed")),
    _post("library:publish", PUBLISHING, 422, place=_edition_pk("proposed")),
    _post("library:stop-publication", PUBLISHING, place=_edition_pk("proposed")),
    _post("library:confirm", EDITING, place=_edition_pk("published")),
    _post("library:return", PUBLISHING, place=_edition_pk("proposed")),
    _get("library:annotations", DESK, place=_edition_pk("edition")),
    _post(
        "library:annotations", DESK, 400, place=_edition_pk("edition"), special={"publisher": 403}
    ),
    *(
        Address(
            "library:annotation", method, DESK, 400, place=_drawing, special={"publisher": 403}
        )
        for method in ("PUT", "DELETE")
    ),
    _post(
        "library:restore-annotation", DESK, 400, place=_drawing, special={"publisher": 403}
    ),
    _get("library:desk-documents", DESK, place=_edition_pk("edition")),
    _get(
        "library:desk-document", DESK,
        place=lambda w: [w.edition.pk, 1, "presentation", 1],
    ),
    *(
        address
        for name, what, _ in _CASES
        for address in _resources(
            "library:desk-dicom-web",
            _DESK_PROGRAM,
            name,
            what,
            DESK.lets_in if name == "case_accepted" else frozenset(),
        )
    ),
    _post("library:close-concern", DESK, place=lambda w: [w.concern.pk]),
    _post("library:suspend", SUSPENDING, place=_case_number("published")),
    _post("library:reinstate", PUBLISHING, place=_case_number("suspended")),
    _post("library:retire", PUBLISHING, place=_case_number("published")),
    _post("library:revise", EDITING, place=_case_number("published")),
]  # fmt: skip

# --- Accounts -----------------------------------------------------------------------------


def _member(world: World) -> list[Any]:
    return [world.plain_member.pk]


ACCOUNTS = [
    _get("accounts:account", SIGNED_IN),
    _get("accounts:recovery-codes", SIGNED_IN),
    _post("accounts:recovery-codes", SIGNED_IN, 422),
    _get("accounts:change-password", SIGNED_IN),
    _post("accounts:change-password", SIGNED_IN, 422),
    _get("accounts:renew-password", SIGNED_IN, 302, special={"expired password": 200}),
    _post("accounts:renew-password", SIGNED_IN, 302, special={"expired password": 422}),
    _post("accounts:sign-out-everywhere", SIGNED_IN, SIGN_IN),
    _get("accounts:code", SIGNED_IN, 302, special={"password only": 200}),
    _post("accounts:code", SIGNED_IN, 302, special={"password only": 422}),
    _post("accounts:sign-out", SIGNED_IN, special={"password only": 302, "expired password": 302}),
    _get("accounts:gmc-number", SIGNED_IN),
    _post("accounts:gmc-number", SIGNED_IN),
    _get("accounts:activity", SIGNED_IN),
    _get("accounts:sessions", SIGNED_IN),
    _post("accounts:end-session", SIGNED_IN, place=lambda w: ["somebody-elses"]),
    _get("accounts:members", ADMINISTERING),
    _get("accounts:invite", ADMINISTERING),
    _post("accounts:invite", ADMINISTERING, 422),
    _get("accounts:member", ADMINISTERING, place=_member),
    _get("change-details", ADMINISTERING, place=_member),
    _post("change-details", ADMINISTERING, 422, place=_member),
    _post("change-roles", ADMINISTERING, place=_member),
    _post("deactivate-member", ADMINISTERING, place=_member),
    *(
        _post(f"accounts:{name}", ADMINISTERING, place=_member)
        for name in (
            *("reactivate", "invite-again", "ask-factor-reset", "agree-factor-reset"),
            "cancel-factor-reset",
        )
    ),
]

ADDRESSES = [*PUBLIC, *SENT, *GOVERNANCE, *REVIEW, *SCHEMES, *THE_DESK, *ACCOUNTS]


def elsewhere(args: list[Any]) -> list[Any] | None:
    """The same address for an object that does not exist; None where it names no row."""
    if not args:
        return None
    first, *rest = args
    if isinstance(first, uuid.UUID):
        return [uuid.uuid4(), *rest]
    if isinstance(first, int):
        return [999_999, *rest]
    if isinstance(first, str) and first.startswith("studies/"):
        uid = first.split("/")[1]
        return [first.replace(uid, "2.25.404"), *rest]
    return None
