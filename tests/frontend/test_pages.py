import re

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

STATUSES = [
    "400",
    "403",
    "404",
    "405",
    "410",
    "413",
    "422",
    "429",
    "500",
    "503",
    "csrf",
]


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_a_page_that_needs_no_context(status, settings, tmp_path):
    # not even a built front end
    settings.BASE_DIR = tmp_path
    html = render_to_string(f"errors/{status}.html")

    assert html.count("<h1") == 1
    assert len(re.findall(r"<p>", html)) >= 2
    assert "an error occurred" not in html.lower()


def test_no_two_statuses_share_a_title():
    titles = {
        re.search("<title>(.*?)</title>", page(f"errors/{status}.html"))[1] for status in STATUSES
    }

    assert len(titles) == len(STATUSES)


@pytest.mark.parametrize("status", ["400", "403", "404", "500"])
def test_django_finds_the_same_page_under_its_own_name(status):
    assert render_to_string(f"{status}.html") == render_to_string(f"errors/{status}.html")


def page(template: str, **context) -> str:
    return render_to_string(template, context)


def test_a_public_page_holds_nothing_of_the_person_and_sets_no_cookie():
    request = RequestFactory().get("/library/")
    html = render_to_string(
        "base.html", {"is_public_page": True, "signed_in_name": "Dr Patel"}, request=request
    )

    assert "Dr Patel" not in html
    assert "csrfmiddlewaretoken" not in html
    assert "CSRF_COOKIE" not in request.META


def test_a_signed_in_page_can_sign_out():
    html = page("base.html", signed_in_name="Dr Patel", csrf_token="token-of-this-page")

    assert "Dr Patel" in html
    assert 'value="token-of-this-page"' in html


def test_a_demonstration_says_so_on_every_page():
    assert "every image here is synthetic" in page("base.html", is_demonstration=True)
    assert "every image here is synthetic" not in page("base.html")


def test_no_page_has_a_script_or_style_of_its_own():
    html = page("base.html", is_demonstration=True) + page("components/htmx.html")

    assert not re.search(r"<style|\sstyle=|\son\w+=", html)
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert '"includeIndicatorStyles":false' in html


def test_a_stack_is_data_and_a_figure_that_needs_no_script():
    series = [{"uid": "s", "label": "</script><script>alert(1)", "modality": "CT", "images": []}]
    html = page(
        "components/stack.html",
        series=series,
        fallback={
            "url": "/one.png",
            "alt": "Axial CT",
            "caption": "Slice 2 of 3",
            "next_url": "?image=c-1",
        },
    )

    assert html.count("<script") == 1
    assert 'type="application/json"' in html
    assert '<img src="/one.png" alt="Axial CT">' in html
    assert 'href="?image=c-1"' in html
    assert "Previous image" not in html


def test_a_link_to_a_slice_works_with_and_without_script():
    html = page("components/slice_link.html", image="k3f9-1", window="lung", text="Here")

    assert 'href="?image=k3f9-1&amp;window=lung#image=k3f9-1&amp;window=lung"' in html
    assert 'data-image="k3f9-1"' in html
