"""Passwords are kept as Argon2id hashes with the library's defaults (RFC 9106, low-memory profile)."""

import re
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from optin.refused import Refused

SHORTEST, LONGEST = 12, 200
FEWEST_CHARACTERS = 5
ROWS = ("01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
# What is left of the usual passwords when their digits and signs are taken away ("Password2024!!").
_COMMON = (
    "admin administrator changeme changemenow dragon football iloveyou letmein letmeinnow login master monkey "
    "mypassword newpassword optin optinadmin passphrase password passwordpassword princess qwerty qwertyuiop "
    "qwertyqwerty secret sunshine superman test testtest trustno welcome welcomeback welcomehome yourpassword"
)
COMMON = frozenset(_COMMON.split())

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Return the hash to store: Argon2, with its salt and parameters in the text."""
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


def refusal(password: str, email: str, name: str = "") -> Refused | None:
    """Say why a new password is too easy to guess, None if it may be used.

    Length counts most (NIST SP 800-63B, 5.1.1.2): no rule asks for signs or digits. `email` and `name` are its user's.
    """
    if len(password) < SHORTEST:
        return Refused(f"Use at least {SHORTEST} characters. Four or five words in a row are easy to remember.")
    if len(password) > LONGEST:
        return Refused(f"Use at most {LONGEST} characters.")
    plain = password.casefold()
    letters = re.sub(r"[\W\d_]", "", plain)
    if len(set(plain)) < FEWEST_CHARACTERS or letters in COMMON or any(plain in row * 2 for row in ROWS):
        return Refused("This password is easy to guess. Choose another one.")
    if plain in {email.casefold(), name.casefold()} or letters == re.sub(r"[\W\d_]", "", email.casefold()):
        return Refused("Your password must not be your name or your email.")
    return None


@cache
def _nobody() -> str:
    """Return a hash that takes as long to check as any other."""
    return _hasher.hash("nobody has this password")
