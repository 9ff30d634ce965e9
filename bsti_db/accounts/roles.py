"""Role → permissions, one table. Roles are groups; views ask for a permission, never a role."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import TextChoices


class Role(TextChoices):
    CURATOR = "curator", "Information governance curator"
    PANELLIST = "panellist", "Panellist"
    CHAIR = "chair", "Chair of the panel"
    EDITOR = "editor", "Editor"
    PUBLISHER = "publisher", "Publisher"
    AUDITOR = "auditor", "Auditor"
    ADMINISTRATOR = "administrator", "Administrator"


PERMISSIONS: dict[Role, tuple[str, ...]] = {
    Role.CURATOR: ("uploads_handle_held", "library_suspend"),
    Role.PANELLIST: ("review_read", "library_suspend"),
    Role.CHAIR: ("review_read", "review_chair", "library_suspend"),
    Role.EDITOR: ("library_edit", "library_suspend"),
    Role.PUBLISHER: ("library_publish", "library_suspend"),
    Role.AUDITOR: ("audit_read",),
    # no clinical access by default
    Role.ADMINISTRATOR: ("accounts_administer",),
}


def sync_roles(
    groups: Any = Group, permissions: Any = Permission, content_types: Any = ContentType
) -> None:
    """Make the groups as the table says. A migration hands over its own models."""
    members, _ = content_types.objects.get_or_create(app_label="accounts", model="member")
    for role, codenames in PERMISSIONS.items():
        group, _ = groups.objects.get_or_create(name=role.value)
        group.permissions.set(
            permissions.objects.get_or_create(
                content_type=members, codename=codename, defaults={"name": codename}
            )[0]
            for codename in codenames
        )


def groups_of(roles: Iterable[str]) -> list[Group]:
    """The groups of some roles, in the table's order.

    Raises ValueError for a role that is not in the table.
    """
    wanted = {Role(role) for role in roles}
    found = {group.name: group for group in Group.objects.filter(name__in=wanted)}
    if len(found) < len(wanted):
        sync_roles()
        found = {group.name: group for group in Group.objects.filter(name__in=wanted)}
    return [found[role.value] for role in Role if role in wanted]


def labels(names: Iterable[str]) -> list[str]:
    """The roles among some groups' names, in words."""
    held = set(names)
    return [role.label for role in Role if role.value in held]
