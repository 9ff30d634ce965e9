"""The addresses of the whole site: one line an app."""

from django.urls import include, path

from bsti_db import held, membership, questions, views, withdrawal
from library.views import feeds

urlpatterns = [
    path("", views.home, name="home"),
    # whether an upload is published, only the library knows: composed here
    path("uploads/<uuid:upload_id>/withdraw/", withdrawal.withdraw, name="withdraw-upload"),
    path(
        "uploads/<uuid:upload_id>/questions/<int:question_id>/",
        questions.answer,
        name="answer-panel",
    ),
    # and what the panel set aside, only review
    path("uploads/held/", held.held, name="held-uploads"),
    path("uploads/", include("uploads.urls")),
    path("review/", include("review.urls")),
    path("library/", include("library.urls")),
    path("sitemap.xml", feeds.sitemap, name="sitemap"),
    path("robots.txt", feeds.robots, name="robots"),
    path("audit/", include("audit.urls")),
    # and what takes a reader's cases away
    path("accounts/members/<int:member_id>/roles/", membership.roles, name="change-roles"),
    path("accounts/members/<int:member_id>/details/", membership.details, name="change-details"),
    path(
        "accounts/members/<int:member_id>/deactivate/",
        membership.deactivate,
        name="deactivate-member",
    ),
    path("accounts/", include("bsti_db.accounts.urls")),
    path("", include("bsti_db.documents.urls")),
    path("health/live", views.live, name="live"),
    path("health/ready", views.ready, name="ready"),
    path("metrics", views.metrics, name="metrics"),
]

handler400 = "bsti_db.views.bad_request"
handler403 = "bsti_db.views.forbidden"
handler404 = "bsti_db.views.not_found"
handler500 = "bsti_db.views.server_error"
