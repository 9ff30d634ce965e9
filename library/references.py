"""The references an editor types, one a line: each DOI and PubMed number becomes a link.

Nothing is looked up anywhere: what a reference is called is what the editor wrote.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

# what Crossref says matches nearly all DOIs that are given out
_DOI = re.compile(
    r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?\b(10\.\d{4,9}/[^\s<>\"]+)", re.IGNORECASE
)
_PMID = re.compile(r"\bPMID:?\s*(\d{1,8})\b", re.IGNORECASE)
_CLAIMS_DOI = re.compile(r"doi\.org/|\bdoi\s*:", re.IGNORECASE)
_CLAIMS_PMID = re.compile(r"\bPMID\b", re.IGNORECASE)
_ENDS = ".,;)]"


@dataclass(frozen=True)
class Link:
    name: str
    url: str


@dataclass(frozen=True)
class Reference:
    """One reference: its words without the numbers, and where the numbers lead."""

    words: str
    links: tuple[Link, ...] = ()


def references(text: str) -> list[Reference]:
    """The references of a text, in its order, without empty lines and repetitions."""
    lines = dict.fromkeys(" ".join(line.split()) for line in text.splitlines())
    return [_reference(line) for line in lines if line]


def malformed(text: str) -> list[str]:
    """A sentence for each line that names a DOI or a PubMed number which is none."""
    sentences = []
    for place, line in enumerate(filter(str.strip, text.splitlines()), start=1):
        if _CLAIMS_DOI.search(line) and not _DOI.search(line):
            sentences.append(f"Reference {place}: a DOI begins with 10. and has a slash.")
        if _CLAIMS_PMID.search(line) and not _PMID.search(line):
            sentences.append(f"Reference {place}: a PMID has 1 to 8 digits.")
    return sentences


def _reference(line: str) -> Reference:
    links = []
    words = line
    if found := _DOI.search(line):
        doi = found[1].rstrip(_ENDS)
        links.append(Link(f"doi:{doi}", f"https://doi.org/{quote(doi, safe='/:;()')}"))
        words = words.replace(found[0], "")
    if found := _PMID.search(words):
        links.append(Link(f"PMID {found[1]}", f"https://pubmed.ncbi.nlm.nih.gov/{found[1]}/"))
        words = words.replace(found[0], "")
    return Reference(" ".join(words.split()).rstrip(" ,;"), tuple(links))
