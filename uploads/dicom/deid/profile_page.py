"""docs/deid-profile.md, written from the rule object itself."""

from collections.abc import Iterator

from uploads.dicom.deid import annex_e, statement
from uploads.dicom.deid.functional_groups import CT_FUNCTIONAL_GROUPS
from uploads.dicom.deid.profile import (
    CLEAN_PIXEL_DATA,
    MODULES,
    OPTIONS,
    PROVED_BY_READING,
    SOP_CLASS_NAMES,
    VERSION,
)
from uploads.dicom.deid.rules import Action, Module, Rule, Rules
from uploads.dicom.deid.values import accepted_by
from uploads.dicom.deid.vocabulary import DESCRIPTOR_NUMBERS, DESCRIPTOR_WORDS

_CLAIMED = tuple(code for code, _ in OPTIONS)
# a longer vocabulary is printed once, at the end of the page
_MAX_WORDS_IN_A_ROW = 8

_ACTIONS = {
    Action.KEEP: "stays",
    Action.CLEAN: "cleaned: the words of the list of descriptions stay, and slice thicknesses",
    Action.REPLACE_UID: "replaced by a keyed UID, the same wherever it is referenced",
    Action.SHIFT_DATE: "moved back by the patient's own number of weeks",
    Action.PSEUDONYM: "replaced by the patient's keyed pseudonym",
    Action.EMPTY: "emptied",
    Action.DUMMY: "replaced",
    Action.KEEP_ITEMS: "its items hold what follows",
    Action.KEEP_CODES: "the known codes stay, with meanings of our own",
    Action.AGE: "stays in whole years, under one as 000Y; over 89 becomes 090Y",
}
_HEAD = "| Attribute | Tag | Type | What happens | Table E.1-1 |\n|---|---|---|---|---|"


def page() -> str:
    """The whole page."""
    sections = (_opening(), _classes(), _modules(), _groups(), _written(), _vocabularies())
    return "\n".join(sections)


def _opening() -> str:
    claims = "\n".join(f"- {code} {meaning}" for code, meaning in OPTIONS)
    return f"""# De-identification profile

Written by `manage.py draw_deid_profile` from the rule object (`uploads/dicom/deid/`): do not edit.

Version: {VERSION}. The floor is PS3.15 Annex E, Table E.1-1, edition {annex_e.edition()}; a test
proves that no rule breaks it under the options claimed:

{claims}

{" ".join(CLEAN_PIXEL_DATA)} is claimed only when a person has cleared the file.

**An attribute that is not on this page is removed**, at every depth: private attributes, overlays,
curves, references to other studies, comments, names, addresses, everything unknown. A value that
its rule cannot prove goes too; where the standard wants the attribute (Type 1 or 2) it is written
empty, or with the dummy value shown. No kept number or text may be one of the file's own
identifiers. Text is ASCII, so no character set is named. The 128 bytes before the file meta group
are zero, and nothing stands behind the pixel data.
"""


def _classes() -> str:
    lines = ["## The images we take, and their modules\n", "| SOP class | UID | Modules |"]
    lines.append("|---|---|---|")
    for uid, modules in MODULES.items():
        names = ", ".join(module.name for module in modules)
        lines.append(f"| {SOP_CLASS_NAMES[uid]} | {uid} | {names} |")
    lines.append("\nWhere two modules name an attribute, the later one's rule stands.\n")
    return "\n".join(lines)


def _modules() -> str:
    seen: dict[str, tuple[Module, list[str]]] = {}
    for uid, modules in MODULES.items():
        for module in modules:
            seen.setdefault(module.name, (module, []))[1].append(uid)
    lines = ["## Module by module\n"]
    for module, classes in seen.values():
        lines += [f"### {module.name} ({module.section})\n", _HEAD]
        lines += _rows(module.rules, classes)
        lines.append("")
    return "\n".join(lines)


def _groups() -> str:
    classes = [uid for uid, modules in MODULES.items() if any(map(_has_groups, modules))]
    lines = ["### Functional groups, shared and of each frame (C.7.6.16.2, C.8.15.3)\n", _HEAD]
    lines += _rows(CT_FUNCTIONAL_GROUPS, classes, "PerFrameFunctionalGroupsSequence")
    return "\n".join((*lines, ""))


