"""Every page's content policy, and that no page fetches anything from another site."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings
from django.urls import reverse

from bsti_db.static_headers import add_policy
from bsti_db.templatetags.assets import manifest
from library.showing import edition_url
from tests.library import making
from tests.review.making import given_case, panellist
from tests.signing_in import sign_in

OWN = {
    "default-src": "'none'",
    "script-src": "'self'",
    "worker-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "manifest-src": "'self'",
}
ATTRIBUTES = (
    "src",
    "srcset",
    "href",
    "action",
    "formaction",
    "poster",
    "data",
    "hx-get",
    "data-hx-get",
)

pytestmark = pytest.mark.django_db


def directives(policy: str) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in policy.split(";") if part.strip())
    return {name: values for name, _, values in parts}


class Addresses(HTMLParser):
    """The addresses in a page that are fetched without anybody following a link."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # a link is followed by a person, and a relation that only says something by a program;
        # everything else is fetched or sent by the browser
        is_said = tag == "link" and dict(attrs).get("rel") in ("canonical", "alternate", "license")
        if tag != "a" and not is_said:
            self.found += [value for name, value in attrs if value and name in ATTRIBUTES]


@pytest.fixture
def viewer_pages(client):
    """Every page with a stack, each as somebody who may see it gets it."""
    edition = making.published()
    draft = making.draft()
    proposed = making.proposed()
    case = given_case(reader := panellist())
    pages = [
        (None, edition_url(edition)),
        (draft.author, reverse("library:edit", args=[draft.pk])),
        (making.publisher(), reverse("library:check", args=[proposed.pk])),
        (reader, reverse("review:case", args=[case.number])),
    ]
    answers = []
    for person, address in pages:
        client.logout()
        if person:
            sign_in(client, person)
        answers.append(client.get(address))
    client.logout()
    return answers


@pytest.fixture
def other_pages(client):
    return [
        client.get(address) for address in ("/", "/library/", "/uploads/", "/accounts/sign-in/")
    ]


def test_every_page_with_a_stack_has_the_policy_and_the_script_that_starts_the_decoder(
    viewer_pages,
):
    script = manifest()["stack.ts"]["file"]
    for page in viewer_pages:
        assert page.status_code == 200
        assert directives(page["Content-Security-Policy"]) == OWN
        assert script in page.content.decode()


def test_pages_without_a_stack_have_the_same_policy_and_no_image_script(other_pages):
    script = manifest()["stack.ts"]["file"]
    for page in other_pages:
        assert page.status_code == 200
        assert directives(page["Content-Security-Policy"]) == OWN
        assert script not in page.content.decode()


def test_of_all_built_scripts_one_may_compile_webassembly_and_only_that():
    built = [path.name for path in (settings.BASE_DIR / "static/build/assets").glob("*.js")]
    allowed = []
    for name in built:
        headers: dict[str, str] = {}
        add_policy(headers, "", f"/static/build/assets/{name}")
        found = directives(headers["Content-Security-Policy"])
        if found != OWN:
            assert found == OWN | {"script-src": "'self' 'wasm-unsafe-eval'"}
            allowed.append(name.rpartition("-")[0])
    assert allowed == ["decoding-worker"]


def test_no_page_fetches_from_another_site(viewer_pages, other_pages):
    for page in [*viewer_pages, *other_pages]:
        addresses = Addresses()
        addresses.feed(page.content.decode())
        assert len(addresses.found) >= 3
        base = f"http://testserver{page.request['PATH_INFO']}"
        for address in addresses.found:
            assert urlsplit(urljoin(base, address))[:2] == ("http", "testserver")


def test_no_built_style_or_picture_names_another_site():
    folder = settings.BASE_DIR / "static"
    files = [path for path in folder.rglob("*") if path.suffix in (".css", ".svg", ".html")]
    assert files
    for path in files:
        named = re.findall(r"https?://[^\s\"')]+", path.read_text())
        # a namespace is a name, not an address
        assert [each for each in named if not each.startswith("http://www.w3.org/")] == []


# what the engine's colour maps and warnings say about where they come from; nothing fetches it
CREDITS = (
    "https://github.com/BIDS/colormap/",
    "https://kitware.github.io/vtk-js/docs/",
    "https://karthikkaranth.me/blog/",
    "http://www.kitware.com/Copyright.htm",
)
ADDRESS = re.compile(
    rb"(?:(?:https?|wss?):)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?/[^\s\"'`)<>\\]*"
)


def test_no_built_script_names_another_site_but_the_engine_its_credits():
    folder = settings.BASE_DIR / "static/build/assets"
    files = [path for path in folder.iterdir() if path.suffix in (".js", ".wasm", ".json", ".map")]
    assert len(files) >= 8
    named = {
        (path.name.partition("-")[0], address.decode())
        for path in files
        for address in ADDRESS.findall(path.read_bytes())
        if not address.startswith(b"http://www.w3.org/")
    }
    strangers = {
        each for each in named if not (each[0] == "canvas" and each[1].startswith(CREDITS))
    }
    assert strangers == set()
    # the pattern does find what is there
    assert {name for name, _ in named} == {"canvas"}
