"""What each passed door leaves in the trail, and acts that need more than an empty form."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from library.models import IntruderCheck, RetirementReason
from tests.access.addresses import Address, Place, nowhere
from tests.access.world import World
from tests.factories import PASSWORD
from tests.uploads.entering import CLINICAL, DECLARATION

_OPENED, _TAKEN = ("study.opened",), ("study.opened", "study.downloaded")
_OF_A_PATIENT = ("case.opened", "case.assigned", "case.assigned")

# by method and name: the verbs of one request that passes; what is not here leaves nothing
_LEFT: dict[str, tuple[str, ...]] = {
    # sending
    "POST uploads:new": ("upload.started",),
    "POST uploads:sign-out": ("submitter.signed_out",),
    "GET uploads:header-report": ("headers.downloaded",),
    "DELETE uploads:file": ("upload.file_removed",),
    "POST withdraw-upload": ("upload.withdrawn",),
    # information governance
    "GET uploads:preview": ("file.viewed",),
    "POST uploads:try-again": ("file.tried_again",),
    "POST uploads:withdraw-as-asked": ("upload.withdrawn",),
    "GET audit:trail": ("trail.viewed",),
    "GET audit:export": ("trail.exported",),
    "GET audit:seal": ("seal.viewed",),
    "POST audit:verify": ("trail.verification_asked",),
    # the panel: whoever sees a case's page has opened its studies, whatever is wrong with a form
    "GET review:worklist": ("cases.listed",),
    "POST review:open": _OF_A_PATIENT * 2,
    "POST review:profile": ("panel_profile.changed",),
    "GET review:case": _OPENED,
    "GET review:findings": _OPENED,
    **{
        f"POST review:{name}": _OPENED
        for name in (
            *("submit", "hand-back", "addendum", "set-aside", "adjudicate", "decide"),
            *("write-remark", "change-remark"),
        )
    },
    "POST review:withdraw-remark": ("remark.withdrawn",),
    "POST review:reopen": ("case.reopened", "case.assigned"),
    "GET review:workload": ("workload.viewed",),
    "GET review:agreement": ("agreement.viewed",),
    "GET review:agreement-csv": ("agreement.exported",),
    **{
        f"GET review:export-{name}": ("readings.exported",)
        for name in ("readings", "findings", "whole")
    },
    "POST review:use-scheme": ("scheme.put_to_use",),
    "POST review:discard-scheme": ("scheme.discarded",),
    "POST review:retire-code": ("finding_code.retired",),
    # the desk
    "POST library:start": ("edition.started",),
    "GET library:edit": ("edition.opened",),
    "POST library:edit": ("edition.opened",),
    "GET library:check": ("edition.opened",),
    "GET library:desk-document": ("edition.exported",),
    "POST library:confirm": ("edition.confirmed",),
    "POST library:close-concern": ("concern.closed",),
    "POST library:suspend": ("edition.suspended",),
    "POST library:reinstate": ("edition.reinstatement_asked",),
    "POST library:revise": ("edition.started",),
    # accounts
    "POST accounts:sign-out": ("member.signed_out",),
    "POST accounts:sign-out-everywhere": ("member.signed_out_everywhere",),
    "POST change-roles": ("member.roles_changed",),
    "POST deactivate-member": ("member.deactivated",),
    "POST accounts:agree-factor-reset": ("member.factor_reset",),
    "POST accounts:cancel-factor-reset": ("member.factor_reset_cancelled",),
}
_LED_ON = {
    # whoever lacks something is led away before the page, and leaves nothing
    ("GET library:edit", "publisher"): (),
    ("POST library:edit", "publisher"): (),
    # a remark is withdrawn by its writer or a chair
    **{
        ("POST review:withdraw-remark", name): ("case.act_refused",)
        for name in ("reader", "adjudicator", "own trust")
    },
}


def left_by(address: Address, visitor: str) -> tuple[str, ...]:
    """The verbs of one request of a visitor who passes."""
    if address.name.endswith("dicom-web") and address.what:
        end = address.what.rpartition(", ")[2]
        if address.what == "all studies":
            return ()
        return _TAKEN if end in ("files", "") else _OPENED
    name = f"{address.method} {address.name}"
    if address.what == "set aside":
        return ()  # its page shows no images
    return _LED_ON.get((name, visitor), _LEFT.get(name, ()))


# --- Acts -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """A form with answers, sent by somebody who may, and what it leaves."""

    name: str
    by: str
    left: tuple[str, ...]
    body: Any  # answers, or what makes them from the world
    place: Place = nowhere
    headers: dict[str, str] = field(default_factory=dict)

    def answers(self, world: World) -> dict[str, Any]:
        return self.body(world) if isinstance(self.body, Callable) else self.body


def _at(*names: str) -> Place:
    """For example the key of the held upload and of its file."""
    return lambda world: [getattr(world, name).pk for name in names]


def _case(name: str) -> Place:
    return lambda world: [getattr(world, name).number]


def _published(world: World) -> list[Any]:
    case = world.published.teaching_case
    return [case.number, case.slug, world.published.number]


_NEW = "nine green harbours whistle"
_IDENTIFIES = {"reason": "identity_visible"}
_MASK = {"x": 1, "y": 1, "width": 20, "height": 20, "frame": ""}
ACTS = [
    Act("uploads:clinical", "submitter", ("clinical_record.saved",), CLINICAL, _at("draft")),
    Act("uploads:declaration", "submitter", ("upload.declared",), DECLARATION, _at("draft")),
    Act(
        "uploads:start", "anonymous", ("code.made",),
        lambda w: {"trust": w.draft.organisation.ods_code, "name": "Robin Hale",
                   "role": "Radiographer", "email": "robin.hale@nhs.net"},
    ),
    Act("uploads:ask", "curator", ("upload.queried",), {"text": "Is that a label?"}, _at("held")),
    Act("uploads:refuse", "curator", ("upload.refused",), _IDENTIFIES, _at("held")),
    Act(
        "uploads:refuse-file", "curator", ("file.refused",), _IDENTIFIES,
        _at("held", "held_file"),
    ),
    Act(
        "uploads:release", "curator", ("file.released",), {"has_looked": "on", "revision": 0},
        _at("held", "held_file"),
    ),
    Act(
        "uploads:mask", "curator", ("file.masked",),
        {"apply": "1", "masks-TOTAL_FORMS": 1, "masks-INITIAL_FORMS": 0,
         **{f"masks-0-{name}": value for name, value in _MASK.items()}},
        _at("held", "held_file"),
    ),
    Act(
        "review:set-aside", "chair", ("case.set_aside",), {"set-aside-reason": "face"},
        _case("case_open"),
    ),
    Act(
        "review:hand-back", "reader", ("case.handed_back", "case.assigned"),
        {"hand-back-reason": "I know the patient."}, _case("case_open"),
    ),
    Act(
        "review:ask", "adjudicator", ("case.queried",),
        lambda w: {"question-upload": w.study(w.case_discordant).upload_id,
                   "question-text": "Is there an earlier CT?"},
        _case("case_discordant"),
    ),
    Act(
        "review:write-remark", "reader", ("remark.written",), {"remark-text": "As expected."},
        _case("case_accepted"),
    ),
    Act(
        "review:change-remark", "panellist", ("remark.changed",),
        lambda w: {f"remark-{w.remark.pk}-text": "As expected."},
        lambda w: [w.case_accepted.number, w.remark.pk],
    ),
    Act(
        "library:publish", "publisher", ("edition.approved",),
        {code: "on" for code, _ in IntruderCheck.QUESTIONS}, _at("proposed"),
    ),
    Act(
        "library:return", "publisher", ("edition.returned",), {"comment": "Which lobe?"},
        _at("proposed"),
    ),
    Act(
        "library:retire", "publisher", ("edition.retired",),
        {"reason": RetirementReason.values[0]}, lambda w: _published(w)[:1],
    ),
    Act(
        "library:concern", "anonymous", ("concern.reported",), {"kind": "other", "text": "Look."},
        _published, {"HTTP_SEC_FETCH_SITE": "same-origin"},
    ),
    Act(
        "accounts:sign-in", "anonymous", ("member.sign_in_failed",),
        {"email": "nobody@example.test", "password": "wrong"},
    ),
    Act(
        "accounts:forgotten", "anonymous", ("member.reset_asked",),
        {"email": "nobody@example.test"},
    ),
    Act("accounts:gmc-number", "reader", ("member.details_changed",), {"gmc_number": "7654321"}),
    Act(
        "accounts:recovery-codes", "reader", ("member.recovery_codes_renewed",),
        {"password": PASSWORD},
    ),
    Act(
        "accounts:change-password", "reader", ("member.password_changed",),
        {"present_password": PASSWORD, "new_password": _NEW, "repeated_password": _NEW},
    ),
    Act(
        "accounts:invite", "administrator", ("member.invited",),
        lambda w: {"email": "new@example.test", "name": "New Member", "roles": "editor",
                   "organisation": w.draft.organisation_id},
    ),
]  # fmt: skip
