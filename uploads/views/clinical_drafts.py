"""Answers of the clinical form before it is saved: they live and end with the session."""

from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.http import QueryDict

from uploads.entrance import DRAFTS
from uploads.forms import ClinicalForm
from uploads.models import Upload


def keep(session: SessionBase, upload: Upload, form: ClinicalForm) -> None:
    """Keep the answers that are right so far: what was refused, a name perhaps, is not kept."""
    answers = {
        name: form.data.getlist(name)
        for name in form.fields
        if name in form.data and name not in form.errors
    }
    session[DRAFTS] = session.get(DRAFTS, {}) | {str(upload.pk): answers}


def kept(session: SessionBase, upload: Upload) -> dict[str, Any]:
    """The kept answers as a form's initial values."""
    answers = session.get(DRAFTS, {}).get(str(upload.pk))
    if answers is None:
        return {}
    data = QueryDict(mutable=True)
    for name, values in answers.items():
        data.setlist(name, values)
    return {
        name: field.widget.value_from_datadict(data, {}, name)
        for name, field in ClinicalForm.base_fields.items()
        if name in answers
    }


def forget(session: SessionBase, upload: Upload) -> None:
    drafts = session.get(DRAFTS, {})
    if drafts.pop(str(upload.pk), None) is not None:
        session[DRAFTS] = drafts
