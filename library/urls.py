from django.urls import include, path

from library.views import (
    annotations,
    case_json,
    concerns,
    desk,
    desk_images,
    documents,
    editing,
    feeds,
    figures,
    images,
    public,
    search,
    sharing,
)

app_name = "library"

DOCUMENT = "documents/study-<int:study>-<slug:kind>-<int:place>.dcm"

dicom_web = [
    path("", images.dicom_web, name="dicom-web"),
    path("<path:resource>", images.dicom_web, name="dicom-web-resource"),
]

the_desk = [
    path("", desk.desk, name="desk"),
    path("cases/<int:case_number>/start/", desk.start, name="start"),
    path("<int:edition_id>/", editing.edit, name="edit"),
    path("<int:edition_id>/save/", editing.save, name="save"),
    path("<int:edition_id>/check/", desk.check, name="check"),
    path("<int:edition_id>/publish/", desk.publish, name="publish"),
    path("<int:edition_id>/stop/", desk.stop_publication, name="stop-publication"),
    path("<int:edition_id>/confirm/", desk.confirm, name="confirm"),
    path("<int:edition_id>/return/", desk.return_to_editor, name="return"),
    path("<int:edition_id>/annotations/", annotations.desk_list, name="annotations"),
    path("<int:edition_id>/annotations/<uuid:key>/", annotations.desk_one, name="annotation"),
    path(
        "<int:edition_id>/annotations/<uuid:key>/restore/",
        annotations.desk_restore,
        name="restore-annotation",
    ),
    path("<int:edition_id>/documents/", documents.desk_list, name="desk-documents"),
    path(f"<int:edition_id>/{DOCUMENT}", documents.desk_one, name="desk-document"),
    path("concerns/<int:concern_id>/close/", concerns.close, name="close-concern"),
    path("dicom-web/<path:resource>", desk_images.dicom_web, name="desk-dicom-web"),
]

urlpatterns = [
    path("", search.cases, name="cases"),
    path("feed.atom", feeds.atom, name="feed"),
    path("case.schema.json", case_json.schema, name="case-schema"),
    path("desk/", include(the_desk)),
    path("<int:number>/actions/", public.member_actions, name="member-actions"),
    path("<int:number>/suspend/", desk.suspend, name="suspend"),
    path("<int:number>/reinstate/", desk.reinstate, name="reinstate"),
    path("<int:number>/retire/", desk.retire, name="retire"),
    path("<int:number>/revise/", desk.revise, name="revise"),
    path("<int:number>-<slug:slug>/", public.case, name="case"),
    path("<int:number>-<slug:slug>/v<int:edition>/", public.case, name="edition"),
    path("<int:number>-<slug:slug>/v<int:edition>/preview.png", sharing.preview, name="preview"),
    path("<int:number>-<slug:slug>/v<int:edition>/print/", sharing.print_page, name="print"),
    path("<int:number>-<slug:slug>/v<int:edition>/concern/", concerns.report, name="concern"),
    path("<int:number>-<slug:slug>/history/", public.history, name="history"),
    path(
        "<int:number>-<slug:slug>/v<int:edition>/case.json",
        case_json.case_json,
        name="case-json",
    ),
    path(
        "<int:number>-<slug:slug>/v<int:edition>/citation.<str:form>",
        public.citation,
        name="citation",
    ),
    path(
        "<int:number>-<slug:slug>/v<int:edition>/figures/point-<int:place>.png",
        figures.figure_of_point,
        name="figure",
    ),
    path("<int:number>-<slug:slug>/v<int:edition>/dicom-web/", include(dicom_web)),
    path(
        "<int:number>-<slug:slug>/v<int:edition>/dicom.zip", documents.public_zip, name="dicom-zip"
    ),
    path(
        f"<int:number>-<slug:slug>/v<int:edition>/{DOCUMENT}", documents.public_one, name="document"
    ),
    path(
        "<int:number>-<slug:slug>/v<int:edition>/annotations/",
        annotations.public_list,
        name="public-annotations",
    ),
]
