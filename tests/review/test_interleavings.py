"""Random interleavings of all that people can do to a case, in transactions that commit."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.review.interleaving import Panel

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_order_of_acts_breaks_a_constraint_loses_a_reading_or_settles_wrongly():
    run_state_machine_as_test(
        Panel,
        settings=settings(
            max_examples=30,
            stateful_step_count=20,
            deadline=None,
            # thirty steps can be read as they are; making them fewer takes minutes
            phases=[Phase.reuse, Phase.generate],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
