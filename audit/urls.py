from django.urls import path

from audit import views

app_name = "audit"

urlpatterns = [
    path("", views.trail, name="trail"),
    path("seal/", views.seal, name="seal"),
    path("seal/verify/", views.verify, name="verify"),
    path("export.csv", views.export, name="export"),
]
