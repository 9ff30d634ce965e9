"""The report counts what was done, place by place, and holds no value."""

from uploads.dicom.deid.report import BEHIND, PRIVATE, UNKNOWN, Done, Report

SERIES_DESCRIPTION, OF_NO_STANDARD, PRIVATE_NUMBER = 0x0008103E, 0x00080003, 0x00291010


def report() -> Report:
    made = Report()
    for tag, done in (
        (SERIES_DESCRIPTION, Done.CLEANED),
        (SERIES_DESCRIPTION, Done.KEPT),
        (OF_NO_STANDARD, Done.REMOVED),
        (PRIVATE_NUMBER, Done.REMOVED),
    ):
        made.add(tag, done)
    made.add_place(BEHIND, Done.REMOVED)
    return made


def test_a_page_shows_a_row_for_each_place_with_its_name_in_the_standard():
    rows = {row["name"]: row for row in report().rows()}

    assert rows["Series Description"] == {
        "tag": "(0008,103E)",
        "keyword": "SeriesDescription",
        "name": "Series Description",
        "cleaned": 1,
        "kept": 1,
    }
    # numbers that whoever made the file chose are not told
    for name in (
        "Private attributes",
        "Attributes the standard does not know",
        "Bytes behind the image",
    ):
        assert rows[name] == {"tag": "", "keyword": "", "name": name, "removed": 1}


def test_a_report_comes_back_from_json_as_it_was():
    made = report()

    assert set(made.to_json()) == {"0008103E", PRIVATE, UNKNOWN, BEHIND}
    assert Report.from_json(made.to_json()) == made


def test_reports_of_several_files_add_up():
    total = report()
    total.merge(report(), times=3)
    total.add_place(BEHIND, Done.REMOVED, 0)

    assert total.to_json()["0008103E"] == {"cleaned": 4, "kept": 4}
    assert total.to_json()[BEHIND] == {"removed": 4}
