"""The case's status and the moves it may make."""

from django.db.models import TextChoices

from audit.lifecycles import Lifecycle


class CaseStatus(TextChoices):
    OPEN = "open", "Open"
    DISCORDANT = "discordant", "Discordant"
    QUERIED = "queried", "Waiting for the submitter's answer"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    SET_ASIDE = "set_aside", "Set aside"
    ERASED = "erased", "Erased"


_S = CaseStatus

IN_READING = (_S.OPEN, _S.DISCORDANT, _S.QUERIED)
SETTLED = (_S.ACCEPTED, _S.DECLINED)

CASE_LIFECYCLE = Lifecycle(
    "case",
    {
        (_S.OPEN, _S.ACCEPTED): "case.accepted",
        (_S.OPEN, _S.DECLINED): "case.declined",
        (_S.OPEN, _S.DISCORDANT): "case.found_discordant",
        (_S.OPEN, _S.QUERIED): "case.queried",
        (_S.OPEN, _S.SET_ASIDE): "case.set_aside",
        (_S.DISCORDANT, _S.ACCEPTED): "case.accepted",
        (_S.DISCORDANT, _S.DECLINED): "case.declined",
        (_S.DISCORDANT, _S.QUERIED): "case.queried",
        (_S.DISCORDANT, _S.SET_ASIDE): "case.set_aside",
        (_S.QUERIED, _S.OPEN): "case.answered",
        (_S.QUERIED, _S.SET_ASIDE): "case.set_aside",
        (_S.ACCEPTED, _S.DECLINED): "case.declined",
        (_S.ACCEPTED, _S.SET_ASIDE): "case.set_aside",
        (_S.ACCEPTED, _S.ERASED): "case.erased",
        (_S.DECLINED, _S.ACCEPTED): "case.accepted",
        (_S.DECLINED, _S.SET_ASIDE): "case.set_aside",
        (_S.DECLINED, _S.ERASED): "case.erased",
        (_S.SET_ASIDE, _S.OPEN): "case.reopened",
        (_S.SET_ASIDE, _S.ERASED): "case.erased",
    },
)
