from django.urls import path

from bsti_db.accounts.views import account, joining, members, passwords, sign_in

app_name = "accounts"

urlpatterns = [
    path("", account.account, name="account"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/code/", sign_in.code, name="code"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("sign-out/everywhere/", account.sign_out_everywhere, name="sign-out-everywhere"),
    path("gmc-number/", account.gmc_number, name="gmc-number"),
    path("activity/", account.activity, name="activity"),
    path("sessions/", account.open_sessions, name="sessions"),
    path("sessions/<slug:handle>/end/", account.end_session, name="end-session"),
    path("recovery-codes/", account.recovery_codes, name="recovery-codes"),
    path("password/", passwords.change, name="change-password"),
    path("password/renew/", passwords.renew, name="renew-password"),
    path("password/forgotten/", passwords.forgotten, name="forgotten"),
    path("password/forgotten/sent/", passwords.reset_sent, name="reset-sent"),
    path("password/choose/", passwords.choose, name="choose-password"),
    path("password/choose/<str:token>/", passwords.reset, name="reset"),
    path("join/", joining.join, name="join"),
    path("join/second-factor/", joining.join_second_factor, name="join-second-factor"),
    path("join/second-factor/qr.svg", joining.join_qr, name="join-qr"),
    path("join/<str:token>/", joining.invitation, name="invitation"),
    path("members/", members.members, name="members"),
    path("members/invite/", members.invite, name="invite"),
    path("members/<int:member_id>/", members.member, name="member"),
    path("members/<int:member_id>/reactivate/", members.reactivate, name="reactivate"),
    path("members/<int:member_id>/invitation/", members.invite_again, name="invite-again"),
    path("members/<int:member_id>/factor/ask/", members.ask_factor_reset, name="ask-factor-reset"),
    path(
        "members/<int:member_id>/factor/agree/",
        members.agree_factor_reset,
        name="agree-factor-reset",
    ),
    path(
        "members/<int:member_id>/factor/cancel/",
        members.cancel_factor_reset,
        name="cancel-factor-reset",
    ),
]
