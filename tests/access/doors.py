"""Who passes which door, written down here and not taken from the code."""

from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

PANEL = frozenset({"panellist", "reader", "adjudicator", "own trust", "chair"})
MEMBERS = PANEL | {"editor", "publisher", "curator", "auditor", "administrator"}
SUBMITTERS = frozenset({"submitter", "colleague", "other submitter"})
# in the order of a report
VISITORS = (
    "anonymous", "submitter", "colleague", "other submitter", "deactivated", "password only",
    "expired password", "panellist", "own trust", "reader", "adjudicator", "chair", "editor",
    "publisher", "curator", "auditor", "administrator",
)  # fmt: skip

# what is not a status: where a redirection leads
SIGN_IN, CODE, RENEW, START = "sign-in", "code", "renew", "start"
_LED = {
    SIGN_IN: "accounts:sign-in",
    CODE: "accounts:code",
    RENEW: "accounts:renew-password",
    START: "uploads:start",
}


@dataclass(frozen=True)
class Door:
    """Whom a door lets in, and what it tells the others."""

    lets_in: frozenset[str]
    turned_away: dict[str, Any] = field(default_factory=dict)
    otherwise: Any = 403

    def tells(self, visitor: str) -> Any:
        return self.turned_away.get(visitor, self.otherwise)


_UNKNOWN_HERE = {
    **dict.fromkeys(("anonymous", "deactivated", *SUBMITTERS), SIGN_IN),
    "password only": CODE,
    "expired password": RENEW,
}


def _members(*lets_in: str) -> Door:
    return Door(frozenset(lets_in), _UNKNOWN_HERE)


EVERYBODY = Door(frozenset(VISITORS))
SENDING = Door(SUBMITTERS, otherwise=START)
SIGNED_IN = _members(*MEMBERS)
READING = _members(*PANEL)
CHAIRING = _members("chair")
EDITING = _members("editor")
PUBLISHING = _members("publisher")
DESK = _members("editor", "publisher")
SUSPENDING = _members(*PANEL, "editor", "publisher", "curator")
CURATING = _members("curator")
AUDITING = _members("auditor")
ADMINISTERING = _members("administrator")


def outcome(response: Any) -> Any:
    """The status of an answer, or the name of the page it leads somebody away to."""
    if response.status_code == 302:
        path = response["Location"].partition("?")[0]
        for name, led in _LED.items():
            if path == reverse(led):
                return name
    return response.status_code
