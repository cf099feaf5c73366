"""The domain of short links: what may be one, and which ones lead on."""

import re
from collections.abc import Collection

from optin.policy.policy import Policy
from optin.refused import Refused
from optin.texts import links

LONGEST = 60
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}")
_WANTED = "Enter a domain of your own, such as go.example.org, without a path."


def read(typed: str, ours: Collection[str]) -> str | Refused:
    """Return the domain that was typed, "" for none, or refuse what can't be one; `ours` are the app's own names.

    It may come as an https address. Its normal form is in lower case and ASCII.
    """
    found = typed.strip().lower().removesuffix("/")
    if found.startswith("http://"):
        return Refused("Short links need https: enter the domain alone, and give it a certificate.")
    found = found.removeprefix("https://").removesuffix(".")
    try:
        name = found.encode("idna").decode() if not found.isascii() else found
    except UnicodeError:
        return Refused(_WANTED)
    if not name:
        return ""
    if not _NAME.fullmatch(name):
        return Refused(_WANTED)
    if len(name) > LONGEST:
        return Refused(f"Enter a shorter domain, of at most {LONGEST} characters.")
    if is_public(name):
        return Refused(f"{name} is a public shortener, and carriers filter texts with its links. {_WANTED}")
    if name in ours:
        return Refused(
            "Optin itself answers under this name. Short links need another one, which answers nothing else."
        )
    return name


def is_public(name: str) -> bool:
    """Tell whether a domain is a public shortener's, or under one."""
    return any(name == each or name.endswith(f".{each}") for each in links.PUBLIC_SHORTENERS)


def changes(policy: Policy, domain: str) -> dict[str, object]:
    """Return the settings that change with the domain: links under the one before go on leading where they led."""
    former = dict.fromkeys((*policy.former_short_domains, policy.short_domain))
    kept = tuple(name for name in former if name and name != domain)
    return {"short_domain": domain, "former_short_domains": kept}


def all_of(policy: Policy) -> frozenset[str]:
    """Return all domains under which there are short links."""
    return frozenset(filter(None, (policy.short_domain, *policy.former_short_domains)))
