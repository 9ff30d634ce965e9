"""The smallest valid rows, for tests to start from."""

from collections.abc import Iterable
from itertools import count
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from bsti_db.accounts.models import (
    Member,
    Organisation,
    OrganisationDomain,
    PastPassword,
    TotpDevice,
)
from bsti_db.accounts.roles import groups_of
from bsti_db.accounts.seeds import seal_seed

PASSWORD = "seven purple lighthouses hum"
SEED = b"a seed of the tests!"
_number = count(1)


def organisation(*, domains: Iterable[str] = (), **fields: Any) -> Organisation:
    number = next(_number)
    made = Organisation.objects.create(
        **{"ods_code": f"T{number:03d}", "name": f"Test Trust {number}"} | fields
    )
    for domain in domains:
        OrganisationDomain.objects.create(organisation=made, domain=domain)
    return made


def member(
    roles: Iterable[str] = ("panellist",),
    organisation: Organisation | None = None,
    password: str = PASSWORD,
    is_enrolled: bool = True,
    **fields: Any,
) -> Member:
    """A member who may sign in with PASSWORD and the codes of SEED."""
    number = next(_number)
    now = timezone.now()
    made = Member.objects.create(
        **{
            "email": f"member{number}@example.test",
            "name": f"Member {number}",
            "organisation": organisation,
            "password": make_password(password),
            "password_changed_at": now,
        }
        | fields
    )
    made.groups.set(groups_of(roles))
    if is_enrolled:
        PastPassword.objects.create(member=made, encoded=made.password, set_at=now)
        TotpDevice.objects.create(
            user=made,
            name="authenticator",
            confirmed=True,
            sealed_seed=seal_seed(SEED, member_id=made.pk),
        )
    return made
