from pathlib import Path

import pytest
from auditlog.models import LogEntry
from django.core.management import CommandError, call_command

from bsti_db.accounts import organisations
from bsti_db.accounts.models import Organisation

pytestmark = pytest.mark.django_db

SNAPSHOT = Path(organisations.__file__).with_name("organisations.csv")


def test_twenty_real_organisations_are_shipped():
    listed = organisations.read_list(SNAPSHOT)

    assert len({entry.ods_code for entry in listed}) == 20
    assert Organisation.objects.get(ods_code="R0A").name == (
        "Manchester University NHS Foundation Trust"
    )
    domains = [domain for entry in listed for domain in entry.domains]
    assert len(set(domains)) == len(domains)
    # these prove no organisation
    assert not {"nhs.net", "wales.nhs.uk", "nhs.scot"} & set(domains)


def test_refreshing_adds_corrects_and_removes_nothing(tmp_path):
    before = Organisation.objects.count()
    file = tmp_path / "organisations.csv"
    file.write_text("ods_code,name,domains\nR0A,Another Name,a.nhs.uk\nRZZ,New Trust,z.nhs.uk\n")

    call_command("refresh_organisations", str(file))
    call_command("refresh_organisations", str(file))

    assert Organisation.objects.count() == before + 1
    assert Organisation.objects.get(ods_code="R0A").name == "Another Name"
    assert Organisation.objects.get(domains__domain="z.nhs.uk").ods_code == "RZZ"
    verbs = [row.additional_data["verb"] for row in LogEntry.objects.order_by("pk")]
    assert verbs == ["organisation.changed", "organisation.added"]


def test_the_list_of_the_ods_is_read_without_its_closed_ones(tmp_path):
    file = tmp_path / "etr.csv"
    head = '"{}","{} NHS TRUST","Y1","Q1","","","","","","","20010401","{}",""\n'
    file.write_text(head.format("RZ1", "LEEDS AND THE", "") + head.format("RZ2", "OLD", "20100101"))

    listed = organisations.read_list(file)

    assert [(entry.ods_code, entry.name) for entry in listed] == [
        ("RZ1", "Leeds and the NHS Trust")
    ]


@pytest.mark.parametrize("content", ["", "a,b\n", "<html></html>\n", "ods_code,name\n"])
def test_another_file_is_refused(tmp_path, content):
    file = tmp_path / "organisations.csv"
    file.write_text(content)

    with pytest.raises(CommandError, match="was not read"):
        call_command("refresh_organisations", str(file))
