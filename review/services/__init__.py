"""What can happen to a case: opened, read, decided, set aside, opened again."""

from review.services.opening import NothingToOpen, open_case, record_download, record_opening
from review.services.reading import (
    Answers,
    CaseNotOpen,
    NotOfThisCase,
    ReadingIncomplete,
    ReadingLocked,
    StaleReading,
    StudyAnswer,
    answers_of,
    hand_back,
    save_draft,
    submit_reading,
)
from review.services.refusals import CaseBeingRead, OwnTrust, Refusal
from review.services.settling import (
    NotYetRead,
    OwnReadingOpen,
    decide_case,
    reopen_case,
    set_aside,
)

__all__ = [
    "Answers",
    "CaseBeingRead",
    "CaseNotOpen",
    "NotOfThisCase",
    "NotYetRead",
    "NothingToOpen",
    "OwnReadingOpen",
    "OwnTrust",
    "ReadingIncomplete",
    "ReadingLocked",
    "Refusal",
    "StaleReading",
    "StudyAnswer",
    "answers_of",
    "decide_case",
    "hand_back",
    "open_case",
    "record_download",
    "record_opening",
    "reopen_case",
    "save_draft",
    "set_aside",
    "submit_reading",
]
