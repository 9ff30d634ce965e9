from django.urls import path

from uploads.views import answering, entry, files, held, held_files, intake

app_name = "uploads"

urlpatterns = [
    path("", entry.start, name="start"),
    path("code/", entry.code, name="code"),
    path("organisations/", entry.organisations, name="organisations"),
    path("sign-out/", entry.sign_out, name="sign-out"),
    path("mine/", intake.mine, name="mine"),
    path("new/", intake.new, name="new"),
    path("held/<uuid:upload_id>/", held.held_upload, name="held-upload"),
    path("held/<uuid:upload_id>/refuse/", held.refuse, name="refuse"),
    path("held/<uuid:upload_id>/ask/", held.ask, name="ask"),
    path("held/<uuid:upload_id>/go-on/", held.go_on, name="go-on"),
    path("held/<uuid:upload_id>/withdraw/", held.withdraw_as_asked, name="withdraw-as-asked"),
    path("held/<uuid:upload_id>/<uuid:file_id>/", held_files.held_file, name="held-file"),
    path(
        "held/<uuid:upload_id>/<uuid:file_id>/pictures/<int:frame>/",
        held_files.preview,
        name="preview",
    ),
    path("held/<uuid:upload_id>/<uuid:file_id>/mask/", held_files.mask, name="mask"),
    path("held/<uuid:upload_id>/<uuid:file_id>/release/", held_files.release, name="release"),
    path("held/<uuid:upload_id>/<uuid:file_id>/again/", held_files.try_again, name="try-again"),
    path(
        "held/<uuid:upload_id>/<uuid:file_id>/refuse/", held_files.refuse_file, name="refuse-file"
    ),
    path("<uuid:upload_id>/", intake.detail, name="detail"),
    path("<uuid:upload_id>/answer/", answering.answer, name="answer"),
    path("<uuid:upload_id>/patient/", answering.returning_patient, name="returning-patient"),
    path("<uuid:upload_id>/status/", intake.status, name="status"),
    path("<uuid:upload_id>/headers.json", intake.header_report, name="header-report"),
    path("<uuid:upload_id>/clinical/", intake.clinical, name="clinical"),
    path("<uuid:upload_id>/clinical/check/", intake.check_clinical, name="check-clinical"),
    path("<uuid:upload_id>/declaration/", intake.declaration, name="declaration"),
    path("<uuid:upload_id>/submit/", intake.submit, name="submit"),
    path("<uuid:upload_id>/files/", files.files, name="files"),
    path(
        "<uuid:upload_id>/files/unfinished/remove/",
        files.remove_unfinished,
        name="remove-unfinished",
    ),
    path("<uuid:upload_id>/files/<uuid:file_id>/", files.file, name="file"),
    path("<uuid:upload_id>/files/<uuid:file_id>/parts/<int:number>/", files.part, name="part"),
]
