"""An edition as a source: in words, as BibTeX, RIS and CSL-JSON."""

import json
from dataclasses import dataclass
from datetime import date

AUTHOR = "British Society of Thoracic Imaging"
COLLECTION = "COVID-19 Chest Imaging Database"

# LaTeX reads these as orders
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        # BibTeX counts even braces that LaTeX would only show
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        **{sign: f"\\{sign}" for sign in "&%$#_"},
    }
)


@dataclass(frozen=True)
class Source:
    """What a citation names; `url` is the edition's own address, which lasts."""

    number: int
    edition: int
    title: str
    published_on: date
    url: str
    licence: str
    licence_url: str

    @property
    def key(self) -> str:
        return f"bsti-covid-19-{self.number}-v{self.edition}"

    @property
    def title_in_one_line(self) -> str:
        return " ".join(self.title.split())


def in_words(source: Source) -> str:
    """As people write it below a figure or at the end of a text."""
    return (
        f"{AUTHOR}. {source.title_in_one_line}. {COLLECTION}, teaching case {source.number}, "
        f"edition {source.edition}, {source.published_on.year}. {source.url}"
    )


def bibtex(source: Source) -> str:
    fields = {
        # braces within keep the name of a society, and the case of letters, as they are
        "author": f"{{{AUTHOR}}}",
        "title": f"{{{source.title_in_one_line.translate(_LATEX)}}}",
        "howpublished": f"{COLLECTION}, teaching case {source.number}",
        "edition": str(source.edition),
        "year": str(source.published_on.year),
        "month": str(source.published_on.month),
        "note": f"Licence: {source.licence}",
        "url": source.url,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@misc{{{source.key},", *lines, "}", ""])


def ris(source: Source) -> str:
    """RIS, as reference managers import it: lines end in CR LF."""
    lines = [
        ("TY", "ELEC"),
        ("ID", source.key),
        ("AU", f"{AUTHOR},"),  # a comma at the end: a name of one part
        ("TI", source.title_in_one_line),
        ("T2", COLLECTION),
        ("M1", str(source.number)),
        ("ET", str(source.edition)),
        ("PY", str(source.published_on.year)),
        ("DA", f"{source.published_on:%Y/%m/%d}"),
        ("PB", AUTHOR),
        ("C1", source.licence),
        ("UR", source.url),
        ("ER", ""),
    ]
    return "".join(f"{tag}  - {value}\r\n" for tag, value in lines)


def csl_json(source: Source) -> str:
    """CSL-JSON: a list of one item."""
    day = source.published_on
    item = {
        "id": source.key,
        "type": "webpage",
        "author": [{"literal": AUTHOR}],
        "title": source.title_in_one_line,
        "container-title": COLLECTION,
        "collection-number": str(source.number),
        "edition": str(source.edition),
        "issued": {"date-parts": [[day.year, day.month, day.day]]},
        "publisher": AUTHOR,
        "license": source.licence,
        "URL": source.url,
    }
    return json.dumps([item], ensure_ascii=False, indent=2) + "\n"
