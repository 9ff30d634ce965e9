"""The first administrator of a new installation, who invites everybody else."""

from smtplib import SMTPException
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.utils import timezone

from audit.actors import Actor
from bsti_db.accounts import mail, services
from bsti_db.accounts.models import Invitation, Member, TotpDevice, fold_address
from bsti_db.accounts.roles import Role


class Command(BaseCommand):
    help = "Invite an administrator by mail, and print the address of the one visit."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="the administrator's e-mail address")
        parser.add_argument("--name", default="", help="as colleagues write it")

    def handle(self, *args: Any, **options: Any) -> None:
        address = fold_address(options["address"])
        try:
            validate_email(address)
        except ValidationError:
            raise CommandError("This is not an e-mail address.") from None
        invitation = _invite(address, options["name"])
        try:
            mail.send_invitation(invitation)
        except (OSError, SMTPException):
            self.stderr.write("The invitation could not be mailed. Use the address below.")
        self.stdout.write(mail.invitation_address(invitation))
        self.stdout.write(f"Code: {services.invitation_code(invitation)}")
        self.stdout.write("It opens once, for 7 days. Give it to nobody else.")


def _invite(address: str, name: str) -> Invitation:
    actor, now = Actor.of_task("invite_administrator"), timezone.now()
    member = Member.objects.filter(email=address).first()
    if member is None:
        return services.invite_member(
            email=address,
            name=name or address.partition("@")[0],
            organisation=None,
            roles=[Role.ADMINISTRATOR],
            actor=actor,
            at=now,
        )
    is_waiting = not TotpDevice.objects.filter(user=member, confirmed=True).exists()
    if is_waiting and member.groups.filter(name=Role.ADMINISTRATOR.value).exists():
        return services.invite_again(member=member, actor=actor, at=now)
    raise CommandError("There is a member with this address already.")
