import pytest

from library.text import to_html


def test_markdown_becomes_plain_html():
    assert to_html("**Crazy-paving** in *both* lungs") == (
        "<p><strong>Crazy-paving</strong> in <em>both</em> lungs</p>\n"
    )


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "![x](https://other.example/pixel.png)",
        "<svg/onload=alert(1)>",
        "<a href='javascript&#58;alert(1)'>x</a>",
    ],
)
def test_no_script_picture_or_foreign_scheme_survives(attack):
    html = to_html(attack)

    assert "<script" not in html
    assert "<img" not in html
    assert "<svg" not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html
