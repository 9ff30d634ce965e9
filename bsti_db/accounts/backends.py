"""Who may sign in with a password: active members whose second factor is confirmed."""

from django.contrib.auth.backends import ModelBackend

from bsti_db.accounts.models import Member, TotpDevice


class MemberBackend(ModelBackend):
    def user_can_authenticate(self, user: Member) -> bool:
        has_device = TotpDevice.objects.filter(user=user, confirmed=True).exists()
        return user.is_active and has_device

    def get_user(self, user_id: int) -> Member | None:
        # asked on every request: the device is looked up by its own middleware
        member = Member.objects.select_related("organisation").filter(pk=user_id).first()
        return member if member and member.is_active else None
