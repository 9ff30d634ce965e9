import pytest

from uploads.dicom.deid import rules


def test_a_rule_for_a_name_that_is_no_keyword_is_refused():
    with pytest.raises(ValueError, match="SeriesDescripton is no keyword"):
        rules.items("SeriesDescripton")
