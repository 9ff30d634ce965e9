"""A submitter's session and good answers, for tests that are not about coming in."""

import uuid
from typing import Any

from django.test import Client
from django.utils import timezone

from tests import factories
from uploads import entrance
from uploads.models import Submitter


def submitter(**fields: Any) -> Submitter:
    organisation = fields.pop("organisation", None) or factories.organisation()
    return Submitter.objects.create(
        **{
            "email": f"{uuid.uuid4().hex[:12]}@nhs.net",
            "name": "Robin Jones",
            "role": "Radiographer",
            "organisation": organisation,
        }
        | fields
    )


def come_in(client: Client, submitter: Submitter) -> Client:
    """Give `client` an upload session, as the typed code would; leaves no audit row."""
    session = client.session
    now = int(timezone.now().timestamp())
    session[entrance.SUBMITTER] = str(submitter.pk)
    session[entrance.SINCE] = session[entrance.SEEN] = now
    session.save()
    # the test client sets the cookie when it makes a session of its own
    return client


CLINICAL = {
    "age_years": "54",
    "sex": "F",
    "symptoms": ["cough", "fever"],
    "days_from_onset": "7",
    "rt_pcr": "positive",
    "days_from_onset_to_swab": "3",
    "hypertension": "yes",
    "cardiovascular_disease": "no",
    "chronic_lung_disease": "not_known",
    "diabetes": "no",
    "chronic_kidney_disease": "no",
    "immunosuppressed": "no",
    "smoking": "never",
    "oxygen_support": "mask",
    "outcome": "discharged",
    "clinical_history": "Dry cough for 5/7, sats 88% on air.",
}

DECLARATION = {
    "is_anonymised": "on",
    "is_for_teaching": "on",
    "is_approved": "on",
    "caldicott_reference": "CG-2020-117",
    "caldicott_role": "Caldicott Guardian",
    "licence": "CC-BY-NC-SA-4.0",
    "may_credit_organisation": "on",
}
