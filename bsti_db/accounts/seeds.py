"""Seeds of second factors, encrypted: a copy of the database alone makes no code."""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SEED_BYTES = 20  # as long as SHA-1's output, RFC 4226 section 4
_NONCE_BYTES = 12


class SeedUnreadable(Exception):
    """The stored seed was not sealed for this member with the key in OTP_SEED_KEY."""


def new_seed() -> bytes:
    return os.urandom(SEED_BYTES)


def seal_seed(seed: bytes, *, member_id: int) -> bytes:
    """`seed` under OTP_SEED_KEY, bound to its member: moved to another row, it does not open."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_key("seeds")).encrypt(nonce, seed, str(member_id).encode())


def open_seed(sealed: bytes, *, member_id: int) -> bytes:
    sealed = bytes(sealed)
    nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return AESGCM(_key("seeds")).decrypt(nonce, text, str(member_id).encode())
    except InvalidTag:
        raise SeedUnreadable(f"The second factor of member {member_id} cannot be read.") from None


def recovery_digest(code: str, *, member_id: int) -> str:
    """The keyed hash under which a recovery code is stored."""
    message = f"{member_id}:{code}".encode()
    return hmac.new(_key("recovery"), message, hashlib.sha256).hexdigest()


def _key(purpose: str) -> bytes:
    if not settings.OTP_SEED_KEY:
        raise ImproperlyConfigured("OTP_SEED_KEY is missing: second factors cannot be read.")
    secret = bytes.fromhex(settings.OTP_SEED_KEY)
    return hmac.new(secret, f"bsti accounts {purpose}".encode(), hashlib.sha256).digest()