def _has_groups(module: Module) -> bool:
    return any(_is_group(rule) for rule in module)


def _is_group(rule: Rule) -> bool:
    return rule.keyword.endswith("FunctionalGroupsSequence")


def _rows(rules: Rules, classes: list[str], *above: str, depth: int = 0) -> Iterator[str]:
    for rule in sorted(rules, key=lambda rule: rule.tag):
        path = ".".join((*above, rule.keyword))
        indent = "&nbsp;&nbsp;" * depth
        tag = f"({rule.tag >> 16:04X},{rule.tag & 0xFFFF:04X})"
        cells = (indent + rule.keyword, tag, _types(path, classes), _happens(rule), _asked(rule))
        yield f"| {' | '.join(cells)} |"
        if rule.items is not None and not _is_group(rule):
            inner = tuple(rule.items.values())
            yield from _rows(inner, classes, *above, rule.keyword, depth=depth + 1)


def _types(path: str, classes: list[str]) -> str:
    types = sorted({annex_e.types_of(uid).get(path, "") for uid in classes} - {""})
    return ", ".join(types) or "–"


def _happens(rule: Rule) -> str:
    if _is_group(rule):
        return "its items hold the functional groups below"
    text = _ACTIONS[rule.action]
    if rule.vr == "DT":
        text += "; the time of day stays, the offset from UTC goes"
    if rule.check is not None:
        accepted = accepted_by(rule.check)
        words = accepted.words
        text += f": {accepted.sentence}"
        if len(words) > _MAX_WORDS_IN_A_ROW:
            text += f" the {len(words)} words of its list"
        elif words:
            text += " " + ", ".join(words)
    if rule.codes is not None:
        text += f" ({len(set(rule.codes))} codes)"
    if rule.dummy:
        text += f"; otherwise {rule.dummy.decode('ascii')}"
    elif rule.is_required and rule.action is not Action.EMPTY and rule.check is not None:
        text += "; otherwise empty"
    elif rule.is_conditional:
        text += "; empty when given and not so"
    return text.replace("|", "\\|")


def _asked(rule: Rule) -> str:
    row = annex_e.row_of(rule.tag)
    if row is None:
        return "not named"
    options = [f"{row.options[code]} by {code}" for code in _CLAIMED if code in row.options]
    return "; ".join((row.action, *options))


def _written() -> str:
    told = "\n".join(f"- {name}" for name in statement.KEYWORDS)
    proved = ", ".join(PROVED_BY_READING)
    return f"""## What we write ourselves

From what reading has proved of the frames: {proved}.

To say that and how the file was de-identified:

{told}

The file meta group is built anew and holds nothing of the source but its transfer syntax.
"""


def _vocabularies() -> str:
    lines = ["## Lists of words and codes\n"]
    told: dict[tuple[str, ...], list[str]] = {}
    codes: dict[str, list[str]] = {}
    for rule in _all_rules():
        words = accepted_by(rule.check).words if rule.check is not None else ()
        if len(words) > _MAX_WORDS_IN_A_ROW and rule.keyword not in told.setdefault(words, []):
            told[words].append(rule.keyword)
        for (scheme, code), meaning in (rule.codes or {}).items():
            codes.setdefault(rule.keyword, []).append(f"{scheme} {code} {meaning}")
    for words, keywords in told.items():
        lines.append(f"**{', '.join(keywords)}**: {', '.join(words)}.\n")
    for keyword, meanings in codes.items():
        lines.append(f"**{keyword}**: {', '.join(dict.fromkeys(meanings))}.\n")
    numbers = ", ".join(f"{number:g}" for number in sorted(DESCRIPTOR_NUMBERS))
    lines.append(f"**Descriptions**: {', '.join(sorted(DESCRIPTOR_WORDS))}.\n")
    lines.append(f"**Slice thicknesses in descriptions**, in millimetres: {numbers}.\n")
    return "\n".join(lines)


def _all_rules() -> Iterator[Rule]:
    for modules in MODULES.values():
        for module in modules:
            yield from _flat(module.rules)


def _flat(rules: Rules) -> Iterator[Rule]:
    for rule in rules:
        yield rule
        yield from _flat(tuple((rule.items or {}).values()))
