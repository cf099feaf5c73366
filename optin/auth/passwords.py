"""Passwords are kept as Argon2id hashes with the library's defaults (RFC 9106, low-memory profile)."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Return the hash to store."""
    return _hasher.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Tell whether `password` is the one behind `stored`.

    Without a stored hash (unknown user, or one without a password) it takes as long and says no, so that the time of
    the answer does not tell who has an account.
    """
    try:
        return _hasher.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    """Return a hash that takes as long to check as any other."""
    return _hasher.hash("nobody has this password")
