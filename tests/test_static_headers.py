from django.conf import settings

from bsti_db.static_headers import add_policy


def policy_of(url: str) -> str:
    headers: dict[str, str] = {}
    add_policy(headers, "", url)
    return headers.get("Content-Security-Policy", "")


def test_a_script_carries_the_policy_of_the_pages():
    policy = policy_of("/static/build/assets/stack-1.js")

    for name, values in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items():
        assert f"{name} {' '.join(values)}" in policy


def test_the_image_decoder_alone_may_compile_webassembly():
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy_of(
        "/static/build/assets/decoding-worker-1.js"
    )
    assert "wasm" not in policy_of("/static/build/assets/stack-1.js")
    assert not any(
        "wasm" in value
        for values in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].values()
        for value in values
    )
