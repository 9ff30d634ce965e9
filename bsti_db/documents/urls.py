from django.urls import path

from bsti_db.documents import views

urlpatterns = [
    path("about/", views.about, name="about"),
    path("privacy/", views.privacy, name="privacy"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("dpia/", views.dpia, name="dpia"),
    path("dpia/template.docx", views.dpia_docx, name="dpia-docx"),
    path("security/", views.security, name="security"),
    path("security/document.docx", views.security_docx, name="security-docx"),
]
