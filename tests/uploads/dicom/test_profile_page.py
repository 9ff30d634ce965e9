"""The page that tells what may stay, written from the rules."""

from pathlib import Path

from django.conf import settings

from tests.uploads.dicom.test_annex_e import rules_by_path
from uploads.dicom.deid.profile import OPTIONS, PROFILE, PROVED_BY_READING
from uploads.dicom.deid.profile_page import page


def test_the_page_is_current():
    path = Path(settings.BASE_DIR) / "docs" / "deid-profile.md"

    assert path.read_text(encoding="utf-8") == page()


def test_every_rule_at_every_depth_stands_on_the_page():
    text = page()

    for sop_class, rules in PROFILE.items():
        assert sop_class in text
        for _, rule in rules_by_path(rules):
            assert rule.keyword in text
            assert f"({rule.tag >> 16:04X},{rule.tag & 0xFFFF:04X})" in text
    for keyword in PROVED_BY_READING:
        assert keyword in text
    for code, meaning in OPTIONS:
        assert f"- {code} {meaning}" in text


def test_the_page_says_what_proves_a_value():
    text = page()

    assert "| KVP | (0018,0060) | 2 | stays: a decimal from 0 to 1,000; otherwise empty |" in text
    assert "stays: one of F, M, O; otherwise empty | Z; K by 113108 |" in text
    assert "X/Z/D; C by 113107" in text
