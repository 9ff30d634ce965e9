"""Everything that changes a row of this stage, one function each."""

from uploads.services.arrival import receive_part
from uploads.services.entry import enter, make_code
from uploads.services.intake import (
    add_files,
    ask_for_withdrawal,
    declare,
    remove_file,
    remove_unfinished_files,
    save_clinical_record,
    start_upload,
    submit_upload,
)

__all__ = [
    "add_files",
    "ask_for_withdrawal",
    "declare",
    "enter",
    "make_code",
    "receive_part",
    "remove_file",
    "remove_unfinished_files",
    "save_clinical_record",
    "start_upload",
    "submit_upload",
]
