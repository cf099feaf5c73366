"""What an event of the log notes of itself (its `detail`), as people read it. Pure."""

import re

_ENDED = re.compile(r"\bended (\d+)$")


def in_words(detail: str) -> str:
    """Return the note of an event: "2 opt-ins ended" for "ended 2", any other as it stands."""
    return _ENDED.sub(lambda found: f"{found[1]} opt-in{'' if found[1] == '1' else 's'} ended", detail)
