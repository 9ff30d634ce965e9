"""The panel's addresses."""

from django.urls import path

from review.views import (
    agreement,
    asking,
    assigning,
    case,
    discussing,
    exports,
    findings,
    images,
    worklist,
)

app_name = "review"
urlpatterns = [
    path("", worklist.worklist, name="worklist"),
    path("open/", worklist.open_cases, name="open"),
    path("profile/", assigning.profile, name="profile"),
    path("profile/away/", assigning.away, name="away"),
    path("cases/<int:number>/", case.case, name="case"),
    path("cases/<int:number>/draft/", case.save_draft, name="save-draft"),
    path("cases/<int:number>/findings/", findings.drawings, name="findings"),
    path("cases/<int:number>/submit/", case.submit, name="submit"),
    path("cases/<int:number>/hand-back/", case.hand_back, name="hand-back"),
    path("cases/<int:number>/addendum/", case.add_addendum, name="addendum"),
    path("cases/<int:number>/assign/", assigning.assign, name="assign"),
    path("cases/<int:number>/take-back/", assigning.take_back, name="take-back"),
    path("cases/<int:number>/adjudicate/", case.adjudicate, name="adjudicate"),
    path("cases/<int:number>/decide/", case.decide, name="decide"),
    path("cases/<int:number>/set-aside/", case.set_aside, name="set-aside"),
    path("cases/<int:number>/reopen/", case.reopen, name="reopen"),
    path("cases/<int:number>/ask/", asking.ask, name="ask"),
    path("cases/<int:number>/go-on/", asking.go_on, name="go-on"),
    path("cases/<int:number>/remarks/", discussing.write, name="write-remark"),
    path(
        "cases/<int:number>/remarks/<int:remark>/change/",
        discussing.change,
        name="change-remark",
    ),
    path(
        "cases/<int:number>/remarks/<int:remark>/withdraw/",
        discussing.withdraw,
        name="withdraw-remark",
    ),
    path("agreement/", agreement.agreement, name="agreement"),
    path("agreement/agreement.csv", agreement.agreement_csv, name="agreement-csv"),
    path("exports/", exports.exports, name="exports"),
    path("exports/readings.csv", exports.readings_csv, name="export-readings"),
    path("exports/findings.csv", exports.findings_csv, name="export-findings"),
    path("exports/dictionary.csv", exports.dictionary_csv, name="export-dictionary"),
    path("exports/readings.zip", exports.whole, name="export-whole"),
    path("dicom-web/<path:resource>", images.dicom_web, name="dicom-web"),
]
