"""What a user chooses for a broadcast beside its texts and times: the same in forms, in orders and in rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

FIRST, EMPTY, OFTEN, SHORTEN = FIELDS = ("first", "empty", "often", "shorten")
"""The fields of a form, and what each says where it is chosen."""
FEW, LEAVE_OUT, YES = "few", "leave_out", "yes"


@dataclass(frozen=True)
class BroadcastChoices:
    """`canary`: a few people get it first. It `leaves_out_empty` for whom a merge field without a default is empty, and
    `leaves_out_often` who got many texts lately (consent/often.py). It `shortens` links (short_links/keeping.py)."""

    canary: bool = False
    leaves_out_empty: bool = False
    leaves_out_often: bool = False
    shortens: bool = False

    @property
    def columns(self) -> dict[str, bool]:
        """Return the columns that broadcasts and recurring broadcasts keep alike: all but `canary`."""
        return {
            "leaves_out_empty": self.leaves_out_empty,
            "leaves_out_often": self.leaves_out_often,
            "shortens": self.shortens,
        }

    @property
    def hidden(self) -> dict[str, str]:
        """Return the fields of a form that say the same."""
        chosen = {EMPTY: self.leaves_out_empty, OFTEN: self.leaves_out_often}
        fields = {FIRST: FEW if self.canary else "all"} | {name: LEAVE_OUT for name, yes in chosen.items() if yes}
        return fields | ({SHORTEN: YES} if self.shortens else {})


class HasChoices(Protocol):
    """A row of a broadcast, or of a recurring one: what its `canary` says is true where there is one."""

    canary: Any
    leaves_out_empty: Any
    leaves_out_often: Any
    shortens: Any


def of_form(form: Mapping[str, str]) -> BroadcastChoices:
    """Return what a form says."""
    return BroadcastChoices(
        canary=form.get(FIRST) == FEW,
        leaves_out_empty=form.get(EMPTY) == LEAVE_OUT,
        leaves_out_often=form.get(OFTEN) == LEAVE_OUT,
        shortens=form.get(SHORTEN) == YES,
    )


def of_row(row: HasChoices) -> BroadcastChoices:
    """Return what was chosen for a broadcast; a canary that is over was chosen too."""
    return BroadcastChoices(
        canary=bool(row.canary),
        leaves_out_empty=row.leaves_out_empty,
        leaves_out_often=row.leaves_out_often,
        shortens=row.shortens,
    )
