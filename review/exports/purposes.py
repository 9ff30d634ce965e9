"""What an export is for: its pseudonyms hold within one purpose and meet in no two."""

import base64
from dataclasses import dataclass

from django.utils.crypto import salted_hmac

from bsti_db.accounts.models import Member
from uploads.dicom.documents.composing import uid_from


@dataclass(frozen=True)
class Purpose:
    name: str

    def reader(self, member: Member) -> str:
        """What a reader is called: eight letters and digits that say nothing of them."""
        code = base64.b32encode(self._digest("reader", str(member.pk))).decode()
        return f"R-{code[:8]}"

    def uid(self, name: str) -> str:
        return uid_from(self._digest("uid", name))

    def _digest(self, kind: str, value: str) -> bytes:
        message = f"{self.name}|{kind}|{value}"
        return salted_hmac("review.exports", message, algorithm="sha256").digest()
