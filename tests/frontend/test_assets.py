import json

import pytest
from django.template import Context, Template

from bsti_db.templatetags.assets import AssetMissing

MANIFEST = {
    "stack.ts": {
        "file": "assets/stack-1.js",
        "css": ["assets/stack-1.css"],
        "imports": ["_shared.js", "_elements.js"],
    },
    "_shared.js": {"file": "assets/shared-1.js", "css": ["assets/shared-1.css"]},
    "_elements.js": {"file": "assets/elements-1.js", "imports": ["_shared.js"]},
}


@pytest.fixture
def build(settings, tmp_path):
    """A front end as Vite leaves it; returns the manifest's path."""
    settings.BASE_DIR = tmp_path
    path = tmp_path / "static" / "build" / "manifest.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(MANIFEST))
    return path


def written(tag: str) -> str:
    return Template("{% load assets %}" + tag).render(Context())


def test_an_entry_comes_with_its_styles_and_what_it_imports_once(build):
    html = written('{% asset "stack.ts" %}')

    assert '<script type="module" src="/static/build/assets/stack-1.js"></script>' in html
    assert html.count("stack-1.css") == html.count("shared-1.css") == 1
    assert html.count('rel="modulepreload"') == 2
    assert html.index("stack-1.css") < html.index("<script")


def test_a_new_build_is_seen_without_a_restart(build):
    written('{% asset "stack.ts" %}')
    build.write_text(json.dumps({"stack.ts": {"file": "assets/stack-2.js"}}))

    assert "stack-2.js" in written('{% asset "stack.ts" %}')


def test_an_entry_that_is_not_built_is_named_with_the_cure(build):
    with pytest.raises(AssetMissing, match=r"viewer\.ts is not built. Run `npm run build`"):
        written('{% asset "viewer.ts" %}')


def test_the_page_of_a_fault_appears_without_a_build(settings, tmp_path):
    settings.BASE_DIR = tmp_path

    assert written('{% asset "site.ts" required=False %}') == ""
