"""Signatures over anchors: Ed25519, by keys that have ids and are rotated."""

from binascii import unhexlify

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings


class NoSigningKey(Exception):
    """This process was given no key to sign with."""


def key_in_use() -> str:
    """The id of the key that signs."""
    return _signing_key()[0]


def sign(content: bytes) -> str:
    """The signature of the key in use, in hexadecimal."""
    return _signing_key()[1].sign(content).hex()


def is_signed(content: bytes, *, key_id: str, signature: str) -> bool:
    """Whether `content` was signed with the key of that id, in use or retired."""
    public = verifying_keys().get(key_id)
    if public is None:
        return False
    try:
        public.verify(unhexlify(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def verifying_keys() -> dict[str, Ed25519PublicKey]:
    """Every key that anchors may be signed with, by id."""
    keys = {
        key_id: Ed25519PublicKey.from_public_bytes(value)
        for key_id, value in settings.AUDIT_VERIFYING_KEYS.items()
    }
    if settings.AUDIT_SIGNING_KEY:
        key_id, private = _signing_key()
        keys[key_id] = private.public_key()
    return keys


def public_form() -> str:
    """The key in use as AUDIT_KEYS names it once it is retired: what rotating needs."""
    key_id, private = _signing_key()
    return f"{key_id}:{private.public_key().public_bytes_raw().hex()}"


def _signing_key() -> tuple[str, Ed25519PrivateKey]:
    if not settings.AUDIT_SIGNING_KEY:
        raise NoSigningKey("The setting AUDIT_KEYS is missing. Set it and start again.")
    key_id, seed = settings.AUDIT_SIGNING_KEY
    return key_id, Ed25519PrivateKey.from_private_bytes(seed)
