from django.urls import include, path

from library.views import desk, desk_images, images, public

app_name = "library"

_series = "studies/<str:study>/series/<str:series>"
_instance = f"{_series}/instances/<str:instance>"

dicom_web = [
    path("", images.root, name="dicom-web"),
    path("studies", images.studies, name="dicom-web-studies"),
    path(f"{_series}/metadata", images.metadata, name="dicom-web-metadata"),
    path(f"{_series}/thumbnail", images.thumbnail, name="dicom-web-thumbnail"),
    path(f"{_instance}/rendered", images.rendered, name="dicom-web-rendered"),
    path(f"{_instance}/frames/<int:frame>", images.frame, name="dicom-web-frame"),
    path(
        f"{_instance}/frames/<int:frame>/rendered", images.rendered, name="dicom-web-frame-rendered"
    ),
]

the_desk = [
    path("", desk.desk, name="desk"),
    path("cases/<int:case_number>/start/", desk.start, name="start"),
    path("<int:edition_id>/", desk.edit, name="edit"),
    path("<int:edition_id>/check/", desk.check, name="check"),
    path("<int:edition_id>/publish/", desk.publish, name="publish"),
    path("<int:edition_id>/return/", desk.return_to_editor, name="return"),
    path("dicom-web/<path:resource>", desk_images.dicom_web, name="desk-dicom-web"),
]

urlpatterns = [
    path("", public.cases, name="cases"),
    path("desk/", include(the_desk)),
    path("<int:number>/actions/", public.member_actions, name="member-actions"),
    path("<int:number>/suspend/", desk.suspend, name="suspend"),
    path("<int:number>/reinstate/", desk.reinstate, name="reinstate"),
    path("<int:number>/retire/", desk.retire, name="retire"),
    path("<int:number>/revise/", desk.revise, name="revise"),
    path("<int:number>-<slug:slug>/", public.case, name="case"),
    path("<int:number>-<slug:slug>/v<int:edition>/", public.case, name="edition"),
    path("<int:number>-<slug:slug>/v<int:edition>/dicom-web/", include(dicom_web)),
]
