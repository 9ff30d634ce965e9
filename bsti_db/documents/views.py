"""The public documents: for everybody, the same for all, without a cookie."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from bsti_db.documents.page import to_html
from bsti_db.documents.text import read_text
from bsti_db.documents.word import CONTENT_TYPE, to_word
from library.views.images import public


@public
def about(request: HttpRequest) -> HttpResponse:
    return _page(request, "about")


@public
def privacy(request: HttpRequest) -> HttpResponse:
    return _page(request, "privacy")


@public
def accessibility(request: HttpRequest) -> HttpResponse:
    return _page(request, "accessibility")


@public
def dpia(request: HttpRequest) -> HttpResponse:
    """The template of a data protection impact assessment, filled in as far as we can."""
    return _page(request, "dpia", download=reverse("dpia-docx"))


@public
def dpia_docx(request: HttpRequest) -> HttpResponse:
    return _file("dpia", "covid-19-imaging-dpia-template.docx")


@public
def security(request: HttpRequest) -> HttpResponse:
    """Security and compliance by the headings of DTAC, with the values of this installation."""
    return _page(request, "security", download=reverse("security-docx"))


@public
def security_docx(request: HttpRequest) -> HttpResponse:
    return _file("security", "covid-19-imaging-security-and-compliance.docx")


def _page(request: HttpRequest, name: str, download: str = "") -> HttpResponse:
    text = read_text(name)
    context = {"text": text, "body": to_html(text), "download": download}
    return render(request, "documents/document.html", context)


def _file(name: str, filename: str) -> HttpResponse:
    return HttpResponse(
        to_word(read_text(name)),
        content_type=CONTENT_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )
