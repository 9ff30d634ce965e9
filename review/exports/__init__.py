"""Readings for research: tables with a dictionary, and reports, by readers under pseudonyms."""

from review.exports.dictionary import dictionary_table, findings_table, readings_table
from review.exports.purposes import Purpose
from review.exports.reports import reports
from review.exports.rows import exportable, rows_of

__all__ = [
    "Purpose",
    "dictionary_table",
    "exportable",
    "findings_table",
    "readings_table",
    "reports",
    "rows_of",
]
